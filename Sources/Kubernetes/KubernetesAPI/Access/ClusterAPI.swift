// What a program asks of an API server, by types. Behind it stands a client, or the server itself where both are one process;
// a test may put a script there. It is to this project what client.Client is to controller-runtime.

/// An API server.
///
/// The kind of an object follows from its Swift type. Writes answer with the object as the server has stored it.
public protocol ClusterAPI: Sendable {
    /// Reads an object.
    ///
    /// - Throws: `ClusterError` with status 404 where there is none.
    func get<Object: Resource>(_ type: Object.Type, _ key: ObjectKey) async throws(ClusterError) -> Object

    /// All objects of a kind, in the order of their keys.
    ///
    /// - Parameter namespace: empty for all namespaces and for objects of the cluster.
    func list<Object: Resource>(
        _ type: Object.Type, namespace: String
    ) async throws(ClusterError) -> [Object]

    /// Follows the objects of a kind for ever: what there is first, then each change. A stream that breaks is opened again
    /// behind it and begins anew.
    ///
    /// - Parameter fields: which objects; all by default.
    func updates<Object: Resource>(
        of type: Object.Type, where fields: FieldSelector
    ) -> AsyncStream<ObjectUpdate<Object>>

    /// Makes an object.
    @discardableResult
    func create<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object

    /// Replaces an object; with a resource version only if nobody has changed it since.
    @discardableResult
    func replace<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object

    /// Changes parts of an object.
    ///
    /// - Parameters:
    ///   - patch: the fields that change, in their places. It is not a whole object.
    ///   - subresource: `status`, or nil for the object itself.
    @discardableResult
    func patch<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: some Encodable & Sendable, kind: PatchKind,
        subresource: String?
    ) async throws(ClusterError) -> Object

    /// Server-side apply: makes the object or brings it to what is said here, and takes away what this program said before
    /// and no longer says. Fields of other managers are taken over.
    @discardableResult
    func apply<Object: Resource>(_ object: Object) async throws(ClusterError) -> Object

    /// Deletes an object, or begins to.
    func delete<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ options: DeleteOptions
    ) async throws(ClusterError)

    /// Gives a pod its node.
    func bind(_ binding: Binding) async throws(ClusterError)
}

extension ClusterAPI {
    /// All objects of a kind in all namespaces.
    public func list<Object: Resource>(_ type: Object.Type) async throws(ClusterError) -> [Object] {
        try await list(type, namespace: "")
    }

    /// Follows all objects of a kind.
    public func updates<Object: Resource>(of type: Object.Type) -> AsyncStream<ObjectUpdate<Object>> {
        updates(of: type, where: FieldSelector())
    }

    /// Changes conditions in an object's status; those of other types stay.
    @discardableResult
    public func setConditions<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ conditions: [Condition]
    ) async throws(ClusterError) -> Object {
        try await patch(type, key, ConditionsPatch(conditions), kind: .strategic, subresource: "status")
    }
}

/// One step of following objects.
public enum ObjectUpdate<Object: Resource>: Equatable, Sendable {
    /// All objects there are: at the start, and whenever following them had to begin anew.
    case snapshot([Object])
    /// An object is new or has changed.
    case changed(Object)
    /// An object is gone; this is its last state.
    case removed(Object)

    /// The objects that it is about.
    public var objects: [Object] {
        switch self {
        case .snapshot(let objects): objects
        case .changed(let object), .removed(let object): [object]
        }
    }
}

/// An answer of the API server that is no success, or none at all.
public struct ClusterError: Error, Equatable, CustomStringConvertible {
    /// The HTTP status; nil where there was no answer.
    public var status: Int?
    /// One sentence.
    public var description: String

    /// An answer, or the lack of one.
    public init(status: Int?, description: String) {
        self.status = status
        self.description = description
    }

    /// Whether there is no such object.
    public var isNotFound: Bool { status == 404 }

    /// Whether a later attempt may succeed.
    public var isWorthRetrying: Bool {
        guard let status else { return true }
        return status == 429 || status >= 500
    }
}

/// How a patch is meant; the raw value is its media type.
public enum PatchKind: String, Sendable {
    /// Members are replaced, null takes away (RFC 7386).
    case merge = "application/merge-patch+json"
    /// Lists merge by their keys; built-in kinds only.
    case strategic = "application/strategic-merge-patch+json"
}

/// How an object is deleted (meta/v1 DeleteOptions).
public struct DeleteOptions: Encodable, Equatable, Sendable {
    /// Seconds that a pod has to end; nil for its own, 0 for at once.
    public var gracePeriodSeconds: Int?
    /// The object that is meant, not a later one of the same name.
    public var preconditions: Preconditions?

    /// What must be true for the deletion.
    public struct Preconditions: Encodable, Equatable, Sendable {
        /// The object's uid.
        public var uid: String?
    }

    /// A deletion with the object's own grace period.
    public init(gracePeriodSeconds: Int? = nil, uid: String? = nil) {
        self.gracePeriodSeconds = gracePeriodSeconds
        preconditions = uid.map { Preconditions(uid: $0) }
    }
}

/// A strategic merge patch of `status.conditions`.
private struct ConditionsPatch: Encodable, Sendable {
    struct Status: Encodable, Sendable { var conditions: [Condition] }
    var status: Status

    init(_ conditions: [Condition]) { status = Status(conditions: conditions) }
}
