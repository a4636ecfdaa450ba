import Controller
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import LocalKubelet

@Suite("Statuses on their way to the API server")
struct PodStatusWriterTests {
    private let cluster = ScriptedCluster()
    private let writer: PodStatusWriter
    private let manager = ControllerManager()
    private let pod = read(shellPod("web", ""))

    init() async {
        writer = PodStatusWriter(cluster: cluster, retry: .milliseconds(1), loop: .shared)
        manager.add(writer.controller())
        await manager.start()
    }

    private func status(_ phase: PodPhase) -> PodStatus {
        var status = pod.status
        status.phase = phase
        return status
    }

    @Test("a status is sent once, with the pod's uid")
    func once() async throws {
        await writer.set(pod, status(.running))
        await cluster.until { !$0.requests.isEmpty }
        await writer.set(pod, status(.running))
        await writer.set(pod, status(.failed))
        await cluster.until { $0.statuses("web").last?.phase == "Failed" }
        #expect(cluster.statuses("web").compactMap { $0.phase?.string } == ["Running", "Failed"])
        let request = try #require(cluster.requests.first)
        #expect(request.body.metadata == ["uid": "uid-web"])
        await manager.stop()
    }

    @Test("what the API server has already is not sent")
    func known() async {
        await writer.set(pod, pod.status)
        await writer.set(pod, status(.succeeded))
        await cluster.until { !$0.requests.isEmpty }
        #expect(cluster.statuses("web").compactMap { $0.phase?.string } == ["Succeeded"])
        await manager.stop()
    }

    @Test("an object is deleted after its last status, and nothing is sent after that")
    func last() async {
        await writer.set(pod, status(.succeeded))
        await writer.finish(pod)
        await cluster.until { $0.requests.contains { $0.method == "DELETE" } }
        #expect(cluster.requests.map(\.method) == ["PATCH", "DELETE"])
        #expect(
            cluster.requests.last?.body == ["gracePeriodSeconds": 0, "preconditions": ["uid": "uid-web"]])
        await manager.stop()
    }

    @Test("a failure that may pass is tried again, the others are not")
    func failures() async {
        cluster.fail("/api/v1/namespaces/default/pods/web/status", with: [500, 429])
        await writer.set(pod, status(.running))
        await cluster.until { $0.statuses("web").count == 3 }
        cluster.fail("/api/v1/namespaces/default/pods/web/status", with: [422])
        await writer.set(pod, status(.failed))
        await cluster.until { $0.statuses("web").count == 4 }
        await writer.set(pod, status(.succeeded))
        await cluster.until { $0.statuses("web").count == 5 }
        #expect(cluster.statuses("web").last?.phase == "Succeeded")
        await manager.stop()
    }
}
