// What the kubelet needs of an API server, and nothing more: tests script it, the program puts the real
// client behind it.

import JSON

/// A change of the pods of this node.
enum PodChange: Equatable, Sendable {
    /// All pods there are: at the start, and whenever the watch had to begin anew.
    case snapshot([JSON])
    /// A pod was added or changed.
    case changed(JSON)
    /// A pod is no more.
    case removed(JSON)
}

/// An answer of the API server that is no success, or none at all.
struct BackendError: Error, Equatable, CustomStringConvertible {
    /// The HTTP status; nil where there was no answer.
    var status: Int?
    var description: String

    /// Whether a later attempt may succeed.
    var isWorthRetrying: Bool {
        guard let status else { return true }
        return status == 429 || status >= 500
    }
}

/// How a body is meant.
enum PatchKind: String, Sendable {
    case merge = "application/merge-patch+json"
    case strategic = "application/strategic-merge-patch+json"
}

/// The API server as the kubelet uses it. Paths are those of the REST API, such as `/api/v1/nodes/NAME`.
protocol KubeletBackend: Sendable {
    /// The pods bound to a node, for ever; it is the backend that connects again.
    func podChanges(node: String) -> AsyncStream<PodChange>
    func get(_ path: String) async throws(BackendError) -> JSON
    func create(_ path: String, _ object: JSON) async throws(BackendError) -> JSON
    func replace(_ path: String, _ object: JSON) async throws(BackendError) -> JSON
    func patch(_ path: String, _ patch: JSON, _ kind: PatchKind) async throws(BackendError) -> JSON
    func delete(_ path: String, options: JSON) async throws(BackendError)
}
