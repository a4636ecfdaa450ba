// Changes wait here for a reader that may be slow. Those of one object are merged, so that the queue is never longer than
// twice the number of objects that exist or have just gone.

public import KubernetesAPI

/// Changes in the order of their objects' first unread change.
public struct ChangeQueue<Object: APIObject>: Sendable {
    private struct Entry {
        var gone: Object?
        /// The state the reader knows (after `gone`), and the state it will know.
        var before: Object?
        var after: Object?
    }

    private var order: [ObjectKey] = []
    private var head = 0
    private var entries: [ObjectKey: Entry] = [:]

    /// An empty queue.
    public init() {}

    /// Whether nothing waits.
    public var isEmpty: Bool { entries.isEmpty }
    /// How many objects have unread changes.
    public var count: Int { entries.count }

    /// Adds a change.
    public mutating func append(_ change: ObjectChange<Object>) {
        let key = change.key
        if entries[key] == nil { order.append(key) }
        var entry = entries[key] ?? Entry()
        switch change {
        case .added(let object):
            entry.after = object
        case .modified(let old, let new):
            if entry.before == nil, entry.after == nil { entry.before = old }
            entry.after = new
        case .deleted(let object):
            // The reader never saw an object that came and went in between.
            if entry.before != nil || entry.after == nil { entry.gone = object }
            entry.before = nil
            entry.after = nil
        }
        entries[key] = entry
    }

    /// The changes of the object that has waited longest: a deletion, a deletion and an addition, or one other change.
    /// Empty when nothing waits.
    public mutating func popFirst() -> [ObjectChange<Object>] {
        while head < order.count {
            let key = order[head]
            head += 1
            if head > 64, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
            guard let entry = entries.removeValue(forKey: key) else { continue }
            var changes: [ObjectChange<Object>] = []
            if let gone = entry.gone { changes.append(.deleted(gone)) }
            if let after = entry.after {
                changes.append(entry.before.map { .modified(old: $0, new: after) } ?? .added(after))
            }
            if !changes.isEmpty { return changes }
        }
        return []
    }
}
