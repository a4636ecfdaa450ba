// The queue of controllers (client-go's util/workqueue): a key that is added while it is being worked on is worked on once
// more afterwards, never by two workers at once, and never twice for two additions in a row.

public import SystemIO

/// The rules of the queue without waiting, locks or a clock.
public struct WorkQueueState<Key: Hashable & Sendable & Comparable>: Sendable {
    private var queue: [Key] = []
    private var head = 0
    private var dirty: Set<Key> = []
    private var processing: Set<Key> = []
    private var failures: [Key: Backoff] = [:]
    /// Keys that are asked for at a time to come.
    private var later: [Key: Duration] = [:]
    /// When the first of them is due.
    private var earliest: Duration?
    /// Keys that are left alone until a time, whoever asks for them.
    private var resting: [Key: Duration] = [:]
    private let backoff: Backoff

    /// An empty queue.
    ///
    /// - Parameter backoff: the pauses after failures of a key in a row.
    public init(backoff: Backoff = .workQueue) { self.backoff = backoff }

    /// How many keys are ready.
    public var depth: Int { queue.count - head }
    /// How many keys are being worked on.
    public var active: Int { processing.count }

    /// Asks for work on a key; where it has to rest, for the time after that.
    ///
    /// - Parameter now: a monotonic time of the caller's choice; only keys that rest need it.
    /// - Returns: whether it was not asked for already and waits for a worker now.
    @discardableResult
    public mutating func add(_ key: Key, now: Duration = .zero) -> Bool {
        if let rested = resting[key], now < rested {
            add(key, at: rested)
            return false
        }
        guard dirty.insert(key).inserted else { return false }
        if !processing.contains(key) { queue.append(key) }
        return true
    }

    /// Asks for work on a key at a time to come; the earlier of two times counts.
    public mutating func add(_ key: Key, at time: Duration) {
        postpone(key, to: min(time, later[key] ?? time))
    }

    private mutating func postpone(_ key: Key, to time: Duration) {
        let old = later.updateValue(time, forKey: key)
        earliest = old != nil && old == earliest ? later.values.min() : min(time, earliest ?? time)
    }

    /// The pause after the next failure of a key in a row.
    ///
    /// - Parameter random: 0 to 1, for the jitter of the back-off.
    public mutating func failed(_ key: Key, random: Double = 0) -> Duration {
        failures[key, default: backoff].failed(random: random)
    }

    /// How often a key has failed in a row.
    public func failureCount(_ key: Key) -> Int { failures[key]?.failures ?? 0 }

    /// The key is well: its next failure counts as the first.
    public mutating func forget(_ key: Key) { failures[key] = nil }

    /// Moves the keys whose time has come into the queue.
    ///
    /// - Parameter added: told each key that was not asked for already.
    /// - Returns: when the next one is due, nil when none waits.
    public mutating func promote(now: Duration, added: (Key) -> Void = { _ in }) -> Duration? {
        if !resting.isEmpty { resting = resting.filter { $0.value > now } }
        // Asked after every change: to look through all of them is worth it only when one is due.
        guard let earliest, earliest <= now else { return earliest }
        for (key, time) in later.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where time <= now {
            later[key] = nil
            if add(key, now: now) { added(key) }
        }
        self.earliest = later.values.min()
        return self.earliest
    }

    /// The next key to work on; call `done` afterwards.
    public mutating func next() -> Key? {
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
    ///
    /// - Parameters:
    ///   - now: as for `add`.
    ///   - rest: how long the key is left alone, whoever asks for it.
    public mutating func done(_ key: Key, now: Duration = .zero, rest: Duration = .zero) {
        processing.remove(key)
        guard rest > .zero else {
            if dirty.contains(key) { queue.append(key) }
            return
        }
        let rested = now + rest
        resting[key] = rested
        if dirty.remove(key) != nil {
            postpone(key, to: rested)
        } else if let time = later[key] {
            postpone(key, to: max(time, rested))
        }
    }

    /// What the queue holds, a line for each key, for whoever asks why nothing happens.
    ///
    /// - Parameters:
    ///   - limit: of the lines of each kind.
    ///   - now: as for `add`.
    public func dump(limit: Int = 1000, now: Duration) -> String {
        func failed(_ key: Key) -> String {
            let count = failureCount(key)
            return count == 0 ? "" : ", failed \(count) times in a row"
        }
        func lines<Keys: Collection>(_ keys: Keys, _ line: (Keys.Element) -> String) -> String {
            let rest = keys.count - limit
            return keys.prefix(limit).map { "  \(line($0))\n" }.joined()
                + (rest > 0 ? "  and \(rest) more\n" : "")
        }
        let ready = queue[head...]
        let delayed = later.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
        return "\(processing.count) worked on\n"
            + lines(processing.sorted()) {
                "\($0)\(dirty.contains($0) ? ", and once more afterwards" : "")\(failed($0))"
            }
            + "\(ready.count) ready\n" + lines(ready) { "\($0)\(failed($0))" } + "\(delayed.count) later\n"
            + lines(delayed) { "\($0.key) in \(max(.zero, $0.value - now))\(failed($0.key))" }
    }
}
