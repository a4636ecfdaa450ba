// What an operator asks of its informers, whatever they follow.

internal import KubernetesAPI
internal import KubernetesClient

/// An informer of any resource.
protocol Following: Sendable {
    /// What is followed.
    nonisolated var resource: APIResource { get }
    /// Why it cannot be followed at the moment; nil while it is.
    nonisolated var problem: String? { get }
    /// Whether it has been read once.
    nonisolated var isSynced: Bool { get }
    /// Waits for that.
    nonisolated func synced() async
    /// Begins.
    func start() async
    /// Ends.
    func stop() async
}

extension Informer: Following {
    nonisolated var isSynced: Bool { store.isSynced }
    nonisolated func synced() async { await store.synced() }
}
