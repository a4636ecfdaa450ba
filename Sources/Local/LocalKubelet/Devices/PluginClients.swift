// Kubernetes 1.36 finds the client of a plugin by its resource's name alone. When the stream of an OLD client
// ends it is therefore the CURRENT client of that name that is disconnected. Plugins have to live with that,
// so it is kept here as it is there (capture k-register-twice).

/// The current client of each resource.
struct PluginClients {
    /// Tells clients apart.
    typealias Identifier = UInt64

    private var current: [String: Identifier] = [:]
    private var next: Identifier = 1

    /// A new client takes the name.
    mutating func register(_ resource: String) -> Identifier {
        let identifier = next
        next += 1
        current[resource] = identifier
        return identifier
    }

    /// Connecting failed: whoever has the name now loses it.
    mutating func connectFailed(_ resource: String) { current[resource] = nil }

    /// A client's stream ended, whichever it was.
    ///
    /// - Returns: the client to disconnect; nil where the name is free already.
    mutating func streamEnded(_ resource: String) -> Identifier? { current.removeValue(forKey: resource) }
}
