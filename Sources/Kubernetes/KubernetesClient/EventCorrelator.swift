// Events are for people who run `kubectl describe`. Equal ones become one object with a count (events.k8s.io/v1 series), and
// one object cannot fill the store: client-go's numbers, 25 at once and one more every five minutes.

package import JSON
package import KubernetesAPI
internal import Text

/// What happened to an object.
package struct EventNote: Hashable, Sendable {
    /// Whether somebody should look.
    package enum Kind: String, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    /// The object, as an ObjectReference.
    package var regarding: JSON
    /// Whether somebody should look.
    package var kind: Kind
    /// Why, CamelCase.
    package var reason: String
    /// What was done, CamelCase.
    package var action: String
    /// A sentence of at most 1024 bytes; longer ones are cut.
    package var note: String

    /// A note about an object.
    package init(_ kind: Kind, about object: JSON, reason: String, action: String, note: String) {
        let meta = object.meta
        regarding = [
            "apiVersion": object["apiVersion"] ?? "v1", "kind": object["kind"] ?? "",
            "name": .string(meta.name), "uid": .string(meta.uid),
        ]
        if !meta.namespace.isEmpty { regarding["namespace"] = .string(meta.namespace) }
        self.kind = kind
        self.reason = reason
        self.action = action
        self.note = note
    }
}

/// Decides what to send about a note. Pure.
package struct EventCorrelator: Sendable {
    /// What to send.
    package enum Action: Equatable, Sendable {
        /// POST this event into the namespace.
        case create(namespace: String, event: JSON)
        /// Merge-patch the named event.
        case update(namespace: String, name: String, patch: JSON)
        /// Too many about this object: nothing.
        case drop
    }

    private struct Series {
        var name: String
        var namespace: String
        var count: Int
        var last: Duration
    }
    private struct Bucket {
        var tokens: Double
        var last: Duration
    }

    private let controller: String
    private let instance: String
    private var series: [EventNote: Series] = [:]
    private var buckets: [JSON: Bucket] = [:]
    private var serial = 0

    /// How many different notes are remembered.
    package static let capacity = 4096
    /// A note that has not come up for this long starts a new event.
    package static let seriesLifetime: Duration = .seconds(360)

    /// A correlator for a reporting controller, such as `ganglion.dev/operator`, and its instance.
    package init(controller: String, instance: String) {
        self.controller = controller
        self.instance = String(instance.prefix(128))
    }

    /// What to send about a note.
    ///
    /// - Parameters:
    ///   - note: what happened.
    ///   - now: a monotonic time of the caller's choice.
    ///   - time: the wall clock, which becomes part of the event and of its name.
    package mutating func act(on note: EventNote, now: Duration, time: Timestamp) -> Action {
        guard take(note.regarding, now: now) else { return .drop }
        if var known = series[note], now - known.last < Self.seriesLifetime {
            known.count &+= 1
            known.last = now
            series[note] = known
            return .update(
                namespace: known.namespace, name: known.name,
                patch: [
                    "series": ["count": JSON(known.count), "lastObservedTime": .string(time.microText)]
                ])
        }
        if series.count >= Self.capacity {
            series = series.filter { now - $0.value.last < Self.seriesLifetime }
            if series.count >= Self.capacity { series.removeAll() }
        }
        serial &+= 1
        let regarded = note.regarding["name"]?.string ?? ""
        let namespace = note.regarding["namespace"]?.string ?? "default"
        let name =
            "\(regarded.prefix(200)).\(String(time.microseconds, radix: 16))\(String(serial, radix: 16))"
        series[note] = Series(name: name, namespace: namespace, count: 1, last: now)
        return .create(
            namespace: namespace,
            event: [
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": .string(name), "namespace": .string(namespace)],
                "eventTime": .string(time.microText), "reportingController": .string(controller),
                "reportingInstance": .string(instance), "action": .string(note.action),
                "reason": .string(note.reason), "type": .string(note.kind.rawValue),
                "note": .string(Self.cut(note.note)), "regarding": note.regarding,
            ])
    }

    /// The server does not have the event: the next note of its kind makes a new one.
    package mutating func forget(_ note: EventNote) { series[note] = nil }

    private mutating func take(_ object: JSON, now: Duration) -> Bool {
        if buckets.count >= Self.capacity {
            buckets = buckets.filter { now - $0.value.last < .seconds(7500) }
        }
        if buckets.count >= Self.capacity { buckets.removeAll() }
        var bucket = buckets[object] ?? Bucket(tokens: 25, last: now)
        let passed = now - bucket.last
        bucket.tokens = min(25, bucket.tokens + passed.inSeconds / 300)
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
