// What the operator's queue holds: the servers one by one, and placement as a whole, for every placement changes what is left.

internal import KubernetesAPI

/// Something to bring in order.
enum WorkKey: Hashable, Comparable, Sendable {
    /// Find places for pods that wait.
    case placement
    /// One ModelServer.
    case server(ObjectKey)

    private var sortKey: (Int, ObjectKey) {
        switch self {
        case .placement: (0, ObjectKey(name: ""))
        case .server(let key): (1, key)
        }
    }

    static func < (left: WorkKey, right: WorkKey) -> Bool { left.sortKey < right.sortKey }
}
