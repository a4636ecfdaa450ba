// The shared copy of a collection: written by an informer, read at any time by anyone, with a stream of changes for each
// subscriber that begins with everything that is there.

public import KubernetesAPI
internal import SystemIO

/// A copy of a collection.
public final class ObjectStore<Object: APIObject>: Sendable {
    private struct State {
        var index: ObjectIndex<Object>
        var isSynced = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var subscribers: [ChangeStream<Object>] = []
    }

    private let state: Lock<State>

    /// An empty store.
    ///
    /// - Parameter indexes: by what objects are found besides namespace and name.
    public init(indexes: [StoreIndex<Object>] = []) { state = Lock(State(index: ObjectIndex(indexes))) }

    /// The object, nil where there is none.
    public subscript(key: ObjectKey) -> Object? { state.withLock { $0.index[key] } }

    /// All objects, or those of one namespace, in the order of their keys.
    public func list(namespace: String? = nil) -> [Object] {
        state.withLock { $0.index.list(namespace: namespace) }
    }

    /// The objects that an index has under a value, in the order of their keys.
    public func list(index: String, value: String) -> [Object] {
        state.withLock { $0.index.list(index: index, value: value) }
    }

    /// How many objects there are.
    public var count: Int { state.withLock(\.index.count) }

    /// Whether the copy has been complete once.
    public var isSynced: Bool { state.withLock(\.isSynced) }

    /// Waits until the copy is complete for the first time.
    public func synced() async {
        await withCheckedContinuation { continuation in
            let isSynced = state.withLock { state in
                if !state.isSynced { state.waiters.append(continuation) }
                return state.isSynced
            }
            if isSynced { continuation.resume() }
        }
    }

    /// A new stream of changes: first an addition for each object that is there.
    public func changes() -> ChangeStream<Object> {
        state.withLock { state in
            let stream = ChangeStream<Object>()
            stream.append(state.index.list().map { .added($0) })
            state.subscribers.append(stream)
            return stream
        }
    }

    func apply(_ changes: [Reflector<Object>.Change]) {
        guard !changes.isEmpty else { return }
        let waiters = state.withLock { state in
            for change in changes {
                let differences = state.index.apply(change)
                for subscriber in state.subscribers { subscriber.append(differences) }
            }
            defer { state.waiters = [] }
            state.isSynced = true
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func finish() {
        let (subscribers, waiters) = state.withLock { state in
            defer {
                state.subscribers = []
                state.waiters = []
            }
            return (state.subscribers, state.waiters)
        }
        for subscriber in subscribers { subscriber.finish() }
        for waiter in waiters { waiter.resume() }
    }
}

/// Changes for one reader. Those of one object are merged while the reader is slow.
public final class ChangeStream<Object: APIObject>: AsyncSequence, Sendable {
    private struct State {
        var queue = ChangeQueue<Object>()
        var isFinished = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    init() {}

    func append(_ changes: [ObjectChange<Object>]) {
        guard !changes.isEmpty else { return }
        wake { state in for change in changes { state.queue.append(change) } }
    }

    func finish() { wake { $0.isFinished = true } }

    private func wake(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Reads changes; one reader only.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: ChangeStream<Object>

        /// The changes of the next object; nil when the informer has stopped or the task is cancelled.
        public func next() async -> [ObjectChange<Object>]? { await stream.next() }
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// The changes that wait, without waiting for more: for a reader that looks when it has time. In place of iterating.
    public func takeWaiting() -> [ObjectChange<Object>] {
        state.withLock { state in
            var changes: [ObjectChange<Object>] = []
            while !state.queue.isEmpty { changes += state.queue.popFirst() }
            return changes
        }
    }

    private func next() async -> [ObjectChange<Object>]? {
        while !Task.isCancelled {
            let (changes, isFinished) = state.withLock { ($0.queue.popFirst(), $0.isFinished) }
            if !changes.isEmpty { return changes }
            if isFinished { return nil }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let mustWait = state.withLock { state in
                        guard state.queue.isEmpty, !state.isFinished, !Task.isCancelled else { return false }
                        state.waiter = continuation
                        return true
                    }
                    if !mustWait { continuation.resume() }
                }
            } onCancel: {
                wake { _ in }
            }
        }
        return nil
    }
}
