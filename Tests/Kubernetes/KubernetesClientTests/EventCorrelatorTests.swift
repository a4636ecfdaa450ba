// Events must help people and must not fill the store.

import JSON
import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite("Event correlator")
struct EventCorrelatorTests {
    private static let time = Timestamp(microseconds: 1_767_225_600_123_456)
    private static let pod: JSON = [
        "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p", "namespace": "n", "uid": "u"],
    ]
    private static func note(_ text: String = "2 cores") -> EventNote {
        EventNote(.normal, about: pod, reason: "Placed", action: "Binding", note: text)
    }

    @Test("makes an event of the form that the API server accepts")
    func creates() {
        var correlator = EventCorrelator(controller: "ganglion.dev/operator", instance: "host-1")
        guard
            case .create(let namespace, let event) = correlator.act(
                on: Self.note(), now: .zero, time: Self.time)
        else {
            Issue.record("no event was made")
            return
        }
        #expect(namespace == "n")
        #expect(
            event == [
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": .string(event.meta.name), "namespace": "n"],
                "eventTime": "2026-01-01T00:00:00.123456Z", "reportingController": "ganglion.dev/operator",
                "reportingInstance": "host-1", "action": "Binding", "reason": "Placed", "type": "Normal",
                "note": "2 cores",
                "regarding": ["apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "n", "uid": "u"],
            ])
        #expect(event.meta.name.hasPrefix("p."))
    }

    @Test("counts an equal note instead of making another event, until it has been quiet")
    func series() {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        guard case .create(_, let event) = correlator.act(on: Self.note(), now: .zero, time: Self.time) else {
            Issue.record("no event was made")
            return
        }
        #expect(
            correlator.act(on: Self.note(), now: .seconds(1), time: Self.time)
                == .update(
                    namespace: "n", name: event.meta.name,
                    patch: ["series": ["count": 2, "lastObservedTime": "2026-01-01T00:00:00.123456Z"]]))
        let other = correlator.act(on: Self.note("4 cores"), now: .seconds(1), time: Self.time)
        #expect({ if case .create = other { true } else { false } }())
        let later = correlator.act(on: Self.note(), now: .seconds(400), time: Self.time)
        #expect({ if case .create = later { true } else { false } }())
    }

    @Test("lets one object have 25 at once and one more every five minutes")
    func bucket() {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        let actions = (0..<30).map {
            correlator.act(on: Self.note("\($0)"), now: .zero, time: Self.time)
        }
        #expect(actions.filter { $0 == .drop }.count == 5)
        #expect(correlator.act(on: Self.note("x"), now: .seconds(299), time: Self.time) == .drop)
        #expect(correlator.act(on: Self.note("y"), now: .seconds(301), time: Self.time) != .drop)
    }

    @Test("cuts a note that the API server would refuse")
    func cuts() {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        let long = String(repeating: "é", count: 1000)
        guard case .create(_, let event) = correlator.act(on: Self.note(long), now: .zero, time: Self.time)
        else {
            Issue.record("no event was made")
            return
        }
        #expect(event["note"]?.string?.utf8.count == 1023)
        #expect(event["note"]?.string?.hasSuffix("é...") == true)
    }
}
