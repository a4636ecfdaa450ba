// The operator asks pods how far their models are, against an API server over HTTP; one server plays all pods.

import GanglionAPI
import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Scheduling
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Pods are asked how far their models are", .timeLimit(.minutes(5)))
struct ModelWatchTests {
    private func models(_ octets: Int?, fault: String? = nil) -> HTTPResponse {
        var model: JSON = ["modelName": "mini", "modelVersion": "1", "phase": "ready"]
        if let octets {
            model["phase"] = "downloading"
            model["downloadedOctets"] = JSON(octets)
            model["totalOctets"] = 1_000
        }
        if let fault { model["fault"] = .string(fault) }
        let body: JSON = ["models": [model]]
        return .text(200, body.text(), type: "application/json")
    }

    /// What a kubelet says of a pod whose server can be asked.
    private func run(_ pod: JSON, ready: Bool, _ cluster: LiveCluster) async throws {
        try await cluster.client.patch(
            .pods, pod.objectKey,
            [
                "status": [
                    "phase": "Running", "podIP": "127.0.0.1", "podIPs": [["ip": "127.0.0.1"]],
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                ]
            ], subresource: "status")
    }

    private func status(
        _ cluster: LiveCluster, where isDone: (ModelServerStatus) -> Bool
    ) async -> ModelServerStatus? {
        let found = await cluster.wait(.modelServers) { servers in
            let server: ModelServer? = servers.first?.typed()
            return server?.status.map(isDone) ?? false
        }
        let server: ModelServer? = found.first?.typed()
        return server?.status
    }

    @Test("what they say comes into the status, news at once, and nothing is written while nothing is new")
    func follows() async throws {
        let answer = Lock(models(123))
        let asked = Lock(0)
        let pods = HTTPServer { request in
            guard request.target == "/" else { return .text(404, "") }
            asked.withLock { $0 += 1 }
            return answer.withLock { $0 }
        }
        let address = try await pods.listen(on: .ip("127.0.0.1", port: 0))
        guard case .ip(_, let port) = address else { return }
        let cluster = try await LiveCluster.start()
        var settings = OperatorSettings()
        settings.modelPace.loading = .milliseconds(1) ... .milliseconds(1)
        settings.modelPace.ready = .milliseconds(1)
        let worker = Operator(cluster.client, settings: settings)
        await worker.start()
        var spec = Make.spec(cores: 2)
        spec["runtime"] = ["port": JSON(Int(port))]
        try await cluster.create("m", spec: spec)
        let pod = await cluster.boundPods(1)[0]
        try await run(pod, ready: false, cluster)
        let first = await status(cluster) { $0.modelStatus?.models.first?.pods.first?.progress == 10 }
        #expect(
            first?.conditions["ModelsLoaded"]?.message
                == "0 of 1 replicas have loaded their models; pod \(pod.meta.name): model mini is downloading, 10 %"
        )
        // Asked again and again, with hardly more of it each time: the object stays the same.
        let version = try await cluster.client.get(.modelServers, ObjectKey(namespace: "default", name: "m"))
            .meta.resourceVersion
        let before = asked.withLock { $0 }
        answer.withLock { $0 = models(199) }
        while asked.withLock({ $0 }) < before + 20 { await Task.yield() }
        let same = try await cluster.client.get(.modelServers, ObjectKey(namespace: "default", name: "m"))
        #expect(same.meta.resourceVersion == version)
        answer.withLock { $0 = models(200) }
        _ = await status(cluster) { $0.modelStatus?.models.first?.pods.first?.progress == 20 }
        answer.withLock { $0 = models(nil) }
        try await run(pod, ready: true, cluster)
        _ = await status(cluster) { $0.modelStatus?.models.first?.phase == .ready && $0.readyReplicas == 1 }
        // A ready one goes on being asked: a group may be lost.
        answer.withLock { $0 = models(nil, fault: "cores 0-1 hang") }
        let lost = await status(cluster) { $0.conditions["Degraded"]?.reason == "ModelFault" }
        #expect(lost?.modelStatus?.models.first?.pods.first?.message == "cores 0-1 hang")
        await cluster.wait(.events) { events in events.contains { $0["reason"] == "ModelFault" } }
        await worker.stop()
        await cluster.stop()
        await pods.shutdown(grace: .zero)
    }

    @Test(
        "a pod is asked an eighth of its age later while it loads, within bounds, and rarely when it is ready",
        arguments: [(false, 0, 2), (false, 40, 5), (false, 4_000, 15), (true, 0, 30), (true, 4_000, 30)])
    func pace(isReady: Bool, age: Int, pause: Int) {
        #expect(ModelWatchPace().pause(isReady: isReady, age: .seconds(age)) == .seconds(pause))
    }
}
