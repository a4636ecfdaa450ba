// A device plugin as the device manager calls it. The wire is behind this, so that the rules are tested with
// a scripted plugin.

/// What a plugin answered that is no answer.
struct PluginError: Error, Equatable, CustomStringConvertible {
    /// As a Go client prints it: `rpc error: code = X desc = Y`.
    var description: String
}

/// A connection to one device plugin.
protocol PluginConnection: Sendable {
    /// - Parameter timeout: nil waits for ever.
    func options(timeout: Duration?) async throws(PluginError) -> PluginFeatures
    /// Opens ListAndWatch and reads it to its end; each list is given to `receive`.
    func lists(_ receive: @Sendable ([PluginDevice]) async -> Void) async
    /// The ids of the first container response; empty where there is none. No deadline, as the kubelet has
    /// none.
    func preferred(available: [String], mustInclude: [String], size: Int) async throws(PluginError)
        -> [String]
    /// The first container response as it came; nil where there is none. No deadline.
    func allocate(_ ids: [String]) async throws(PluginError) -> [UInt8]?
    func preStart(_ ids: [String], timeout: Duration) async throws(PluginError)
    func close() async
}

/// Reaches plugins by their socket.
protocol PluginConnector: Sendable {
    /// One attempt.
    ///
    /// - Throws: `PluginError` where nobody answers.
    func connect(_ path: String, timeout: Duration) async throws(PluginError) -> any PluginConnection
    /// Reads what Allocate answered.
    func runOptions(_ response: [UInt8]) -> DeviceRunOptions
}
