// What a PodGroup says of itself when this operator places its pods, as kube-scheduler writes it.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Scheduling
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Conditions of PodGroups", .timeLimit(.minutes(2)))
struct PodGroupConditionTests {
    private static let key = ObjectKey(namespace: "default", name: "pg")
    private static let definition: JSON = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": [
            "name": "podgroups.scheduling.k8s.io",
            "annotations": ["api-approved.kubernetes.io": "unapproved, for tests"],
        ],
        "spec": [
            "group": "scheduling.k8s.io", "scope": "Namespaced",
            "names": ["plural": "podgroups", "singular": "podgroup", "kind": "PodGroup"],
            "versions": [
                [
                    "name": "v1beta1", "served": true, "storage": true, "subresources": ["status": [:]],
                    "schema": [
                        "openAPIV3Schema": [
                            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
                        ]
                    ],
                ]
            ],
        ],
    ]

    private func pod(_ name: String) -> JSON {
        [
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": [
                "schedulerName": .string(WellKnown.scheduler), "schedulingGroup": ["podGroupName": "pg"],
                "containers": [
                    [
                        "name": "c", "image": "i",
                        "resources": ["limits": ["aws.amazon.com/neuroncore": "24"]],
                    ]
                ],
            ],
        ]
    }

    @Test("false while there is no room, true once there is, and true for ever")
    func life() async throws {
        let cluster = try await LiveCluster.start(nodes: ["a": "inf2.48xlarge"])
        try await cluster.client.create(.customResourceDefinitions, Self.definition)
        try await cluster.client.create(
            PodGroup.resource,
            [
                "apiVersion": "scheduling.k8s.io/v1beta1", "kind": "PodGroup",
                "metadata": ["name": "pg", "namespace": "default"],
                "spec": ["schedulingPolicy": ["gang": ["minCount": 2]]],
            ])
        let victim = Operator(cluster.client(program: "operator"))
        await victim.start()
        for name in ["x", "y"] { try await cluster.client.create(.pods, pod(name)) }
        func condition(_ status: String) async -> JSON {
            let groups = await cluster.wait(PodGroup.resource) {
                $0.first?["status"]?["conditions"]?.array?.first?["status"]?.string == status
            }
            return groups.first?["status"]?["conditions"] ?? .null
        }
        let refused = await condition("False")
        #expect(refused.array?.count == 1)
        #expect(refused[0]?["type"] == "PodGroupInitiallyScheduled")
        #expect(refused[0]?["reason"] == "Unschedulable")
        #expect(refused[0]?["message"]?.string?.contains("gang pg") == true, "\(refused)")
        #expect(refused[0]?["observedGeneration"] == 1)
        try await cluster.addNode("b", type: "inf2.48xlarge")
        let placed = await condition("True")
        #expect(placed[0]?["reason"] == "Scheduled")
        await cluster.boundPods(2)
        await victim.stop()
        await cluster.stop()
    }

    @Test("nothing is said twice, and nothing against what was said before")
    func said() throws {
        func group(_ conditions: JSON) throws -> PodGroup {
            try
                (["metadata": ["name": "pg", "generation": 3], "status": ["conditions": conditions]] as JSON)
                .decode(PodGroup.self)
        }
        let refused = try group([
            [
                "type": "PodGroupInitiallyScheduled", "status": "False", "reason": "Unschedulable",
                "message": "no room", "observedGeneration": 3, "lastTransitionTime": "2026-01-01T00:00:00Z",
            ]
        ])
        #expect(PodGroupConditions.condition(.unschedulable("no room"), of: refused) == nil)
        let changed = try #require(PodGroupConditions.condition(.unschedulable("less room"), of: refused))
        #expect(
            changed.message == "less room" && changed.lastTransitionTime == Timestamp("2026-01-01T00:00:00Z"))
        let placed = try #require(PodGroupConditions.condition(.scheduled, of: refused))
        #expect(placed.status == .true && placed.lastTransitionTime != changed.lastTransitionTime)
        var done = refused
        done.status?.conditions = [placed]
        #expect(PodGroupConditions.condition(.unschedulable("no room"), of: done) == nil)
        #expect(PodGroupConditions.condition(.scheduled, of: done) == nil)
    }
}
