// What a manager starts and ends beside its controllers.

internal import KubernetesAPI
public import KubernetesClient

/// Something that works in the background between `start` and `stop`.
public protocol Runnable: Sendable {
    /// Begins; what is started twice has begun once.
    func start() async
    /// Ends; nothing of it runs afterwards.
    func stop() async
}

/// A copy of something elsewhere that decisions rest on.
public protocol Cache: Runnable, AnyObject {
    /// What is followed, as a log calls it.
    var name: String { get }
    /// Whether the copy has been whole once.
    var isSynced: Bool { get }
    /// Why the copy cannot be kept true at the moment, in one sentence; nil while it is.
    var problem: String? { get }
    /// Waits until the copy is whole, or was stopped before.
    func synced() async
}

extension EventRecorder: Runnable {}

extension Informer: Cache {
    /// The resource's name.
    public nonisolated var name: String { resource.plural }
    /// Whether the copy has been whole once.
    public nonisolated var isSynced: Bool { store.isSynced }
    /// Waits until the copy is whole, or was stopped before.
    public nonisolated func synced() async { await store.synced() }
}
