// Where a server is between start and end. Readiness follows from it and from nothing else.

internal import Models
internal import NeuronRuntime

/// The phase of a server, read by every request.
package enum ServerPhase: Equatable, Sendable {
    /// Some groups have their models, `done` of `total` loads.
    case loading(done: Int, total: Int)
    /// All have.
    case ready
    /// A model could not be loaded; the sentence says why. The process is about to end.
    case failed(String)
    /// SIGTERM has come: the server is not ready, so that no new clients are sent here, and answers those who come all the same.
    case terminating

    var word: String {
        switch self {
        case .loading: "loading"
        case .ready: "ready"
        case .failed: "failed"
        case .terminating: "terminating"
        }
    }
}

/// What is known of the groups and models so far.
struct ServerState: Sendable {
    var phase = ServerPhase.loading(done: 0, total: 0)
    var claims: [any NeuronCores] = []
    var groups: [NeuronCoreGroup] = []
    /// Groups that compute no more until a new process has them, by their first core, and why.
    var lost: [Int: String] = [:]
    var registry = ModelRegistry()
}
