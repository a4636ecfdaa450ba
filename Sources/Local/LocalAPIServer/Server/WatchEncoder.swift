// The lines of a watch: one JSON object per event, in the form the client asked for. A selector turns a change into the
// event the client sees: an object that begins to match is ADDED, one that ceases to is DELETED.

internal import JSON

/// Writes the events of one watch.
struct WatchEncoder: Sendable {
    private let type: ResourceType
    private let filter: ObjectFilter
    private let form: ObjectForm
    private let includeObject: String
    private let skipsUntil: Int64
    private var sentColumns = false

    init(_ plan: WatchPlan) {
        type = plan.filter.type
        filter = plan.filter
        form = plan.form
        includeObject = plan.includeObject
        skipsUntil = plan.skipsUntil
    }

    static func line(_ kind: String, _ object: [UInt8]) -> [UInt8] {
        var bytes = Array(#"{"type":"\#(kind)","object":"#.utf8)
        bytes += object
        bytes += Array("}\n".utf8)
        return bytes
    }

    /// What comes before the live events.
    mutating func opening(_ plan: WatchPlan) -> [UInt8] {
        var bytes: [UInt8] = []
        for object in plan.initial { bytes += Self.line("ADDED", shown(object)) }
        if plan.endsInitial { bytes += bookmark(plan.revision, endsInitial: true) }
        bytes += encode(plan.past)
        return bytes
    }

    mutating func encode(_ events: [StoreEvent]) -> [UInt8] {
        var bytes: [UInt8] = []
        for event in events where event.revision > skipsUntil {
            let now = event.kind != .deleted && filter.matches(event.name, event.object.json)
            let before = event.previous.map { filter.matches(event.name, $0.json) } ?? false
            switch (before, now) {
            case (false, true): bytes += Self.line("ADDED", shown(event.object))
            case (true, true): bytes += Self.line("MODIFIED", shown(event.object))
            case (true, false):
                if event.kind == .deleted {
                    bytes += Self.line("DELETED", shown(event.object))
                } else if let previous = event.previous {
                    var last = previous.json
                    last.metadata?.resourceVersion = .string(String(event.revision))
                    bytes += Self.line("DELETED", shown(StoredObject(last, revision: event.revision)))
                }
            case (false, false): break
            }
        }
        return bytes
    }

    mutating func bookmark(_ revision: Int64, endsInitial: Bool = false) -> [UInt8] {
        var metadata: JSON = ["resourceVersion": .string(String(revision))]
        if endsInitial { metadata.annotations = ["k8s.io/initial-events-end": "true"] }
        var object: JSON = [
            "kind": .string(type.kind), "apiVersion": .string(type.apiVersion), "metadata": metadata,
        ]
        if type.kind == "Pod", type.group.isEmpty {
            object.spec = ["containers": .null]
            object.status = [:]
        }
        switch form {
        case .full: break
        case .metadata: object = APIServer.partial(object)
        case .table: object = table([], metadata: metadata)
        }
        return Self.line("BOOKMARK", object.serialized())
    }

    private mutating func shown(_ object: StoredObject) -> [UInt8] {
        if form == .full { return APIServer.encoded(object, type) }
        let json = type.strategy.shown(object.json)
        if form == .metadata { return APIServer.partial(json).serialized() }
        return table([json], metadata: ["resourceVersion": json.metadata?.resourceVersion ?? ""]).serialized()
    }

    private mutating func table(_ objects: [JSON], metadata: JSON) -> JSON {
        let table = Table.make(
            objects, type: type, metadata: metadata, includeObject: includeObject, withColumns: !sentColumns)
        sentColumns = true
        return table
    }
}
