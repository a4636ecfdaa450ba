// The autoscaler against an API server over HTTP; one server plays the metrics of all pods.

import GanglionAPI
import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Observability
import Scheduling
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Autoscaler against an API server", .timeLimit(.minutes(5)))
struct AutoscalerTests {
    private static let key = ObjectKey(namespace: "default", name: "m")

    /// What the pods say.
    private final class Load: Sendable {
        let answer = Lock(HTTPResponse.text(200, "g 0\n"))
        func set(_ text: String, status: Int = 200) {
            answer.withLock { $0 = .text(status, text) }
        }
    }

    private func spec(port: UInt16, change: (inout JSON) -> Void = { _ in }) -> JSON {
        var spec = Make.spec(replicas: 1, cores: 2)
        spec["autoscaling"] = [
            "maxReplicas": 4, "targetInFlight": 10, "intervalSeconds": 1, "windowSeconds": 1,
            "scaleUp": ["stabilizationWindowSeconds": 0], "scaleDown": ["stabilizationWindowSeconds": 1],
            "metrics": ["port": JSON(Int(port)), "path": "/load", "gauges": ["g"]],
        ]
        change(&spec)
        return spec
    }

    /// What a kubelet says of a pod whose server can be asked.
    private func run(_ pod: JSON, _ cluster: LiveCluster, address: String = "127.0.0.1") async throws {
        try await cluster.client.patch(
            .pods, pod.objectKey,
            [
                "status": [
                    "phase": "Running", "podIP": .string(address), "podIPs": [["ip": .string(address)]],
                    "conditions": [["type": "Ready", "status": "True"]],
                ]
            ], subresource: "status")
    }

    private func with(
        _ load: Load, _ body: (LiveCluster, UInt16, MetricsRegistry) async throws -> Void
    ) async throws {
        let metrics = HTTPServer { request in
            request.target == "/load" ? load.answer.withLock { $0 } : .text(404, "")
        }
        let address = try await metrics.listen(on: .ip("127.0.0.1", port: 0))
        guard case .ip(_, let port) = address else { throw LoadFault.status(0) }
        let cluster = try await LiveCluster.start()
        let registry = MetricsRegistry()
        var settings = OperatorSettings()
        settings.registry = registry
        let worker = Operator(cluster.client, settings: settings)
        await worker.start()
        try await body(cluster, port, registry)
        await worker.stop()
        await cluster.stop()
        await metrics.shutdown(grace: .zero)
    }

    private func server(
        _ cluster: LiveCluster, where isDone: (ModelServer) -> Bool
    ) async -> ModelServer? {
        let found = await cluster.wait(.modelServers) { servers in
            servers.first.map { isDone($0.typed()) } ?? false
        }
        return found.first?.typed()
    }

    @Test("scales by the scale subresource, as a field manager of its own, and says why")
    func scales() async throws {
        let load = Load()
        try await with(load) { cluster, port, registry in
            load.set("# TYPE g gauge\ng{a=\"1\"} 20\ng{a=\"2\"} 10\n")
            try await cluster.create("m", spec: spec(port: port))
            let pods = await cluster.boundPods(1)
            try await run(pods[0], cluster)
            // One pod with 30: two, then three, of which the new ones are not ready yet.
            let server = await server(cluster) {
                $0.spec?.replicas == 3 && $0.status?.autoscaling?.reason == "OnTarget"
            }
            let seen = try #require(server?.status?.autoscaling)
            #expect(seen.inFlight == 30)
            #expect(seen.measuredPods == 1)
            #expect(seen.recommendedReplicas == 3)
            #expect(seen.desiredReplicas == 3)
            #expect(seen.lastScaleTime != nil)
            #expect(
                seen.message == "30 requests in flight in 1 pod, 10 wanted in each: 3 are enough")
            #expect(server?.status?.conditions["ScalingActive"]?.status == .true)
            let stored = try await cluster.client.get(.modelServers, Self.key)
            let managers = stored["metadata"]?["managedFields"]?.array ?? []
            #expect(
                managers.contains {
                    $0["manager"] == "ganglion-autoscaler" && $0["subresource"] == "scale"
                })
            await cluster.wait(.events) { events in
                events.contains { event in
                    event["reason"] == "ScaledUp"
                        && event["note"]?.string?.hasPrefix("scaled from 2 to 3 replicas: 30 requests")
                            == true
                }
            }
            let text = registry.exposition()
            #expect(text.contains("ganglion_autoscaler_desired_replicas{namespace=\"default\",name=\"m\"} 3"))
            #expect(text.contains("ganglion_autoscaler_scalings_total{direction=\"up\"} 2"))
            try await cluster.client.delete(.modelServers, Self.key)
            await cluster.wait(.pods) { $0.allSatisfy(\.meta.isTerminating) }
        }
    }

    @Test(
        "does nothing where pods do not say what they have to do, and says which and why",
        arguments: [
            (200, "other 1\n", "publishes no g"), (500, "g 1\n", "answers 500 when asked for its metrics"),
            (200, "g NaN\n", "publishes nonsense: g is NaN: a number of requests was expected"),
        ])
    func silent(status: Int, text: String, words: String) async throws {
        let load = Load()
        load.set(text, status: status)
        try await with(load) { cluster, port, _ in
            try await cluster.create("m", spec: spec(port: port) { $0["replicas"] = 2 })
            let pods = await cluster.boundPods(2)
            try await run(pods[0], cluster)
            let server = await server(cluster) { $0.status?.autoscaling?.reason == "MetricsUnavailable" }
            #expect(server?.status?.autoscaling?.message == "pod \(pods[0].meta.name) \(words)")
            #expect(server?.status?.conditions["ScalingActive"]?.status == .false)
            #expect(server?.spec?.replicas == 2)
        }
    }

    @Test("what an autoscaler has said is gone when it is not wanted any more")
    func removed() async throws {
        let load = Load()
        try await with(load) { cluster, port, _ in
            try await cluster.create("m", spec: spec(port: port))
            _ = await server(cluster) { $0.status?.autoscaling != nil }
            try await cluster.client.patch(.modelServers, Self.key, ["spec": ["autoscaling": .null]])
            let server = await server(cluster) {
                $0.status?.observedGeneration == 2 && $0.status?.autoscaling == nil
            }
            #expect(server?.status?.conditions["ScalingActive"] == nil)
        }
    }

    @Test(
        "a spec that cannot be carried out is said",
        arguments: [
            (
                ["maxReplicas": 2, "minReplicas": 3, "targetInFlight": 1] as JSON, "ganglion",
                "spec.autoscaling.maxReplicas is 2: it must not be less than minReplicas, 3"
            ),
            (
                ["maxReplicas": 2, "targetInFlight": 1] as JSON, "custom",
                "preset custom is known to publish no count of requests: name its gauges in spec.autoscaling.metrics"
            ),
        ])
    func invalid(rules: JSON, preset: String, sentence: String) throws {
        var server = PlannedServer(Make.spec())
        server.spec["autoscaling"] = rules
        server.spec["runtime"] = ["preset": .string(preset)]
        server.spec["template"] = ["spec": ["containers": [["name": "model-server", "image": "i"]]]]
        #expect(try server.plan().condition("ScalingActive") == "False InvalidSpec: \(sentence)")
    }
}
