// The queue of controllers (client-go's util/workqueue): a key that is added while it is being worked on is worked on once
// more afterwards, never by two workers at once, and never twice for two additions in a row.

/// The rules of the queue without waiting or locks.
package struct WorkQueueState<Key: Hashable & Sendable & Comparable>: Sendable {
    private var queue: [Key] = []
    private var head = 0
    private var dirty: Set<Key> = []
    private var processing: Set<Key> = []
    private var failures: [Key: Int] = [:]
    private var later: [Key: Duration] = [:]

    /// An empty queue.
    package init() {}

    /// How many keys are ready.
    package var depth: Int { queue.count - head }
    /// How many keys are being worked on.
    package var active: Int { processing.count }

    /// Asks for work on a key.
    ///
    /// - Returns: whether it was not asked for already.
    @discardableResult
    package mutating func add(_ key: Key) -> Bool {
        guard dirty.insert(key).inserted else { return false }
        if !processing.contains(key) { queue.append(key) }
        return true
    }

    /// Asks for work on a key at a time to come; the earlier of two times counts.
    package mutating func add(_ key: Key, at time: Duration) {
        later[key] = min(time, later[key] ?? time)
    }

    /// The pause after the next failure of a key in a row: 5 ms, doubled, up to 1000 s.
    package mutating func failed(_ key: Key) -> Duration {
        let count = failures[key, default: 0]
        failures[key] = count + 1
        return min(.seconds(1000), .milliseconds(5) * (1 << min(count, 18)))
    }

    /// How often a key has failed in a row.
    package func failureCount(_ key: Key) -> Int { failures[key] ?? 0 }

    /// The key is well: its next failure counts as the first.
    package mutating func forget(_ key: Key) { failures[key] = nil }

    /// Moves the keys whose time has come into the queue.
    ///
    /// - Returns: when the next one is due, nil when none waits.
    package mutating func promote(now: Duration) -> Duration? {
        for (key, time) in later.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where time <= now {
            later[key] = nil
            add(key)
        }
        return later.values.min()
    }

    /// The next key to work on; call `done` afterwards.
    package mutating func next() -> Key? {
        guard head < queue.count else { return nil }
        let key = queue[head]
        head += 1
        if head > 64, head * 2 > queue.count {
            queue.removeFirst(head)
            head = 0
        }
        dirty.remove(key)
        processing.insert(key)
        return key
    }

    /// Work on a key is over; it goes back into the queue if it was asked for meanwhile.
    package mutating func done(_ key: Key) {
        processing.remove(key)
        if dirty.contains(key) { queue.append(key) }
    }
}
