// What the kubelet needs of an API server, and nothing more: tests script it, the program puts the real
// client behind it.

package import JSON

/// A change of the pods of this node.
package enum PodChange: Equatable, Sendable {
    /// All pods there are: at the start, and whenever the watch had to begin anew.
    case snapshot([JSON])
    /// A pod was added or changed.
    case changed(JSON)
    /// A pod is no more.
    case removed(JSON)
}

/// An answer of the API server that is no success, or none at all.
package struct BackendError: Error, Equatable, CustomStringConvertible {
    /// The HTTP status; nil where there was no answer.
    package var status: Int?
    /// One sentence.
    package var description: String

    /// An answer, or the lack of one.
    package init(status: Int?, description: String) {
        self.status = status
        self.description = description
    }

    /// Whether a later attempt may succeed.
    package var isWorthRetrying: Bool {
        guard let status else { return true }
        return status == 429 || status >= 500
    }
}

/// How a body is meant.
package enum PatchKind: String, Sendable {
    /// RFC 7396.
    case merge = "application/merge-patch+json"
    /// Lists melt together by their keys.
    case strategic = "application/strategic-merge-patch+json"
}

/// The API server as the kubelet uses it. Paths are those of the REST API, such as `/api/v1/nodes/NAME`.
package protocol KubeletBackend: Sendable {
    /// The pods bound to a node, for ever; it is the backend that connects again.
    func podChanges(node: String) -> AsyncStream<PodChange>
    /// Reads an object.
    func get(_ path: String) async throws(BackendError) -> JSON
    /// Makes an object in the collection at `path`.
    func create(_ path: String, _ object: JSON) async throws(BackendError) -> JSON
    /// Replaces an object.
    func replace(_ path: String, _ object: JSON) async throws(BackendError) -> JSON
    /// Changes parts of an object.
    func patch(_ path: String, _ patch: JSON, _ kind: PatchKind) async throws(BackendError) -> JSON
    /// Deletes an object; `options` is a DeleteOptions object.
    func delete(_ path: String, options: JSON) async throws(BackendError)
}
