// Events must help people and must not fill the store.

import JSON
import Testing

@testable import KubernetesAPI

@Suite("Event correlator")
struct EventCorrelatorTests {
    private static let time = Timestamp(microseconds: 1_767_225_600_123_456)
    private static let pod = ObjectReference(
        apiVersion: "v1", kind: "Pod", namespace: "n", name: "p", uid: "u")

    private static func note(_ text: String = "2 cores") -> EventNote {
        EventNote(.normal, about: pod, reason: "Placed", action: "Binding", note: text)
    }

    private func created(_ action: EventCorrelator.Action) throws -> EventRecord {
        guard case .create(let record) = action else {
            Issue.record("no event was made: \(action)")
            throw JSONError("no event")
        }
        return record
    }

    @Test("makes an event of the form that the API server accepts")
    func creates() throws {
        var correlator = EventCorrelator(controller: "ganglion.dev/operator", instance: "host-1")
        let record = try created(correlator.act(on: Self.note(), now: .zero, time: Self.time))
        #expect(record.key.namespace == "n")
        #expect(
            try JSON(encoding: record.event) == [
                "apiVersion": "events.k8s.io/v1", "kind": "Event",
                "metadata": ["name": .string(record.key.name), "namespace": "n"],
                "eventTime": "2026-01-01T00:00:00.123456Z", "reportingController": "ganglion.dev/operator",
                "reportingInstance": "host-1", "action": "Binding", "reason": "Placed", "type": "Normal",
                "note": "2 cores",
                "regarding": ["apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "n", "uid": "u"],
            ])
        #expect(record.key.name.hasPrefix("p."))
    }

    @Test("makes an event as a kubelet writes it")
    func core() throws {
        var correlator = EventCorrelator(controller: "kubelet", instance: "node-1", lifetime: .seconds(600))
        var note = Self.note()
        note.action = ""
        note.regarding.fieldPath = "spec.containers{main}"
        var record = try created(correlator.act(on: note, now: .zero, time: Self.time))
        guard
            case .update(let later) = correlator.act(
                on: note, now: .seconds(599), time: Self.time.adding(seconds: 5))
        else {
            Issue.record("it was not counted")
            return
        }
        record.count = 2
        record.last = Self.time.adding(seconds: 5)
        #expect(later == record)
        #expect(
            try JSON(encoding: later.coreEvent) == [
                "apiVersion": "v1", "kind": "Event",
                "metadata": ["name": .string(record.key.name), "namespace": "n"],
                "involvedObject": [
                    "apiVersion": "v1", "kind": "Pod", "name": "p", "namespace": "n", "uid": "u",
                    "fieldPath": "spec.containers{main}",
                ],
                "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:00:05Z", "count": 2,
                "reason": "Placed", "message": "2 cores", "type": "Normal",
                "source": ["component": "kubelet", "host": "node-1"],
                "reportingComponent": "kubelet", "reportingInstance": "node-1",
            ])
    }

    @Test("counts an equal note instead of making another event, until it has been quiet")
    func series() throws {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        let record = try created(correlator.act(on: Self.note(), now: .zero, time: Self.time))
        guard case .update(let again) = correlator.act(on: Self.note(), now: .seconds(1), time: Self.time)
        else {
            Issue.record("it was not counted")
            return
        }
        #expect(again.key == record.key)
        #expect(
            try JSON(encoding: again.series) == [
                "count": 2, "lastObservedTime": "2026-01-01T00:00:00.123456Z",
            ])
        _ = try created(correlator.act(on: Self.note("4 cores"), now: .seconds(1), time: Self.time))
        _ = try created(correlator.act(on: Self.note(), now: .seconds(400), time: Self.time))
    }

    @Test("makes a new event when the server has lost the old one")
    func forgets() throws {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        let long = Self.note(String(repeating: "a", count: 2000))
        _ = try created(correlator.act(on: long, now: .zero, time: Self.time))
        correlator.forget(long)
        _ = try created(correlator.act(on: long, now: .seconds(1), time: Self.time))
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
    func cuts() throws {
        var correlator = EventCorrelator(controller: "c", instance: "i")
        let long = String(repeating: "é", count: 1000)
        let record = try created(correlator.act(on: Self.note(long), now: .zero, time: Self.time))
        #expect(record.event.note?.utf8.count == 1023)
        #expect(record.event.note?.hasSuffix("é...") == true)
    }
}
