import KubernetesAPI
import KubernetesClient
import Testing

@testable import LocalControllers

@Suite("Events of the cluster's own programs")
struct EventTests {
    let cluster = TestCluster()

    @Test("what happens again raises the count of the event that is there")
    func counts() async throws {
        let pod = try await cluster.create(Make.pod("p"))
        let recorder = cluster.events("kubelet")
        let note = EventNote(
            .warning, about: pod.reference, reason: "BackOff", action: "", note: "Back-off restarting")
        for _ in 0..<3 { recorder.record(note) }
        let events = try await cluster.wait(CoreEvent.self) { $0.first?.count == 3 }
        let event = try #require(events.first)
        #expect(events.count == 1)
        #expect(event.metadata.namespace == "default")
        #expect(event.involvedObject.uid == pod.metadata.uid)
        #expect(event.source?.component == "kubelet")
        #expect(event.type == .warning)
        #expect(event.message == "Back-off restarting")
    }

    @Test("an event that was deleted is made anew by the next but one")
    func deleted() async throws {
        let pod = try await cluster.create(Make.pod("p"))
        let recorder = cluster.events("kubelet")
        let note = EventNote(.normal, about: pod.reference, reason: "Pulled", action: "", note: "there")
        recorder.record(note)
        let first = try #require(try await cluster.event("Pulled"))
        try await cluster.api.delete(CoreEvent.self, first.key, DeleteOptions())
        recorder.record(note)  // lost: the event that it would have counted up is gone
        recorder.record(note)
        let events = try await cluster.wait(CoreEvent.self) { $0.contains { $0.key != first.key } }
        #expect(events.map(\.count) == [1])
    }
}
