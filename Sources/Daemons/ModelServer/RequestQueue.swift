// The order in which requests are computed, without time or threads: first come, first served, in batches of one model. A
// group that falls idle takes its share of what waits and not all of it (guided self-scheduling: Polychronopoulos and Kuck,
// 1987), since a batch takes as long as its tokens do: the next group to fall idle finds something to do, and nobody waits
// for a pass that is longer than it has to be.

/// Requests that wait for a group.
struct RequestQueue: Sendable {
    /// One request.
    struct Entry: Equatable, Sendable {
        let identifier: Int
        let model: String
        /// Texts in it, at least 1.
        let texts: Int
        /// By a monotonic clock of the caller's.
        let arrival: ContinuousClock.Instant
    }

    /// In the order of their arrival.
    private(set) var entries: [Entry] = []

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    /// Adds one that has just come.
    mutating func add(_ entry: Entry) { entries.append(entry) }

    /// Takes out one that nobody waits for any more; false when it is not there.
    mutating func remove(_ identifier: Int) -> Bool {
        guard let index = entries.firstIndex(where: { $0.identifier == identifier }) else { return false }
        entries.remove(at: index)
        return true
    }

    /// Takes out those that came at `limit` or before.
    mutating func expire(_ limit: ContinuousClock.Instant) -> [Entry] {
        let old = entries.prefix { $0.arrival <= limit }
        entries.removeFirst(old.count)
        return Array(old)
    }

    /// Takes out what one group computes next: the oldest request and others for its model, up to a share of their texts.
    ///
    /// - Parameters:
    ///   - limit: texts computed together, unless the oldest request has more.
    ///   - groups: groups that compute, at least 1: each may have an equal share of the texts that wait.
    mutating func takeBatch(limit: Int, groups: Int) -> [Entry] {
        guard let first = entries.first else { return [] }
        let waiting = entries.reduce(0) { $0 + ($1.model == first.model ? $1.texts : 0) }
        let share = min(limit, (waiting + groups - 1) / max(1, groups))
        var texts = 0
        var batch: [Entry] = []
        entries.removeAll { entry in
            guard entry.model == first.model, batch.isEmpty || texts + entry.texts <= share else {
                return false
            }
            texts += entry.texts
            batch.append(entry)
            return true
        }
        return batch
    }
}
