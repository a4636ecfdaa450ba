// The objects of one resource and the changes that led to them. The history is a ring: what falls out of it can no longer
// be watched or listed exactly and answers 410, as a compacted etcd does.

internal import APIMachinery
internal import JSON

/// The objects of one resource.
struct ResourceTable {
    private(set) var objects: [ObjectName: StoredObject] = [:]
    private(set) var history: [StoreEvent] = []
    private var historyStart = 0
    private var historyBytes = 0
    private var sorted: [ObjectName]?
    /// Versions below this one are no longer known.
    private(set) var oldestRevision: Int64
    private let limits: APIStateLimits

    init(oldestRevision: Int64, limits: APIStateLimits) {
        self.oldestRevision = oldestRevision
        self.limits = limits
    }

    var count: Int { objects.count }

    subscript(name: ObjectName) -> StoredObject? { objects[name] }

    /// All names in the order of the real server's keys.
    mutating func names() -> [ObjectName] {
        if let sorted { return sorted }
        let names = objects.keys.sorted()
        sorted = names
        return names
    }

    mutating func apply(_ event: StoreEvent) {
        if event.kind == .deleted {
            objects[event.name] = nil
            sorted = nil
        } else {
            if objects.updateValue(event.object, forKey: event.name) == nil { sorted = nil }
        }
        history.append(event)
        historyBytes += event.object.body.count
        while history.count - historyStart > limits.historyEvents
            || (historyBytes > limits.historyBytes && history.count - historyStart > 1)
        {
            let dropped = history[historyStart]
            historyBytes -= dropped.object.body.count
            oldestRevision = dropped.revision
            historyStart += 1
        }
        if historyStart > limits.historyEvents {
            history.removeFirst(historyStart)
            historyStart = 0
        }
    }

    /// The changes after a version, nil where history no longer reaches it.
    func changes(after revision: Int64) -> ArraySlice<StoreEvent>? {
        guard revision >= oldestRevision else { return nil }
        let live = history[historyStart...]
        var low = live.startIndex
        var high = live.endIndex
        while low < high {
            let middle = (low + high) / 2
            if live[middle].revision > revision { high = middle } else { low = middle + 1 }
        }
        return live[low...]
    }

    /// The objects as they were at a version, nil where history no longer reaches it.
    func objects(at revision: Int64) -> [ObjectName: StoredObject]? {
        guard let changes = changes(after: revision) else { return nil }
        var objects = objects
        for event in changes.reversed() { objects[event.name] = event.previous }
        return objects
    }
}
