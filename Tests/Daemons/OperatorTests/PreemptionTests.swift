// Pods that go for others, and gangs, from the watch to the write.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Priorities and gangs against an API server", .timeLimit(.minutes(5)))
struct LivePreemptionTests {
    private func create(
        _ name: String, cores: Int, priority: Int? = nil, annotations: [String: String] = [:],
        in cluster: LiveCluster
    ) async throws {
        var spec: JSON = [
            "schedulerName": "ganglion-operator",
            "containers": [
                [
                    "name": "c", "image": "ganglion.dev/shell",
                    "resources": ["limits": [WellKnown.neuronCore: .string(String(cores))]],
                ]
            ],
        ]
        if let priority { spec["priority"] = JSON(priority) }
        try await cluster.client.create(
            .pods,
            [
                "apiVersion": "v1", "kind": "Pod",
                "metadata": [
                    "name": .string(name), "namespace": "default",
                    "annotations": .object(annotations.mapValues { .string($0) }),
                ], "spec": spec,
            ])
    }

    private func node(of name: String, in pods: [JSON]) -> String? {
        pods.first { $0.meta.name == name }?["spec"]?["nodeName"]?.string
    }

    private func condition(_ type: String, of name: String, in pods: [JSON]) -> JSON? {
        pods.first { $0.meta.name == name }?["status"]?["conditions"]?.array?.first {
            $0["type"]?.string == type
        }
    }

    @Test("a pod of lower priority is told why it goes, and the other gets its cores when it has gone")
    func preemption() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        try await create("low", cores: 24, in: cluster)
        await cluster.wait(.pods) { node(of: "low", in: $0) == "a" }
        try await create("high", cores: 8, priority: 1000, in: cluster)
        let pods = await cluster.wait(.pods) { pods in
            pods.contains {
                $0.meta.name == "low" && $0["metadata"]?["deletionTimestamp"] != nil
            }
                && pods.contains {
                    $0.meta.name == "high" && $0["status"]?["nominatedNodeName"] == "a"
                }
        }
        let target = condition("DisruptionTarget", of: "low", in: pods)
        #expect(target?["status"] == "True" && target?["reason"] == "PreemptionByScheduler")
        #expect(node(of: "high", in: pods) == nil)
        #expect(condition("PodScheduled", of: "high", in: pods)?["status"] == "False")
        // The kubelet's word that it has ended.
        try await cluster.client.delete(
            .pods, ObjectKey(namespace: "default", name: "low"), gracePeriod: 0)
        let after = await cluster.wait(.pods) { node(of: "high", in: $0) == "a" }
        #expect(
            after.first { $0.meta.name == "high" }?.meta.annotations[WellKnown.coresAnnotation]
                == "0,1,2,3,4,5,6,7")
        await worker.stop()
        await cluster.stop()
    }

    @Test("pods of a gang are bound when the last of them has a place")
    func gang() async throws {
        let cluster = try await LiveCluster.start()
        let worker = Operator(cluster.client)
        await worker.start()
        let annotations = [WellKnown.gangAnnotation: "g", WellKnown.gangSizeAnnotation: "2"]
        for name in ["x", "y"] {
            try await create(name, cores: 16, annotations: annotations, in: cluster)
        }
        let pods = await cluster.wait(.pods) { pods in
            ["x", "y"].allSatisfy {
                condition("PodScheduled", of: $0, in: pods)?["message"]?.string?.hasPrefix(
                    "its gang g of 2 pods cannot be placed as a whole") == true
            }
        }
        #expect(node(of: "x", in: pods) == nil && node(of: "y", in: pods) == nil)
        try await cluster.addNode("b", type: "inf2.48xlarge")
        let placed = await cluster.wait(.pods) { pods in
            ["x", "y"].allSatisfy { node(of: $0, in: pods) != nil }
        }
        #expect(Set([node(of: "x", in: placed), node(of: "y", in: placed)]) == ["a", "b"])
        await worker.stop()
        await cluster.stop()
    }
}
