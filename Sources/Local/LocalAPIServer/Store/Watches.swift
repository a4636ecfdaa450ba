// The watches that go on. A watcher has a bounded queue; one that does not keep up is ended, and its client lists again, as
// with the real server.

internal import APIMachinery
internal import SystemIO

/// The watchers, each with what waits for it.
struct Watches {
    /// Tells watchers apart.
    typealias Identifier = Int

    /// What wakes a watcher up, and what it has to do then.
    enum Wakeup: Sendable {
        case events([StoreEvent])
        /// Tell that everything up to this version has been sent.
        case bookmark(Int64)
        case end
    }

    private struct Watcher {
        var resource: GroupResource
        var namespace: String?
        var queue: [StoreEvent]
        /// The version of a bookmark that is due.
        var bookmark: Int64?
        var isEnding = false
        var waiter: CheckedContinuation<Wakeup, Never>?
        var timers: [ScheduledTimer] = []
    }

    private var watchers: [Identifier: Watcher] = [:]
    private var next = 0
    private let backlog: Int

    /// - Parameter backlog: changes that may wait for a watcher before it is ended.
    init(backlog: Int) { self.backlog = backlog }

    /// How many go on.
    var count: Int { watchers.count }

    /// Whether this one goes on.
    func contains(_ identifier: Identifier) -> Bool { watchers[identifier] != nil }

    /// Begins one.
    ///
    /// - Parameter missed: changes that it has not been told of.
    mutating func add(
        _ resource: GroupResource, namespace: String?, missed: some Sequence<StoreEvent>
    ) -> Identifier {
        next += 1
        watchers[next] = Watcher(resource: resource, namespace: namespace, queue: Array(missed))
        return next
    }

    /// Keeps a timer that ends with the watcher.
    mutating func keep(_ timer: ScheduledTimer, for identifier: Identifier) {
        watchers[identifier]?.timers.append(timer)
    }

    /// Tells whom it concerns about a change.
    mutating func deliver(_ resource: GroupResource, _ event: StoreEvent) {
        for (identifier, watcher) in watchers where watcher.resource == resource && !watcher.isEnding {
            if let namespace = watcher.namespace, namespace != event.name.namespace { continue }
            watchers[identifier]?.queue.append(event)
            if watcher.queue.count >= backlog {
                watchers[identifier]?.queue = []
                watchers[identifier]?.isEnding = true
            }
            wake(identifier)
        }
    }

    /// A bookmark is due. What is queued goes before it.
    mutating func bookmark(_ identifier: Identifier, at revision: Int64) {
        guard watchers[identifier] != nil else { return }
        watchers[identifier]?.bookmark = revision
        wake(identifier)
    }

    /// The watch comes to its normal end after what is queued.
    mutating func finish(_ identifier: Identifier) {
        watchers[identifier]?.isEnding = true
        wake(identifier)
    }

    /// All watches of a resource come to their end.
    mutating func finish(of resource: GroupResource) {
        for (identifier, watcher) in watchers where watcher.resource == resource { finish(identifier) }
    }

    /// Forgets a watch, wherever it stands.
    mutating func remove(_ identifier: Identifier) {
        guard let watcher = watchers.removeValue(forKey: identifier) else { return }
        for timer in watcher.timers { timer.cancel() }
        watcher.waiter?.resume(returning: .end)
    }

    /// What a watcher has to do now; nil while there is nothing.
    mutating func wakeup(_ identifier: Identifier) -> Wakeup? {
        guard let watcher = watchers[identifier] else { return .end }
        if !watcher.queue.isEmpty {
            watchers[identifier]?.queue = []
            return .events(watcher.queue)
        }
        if watcher.isEnding { return .end }
        watchers[identifier]?.bookmark = nil
        return watcher.bookmark.map { .bookmark($0) }
    }

    /// Resumes a continuation with the next wakeup; at once where the watch is over.
    mutating func wait(_ identifier: Identifier, _ waiter: CheckedContinuation<Wakeup, Never>) {
        guard watchers[identifier] != nil else { return waiter.resume(returning: .end) }
        watchers[identifier]?.waiter = waiter
        wake(identifier)
    }

    private mutating func wake(_ identifier: Identifier) {
        guard let waiter = watchers[identifier]?.waiter, let wakeup = wakeup(identifier) else { return }
        watchers[identifier]?.waiter = nil
        waiter.resume(returning: wakeup)
    }
}
