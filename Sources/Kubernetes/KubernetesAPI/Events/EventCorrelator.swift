// Events are for people who run `kubectl describe`. Equal ones become one object with a count, and one object cannot fill the
// store: client-go's numbers, 25 at once and one more every five minutes.

internal import Text

/// What happened to an object.
public struct EventNote: Hashable, Sendable {
    /// The object.
    public var regarding: ObjectReference
    /// Whether somebody should look.
    public var type: EventType
    /// Why, CamelCase.
    public var reason: String
    /// What was done, CamelCase.
    public var action: String
    /// A sentence of at most 1024 bytes; longer ones are cut.
    public var note: String

    /// A note about an object.
    public init(
        _ type: EventType, about regarding: ObjectReference, reason: String, action: String, note: String
    ) {
        self.regarding = regarding
        self.type = type
        self.reason = reason
        self.action = action
        self.note = note
    }
}

/// A note as it is stored: how often it has come up, and who says so.
public struct EventRecord: Equatable, Sendable {
    /// The event's namespace and name.
    public var key: ObjectKey
    /// What happened.
    public var note: EventNote
    /// Who reports, such as `ganglion.dev/operator`.
    public var controller: String
    /// Which process of it, such as a node's name.
    public var instance: String
    /// How often it has happened.
    public var count: Int
    /// When it happened first.
    public var first: Timestamp
    /// When it happened last.
    public var last: Timestamp

    /// As an object of events.k8s.io/v1; a repetition is told by its `series`.
    public var event: Event {
        var event = Event(ObjectMetadata(name: key.name, namespace: key.namespace))
        event.eventTime = first
        event.reportingController = controller
        event.reportingInstance = instance
        event.action = note.action
        event.reason = note.reason
        event.regarding = note.regarding
        event.note = note.note
        event.type = note.type
        event.series = count > 1 ? series : nil
        return event
    }

    /// How often it has happened, for a merge patch of an event of events.k8s.io/v1.
    public var series: EventSeries { EventSeries(count: count, lastObservedTime: last) }

    /// As an object of core/v1, as kubelets write them; a repetition is told by `count` and `lastTimestamp`.
    public var coreEvent: CoreEvent {
        var event = CoreEvent(
            ObjectMetadata(name: key.name, namespace: key.namespace), about: note.regarding)
        event.reason = note.reason
        event.message = note.note
        event.type = note.type
        event.action = note.action.isEmpty ? nil : note.action
        event.source = EventSource(component: controller, host: instance.isEmpty ? nil : instance)
        event.firstTimestamp = first
        event.lastTimestamp = last
        event.count = count
        event.reportingComponent = controller
        event.reportingInstance = instance
        return event
    }
}

/// Decides what to send about a note. Pure.
public struct EventCorrelator: Sendable {
    /// What to send.
    public enum Action: Equatable, Sendable {
        /// Make the event.
        case create(EventRecord)
        /// Tell that the event has come up again.
        case update(EventRecord)
        /// Too many about this object: nothing.
        case drop
    }

    private struct Series {
        var record: EventRecord
        var seen: Duration
    }
    private struct Bucket {
        var tokens: Double
        var last: Duration
    }

    private let controller: String
    private let instance: String
    private let lifetime: Duration
    private var series: [EventNote: Series] = [:]
    private var buckets: [ObjectReference: Bucket] = [:]
    private var serial = 0

    /// How many different notes are remembered.
    public static let capacity = 4096

    /// A correlator for a reporting controller, such as `ganglion.dev/operator`, and its instance.
    ///
    /// - Parameter lifetime: a note that has not come up for this long starts a new event; six minutes, as for series of
    ///   events.k8s.io. Kubelets take ten.
    public init(controller: String, instance: String, lifetime: Duration = .seconds(360)) {
        self.controller = controller
        self.instance = String(instance.prefix(128))
        self.lifetime = lifetime
    }

    /// What to send about a note.
    ///
    /// - Parameters:
    ///   - note: what happened.
    ///   - now: a monotonic time of the caller's choice.
    ///   - time: the wall clock, which becomes part of the event and of its name.
    public mutating func act(on note: EventNote, now: Duration, time: Timestamp) -> Action {
        var note = note
        note.note = Self.cut(note.note)
        guard take(note.regarding, now: now) else { return .drop }
        if var known = series[note], now - known.seen < lifetime {
            known.record.count &+= 1
            known.record.last = time
            known.seen = now
            series[note] = known
            return .update(known.record)
        }
        if series.count >= Self.capacity {
            series = series.filter { now - $0.value.seen < lifetime }
            if series.count >= Self.capacity { series.removeAll() }
        }
        serial &+= 1
        let name = note.regarding.name ?? ""
        let record = EventRecord(
            key: ObjectKey(
                namespace: note.regarding.namespace ?? "default",
                name:
                    "\(name.prefix(200)).\(String(time.microseconds, radix: 16))\(String(serial, radix: 16))"),
            note: note, controller: controller, instance: instance, count: 1, first: time, last: time)
        series[note] = Series(record: record, seen: now)
        return .create(record)
    }

    /// The server does not have the event: the next note of its kind makes a new one.
    public mutating func forget(_ note: EventNote) {
        var note = note
        note.note = Self.cut(note.note)
        series[note] = nil
    }

    private mutating func take(_ object: ObjectReference, now: Duration) -> Bool {
        if buckets.count >= Self.capacity {
            buckets = buckets.filter { now - $0.value.last < .seconds(7500) }
        }
        if buckets.count >= Self.capacity { buckets.removeAll() }
        var bucket = buckets[object] ?? Bucket(tokens: 25, last: now)
        bucket.tokens = min(25, bucket.tokens + (now - bucket.last).inSeconds / 300)
        bucket.last = now
        let allowed = bucket.tokens >= 1
        if allowed { bucket.tokens -= 1 }
        buckets[object] = bucket
        return allowed
    }

    /// The API server refuses notes of more than 1024 bytes.
    private static func cut(_ note: String) -> String {
        guard note.utf8.count > 1024 else { return note }
        var short = note.prefix(1021)
        while short.utf8.count > 1021 { short.removeLast() }
        return short + "..."
    }
}
