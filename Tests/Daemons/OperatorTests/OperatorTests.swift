// The operator against an API server over HTTP: what users and kubelets do is played by the tests, the rest is real.

import GanglionAPI
import Glibc
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

extension JSON {
    fileprivate var cores: String { meta.annotations[WellKnown.coresAnnotation] ?? "" }

    fileprivate func condition(_ type: String) -> JSON? {
        self["status"]?["conditions"]?.array?.first { $0["type"]?.string == type }
    }
}

@Suite("Operator against an API server", .timeLimit(.minutes(10)))
struct OperatorTests {
    private static let key = ObjectKey(namespace: "default", name: "m")

    @Test("places pods, makes the Service, follows readiness, scales and cleans up")
    func life() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec(replicas: 2, cores: 4, degree: 2))
        let pods = await cluster.boundPods(2)
        #expect(Set(pods.map(\.cores)) == ["0,1,2,3", "4,5,6,7"])
        #expect(pods.allSatisfy { $0["spec"]?["nodeName"] == "a" })
        let service = try await cluster.client.get(.services, Self.key)
        #expect(service["spec"]?["selector"] == [WellKnown.serverLabel: "m"])

        for pod in pods { try await cluster.run(pod) }
        let ready = await cluster.wait(.modelServers) { $0.first?.condition("Ready")?["status"] == "True" }
        let status = try #require(ready.first?["status"])
        #expect(status["readyReplicas"] == 2)
        #expect(status["observedGeneration"] == 1)
        #expect(status["groups"]?.array?.compactMap { $0["cores"]?.string } == ["0,1", "2,3", "4,5", "6,7"])

        try await cluster.client.scale(.modelServers, Self.key, replicas: 1)
        let left = await cluster.wait(.pods) { $0.filter { !$0.meta.isTerminating }.count == 1 }
        #expect(left.first { !$0.meta.isTerminating }?.meta.labels[WellKnown.replicaLabel] == "0")

        try await cluster.client.delete(.modelServers, Self.key)
        await cluster.wait(.pods) { $0.allSatisfy(\.meta.isTerminating) }
        await cluster.wait(.services) { !$0.contains { $0.meta.name == "m" } }
        await worker.stop()
        await cluster.stop()
    }

    @Test("an edit is taken back by the annotation, which goes, and an unknown revision is told")
    func rollback() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec())
        let first = await cluster.boundPods(1)[0].meta.labels[WellKnown.hashLabel]
        func revisions(_ numbers: [Int]) async {
            await cluster.wait(.modelServers) {
                $0.first?["status"]?["revisions"]?.array?.compactMap { $0["revision"]?.int } == numbers
            }
        }
        await revisions([1])
        try await cluster.client.patch(
            .modelServers, Self.key, ["spec": ["batching": ["maxBatchSize": 3], "neuron": ["cores": 2]]])
        await revisions([1, 2])
        func annotate(_ value: String) async throws {
            try await cluster.client.patch(
                .modelServers, Self.key,
                ["metadata": ["annotations": [WellKnown.rollbackAnnotation: .string(value)]]])
        }
        try await annotate("9")
        await cluster.wait(.events) { $0.contains { $0["reason"] == "RollbackRevisionNotFound" } }
        try await annotate("0")
        await revisions([2, 3])
        let server = try await cluster.client.get(.modelServers, Self.key)
        #expect(server.meta.annotations[WellKnown.rollbackAnnotation] == nil)
        #expect(server["spec"]?["neuron"] == ["cores": 4])
        #expect(server["spec"]?["batching"] == nil)
        #expect(server["status"]?["revisions"]?.array?.last?["templateHash"]?.string == first)
        await cluster.wait(.events) { $0.contains { $0["reason"] == "RolledBack" } }
        await worker.stop()
        await cluster.stop()
    }

    @Test("a new operator sees what the old one bound, and gives nothing out twice")
    func restart() async throws {
        let cluster = try await LiveCluster.start()
        let first = Operator(cluster.client)
        await first.start()
        try await cluster.create("m", spec: Make.spec(replicas: 3, cores: 4))
        await cluster.boundPods(3)
        await first.stop()
        try await cluster.create("other", spec: Make.spec(replicas: 3, cores: 4))
        let second = Operator(cluster.client)
        await second.start()
        let pods = await cluster.boundPods(6)
        let cores = pods.flatMap { $0.cores.split(separator: ",") }
        #expect(cores.count == 24)
        #expect(Set(cores).count == 24)
        await second.stop()
        await cluster.stop()
    }

    @Test(
        "a binding whose answer was lost is neither forgotten nor repeated, one that was not carried out is",
        arguments: [true, false])
    func lostAnswer(wasDone: Bool) async throws {
        let bindings = Lock(0)
        let cluster = try await LiveCluster.start { request, api in
            guard request.path.hasSuffix("/binding") else { return await api.handle(request) }
            let number = bindings.withLock { count in
                count += 1
                return count
            }
            if number > 1 { return await api.handle(request) }
            if wasDone { _ = await api.handle(request) }
            return .text(500, "the answer is lost")
        }
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec(replicas: 3, cores: 4))
        let pods = await cluster.boundPods(3)
        #expect(Set(pods.map(\.cores)).count == 3)
        #expect(Set(pods.flatMap { $0.cores.split(separator: ",") }).count == 12)
        #expect(bindings.withLock { $0 } == (wasDone ? 3 : 4))
        await worker.stop()
        await cluster.stop()
    }

    @Test("a pod that fits nowhere says why, and is placed as soon as there is a node")
    func waits() async throws {
        let cluster = try await LiveCluster.start(nodes: ["small": "inf2.xlarge"])
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec(cores: 8))
        let waiting = await cluster.wait(.modelServers) {
            $0.first?.condition("Placed")?["reason"] == "Unschedulable"
        }
        let sentence = "0/1 nodes can hold a group of 8 NeuronCores: small has only 2 of 2 NeuronCores left"
        #expect(waiting.first?.condition("Placed")?["message"]?.string == sentence)
        let pods = await cluster.wait(.pods) {
            $0.first?.condition("PodScheduled")?["reason"] == "Unschedulable"
        }
        #expect(pods.first?.condition("PodScheduled")?["message"]?.string == sentence)
        let pages = worker.debugPages
        let believed = try #require(await pages["/debug/cluster"]?())
        #expect(believed.hasPrefix("modelservers: 1, followed\npods: 1, followed\nnodes: 1, followed\n"))
        let line = "  default/\(pods[0].meta.name): \(sentence)\n"
        #expect(believed.hasSuffix("1 pods wait for a node\n" + line), "\(believed)")
        #expect(try #require(await pages["/debug/queues"]?()).contains("controller placement: "))
        await cluster.wait(.events) { $0.contains { $0["reason"] == "FailedScheduling" } }
        try await cluster.addNode("large", type: "inf2.48xlarge")
        #expect(await cluster.boundPods(1).first?["spec"]?["nodeName"] == "large")
        await worker.stop()
        await cluster.stop()
    }

    @Test("a plain pod with the operator's schedulerName gets consecutive cores too")
    func plainPod() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.client.create(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "plain", "namespace": "default"],
                "spec": [
                    "schedulerName": "ganglion-operator",
                    "containers": [
                        [
                            "name": "c", "image": "ganglion.dev/shell",
                            "resources": ["limits": [WellKnown.neuronCore: "4"]],
                        ]
                    ],
                ],
            ])
        #expect(await cluster.boundPods(1).first?.cores == "0,1,2,3")
        await worker.stop()
        await cluster.stop()
    }

    @Test("a pod that the kubelet refused is replaced")
    func refused() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        try await cluster.create("m", spec: Make.spec())
        let pod = try #require(await cluster.boundPods(1).first)
        try await cluster.client.patch(
            .pods, pod.objectKey, ["status": ["phase": "Failed", "reason": "UnexpectedAdmissionError"]],
            subresource: "status")
        let replaced = await cluster.wait(.pods) { pods in
            pods.contains { $0.meta.uid != pod.meta.uid && $0["spec"]?["nodeName"] != nil }
        }
        #expect(replaced.map(\.cores) == ["0,1,2,3"])
        await worker.stop()
        await cluster.stop()
    }

    @Test("a pod that the API server refuses is told in the conditions")
    func refusedPod() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        var spec = Make.spec()
        spec["template"] = ["spec": ["restartPolicy": "Sometimes"]]
        try await cluster.create("m", spec: spec)
        let servers = await cluster.wait(.modelServers) { servers in
            servers.first?["status"]?["conditions"]?.array?.contains {
                $0["type"] == "Degraded" && $0["reason"] == "Refused"
            } == true
        }
        let message = servers.first?["status"]?["conditions"]?.array?.first { $0["type"] == "Degraded" }?[
            "message"]
        #expect(message?.string?.contains("spec.restartPolicy: Unsupported value: \"Sometimes\"") == true)
        #expect(message?.string?.hasSuffix(": correct spec.template, or what forbids it") == true)
        await worker.stop()
        await cluster.stop()
    }

    @Test(
        "the API server refuses a count that does not divide, and names those that do",
        arguments: ["tensorParallelDegree", "processesPerReplica"])
    func refusedByRule(field: String) async throws {
        let cluster = try await LiveCluster.start(nodes: [:])
        var spec = Make.spec(cores: 24)
        spec[path: ["neuron", field]] = 5
        let error = await #expect(throws: KubernetesError.self) { try await cluster.create("m", spec: spec) }
        guard case .status(let status) = error else { return }
        #expect(status.code == 422)
        // Whole, for the API server's words before it are read with it.
        #expect(
            status.message
                == "ModelServer.ganglion.dev \"m\" is invalid: spec.neuron.\(field): Invalid value: does not divide 24 cores: valid values are 1, 2, 3, 4, 6, 8, 12, 24"
        )
        await cluster.stop()
    }
}
