// Objects for tests, as short as they can be.

import JSON
import KubernetesClient
import Neuron
import Placement

@testable import Operator

enum Make {
    static func server(_ name: String = "m", uid: String = "server-uid", spec: JSON) -> JSON {
        [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": .string(name), "namespace": "n", "uid": .string(uid), "generation": 1],
            "spec": spec,
        ]
    }

    static func spec(replicas: Int = 1, cores: Int = 4, degree: Int? = nil) -> JSON {
        var neuron: JSON = ["cores": JSON(cores)]
        if let degree { neuron["tensorParallelDegree"] = JSON(degree) }
        return [
            "replicas": JSON(replicas), "neuron": neuron,
            "models": [["name": "mini", "uri": "file:///models/mini"]],
        ]
    }

    /// A pod that asks for cores.
    static func pod(
        _ name: String, cores: Int, node: String = "", assigned: String? = nil, phase: String = "Pending",
        scheduler: String = Names.scheduler, created: Int = 0, extra: JSON = [:]
    ) -> PodView {
        var pod: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "n", "uid": .string("uid-\(name)"),
                "creationTimestamp": .string("2026-01-01T00:00:0\(created)Z"),
            ],
            "spec": [
                "schedulerName": .string(scheduler),
                "containers": [
                    ["name": "c", "resources": ["limits": [Names.neuronCore: .string(String(cores))]]]
                ],
            ],
            "status": ["phase": .string(phase)],
        ]
        if !node.isEmpty { pod[path: ["spec", "nodeName"]] = .string(node) }
        if let assigned {
            pod[path: ["metadata", "annotations"]] = [Names.coresAnnotation: .string(assigned)]
        }
        for (key, value) in extra.object ?? [:] { pod[path: ["spec", key]] = value }
        return PodView(pod)
    }

    /// A node of an instance type, with what its agent reports.
    static func node(
        _ name: String, type: String = "inf2.48xlarge", unhealthy: Set<Int> = [], allocations: JSON = [],
        reports: Bool = true, change: (inout JSON) -> Void = { _ in }
    ) -> NodeView {
        var json = nodeObject(name, type: type)
        change(&json)
        return NodeView(
            json,
            neuronNode: reports
                ? report(name, type: type, unhealthy: unhealthy, allocations: allocations) : nil)
    }

    static func nodeObject(_ name: String, type: String) -> JSON {
        let cores = (try? InstanceType.named(type).coreCount()) ?? 0
        return [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(name), "labels": [Names.instanceTypeLabel: .string(type)]],
            "status": [
                "conditions": [["type": "Ready", "status": "True"]],
                "allocatable": [
                    Names.neuronCore: .string(String(cores)), "cpu": "8", "memory": "32Gi", "pods": "110",
                ],
            ],
        ]
    }

    static func report(
        _ name: String, type: String, unhealthy: Set<Int> = [], allocations: JSON = []
    ) -> JSON {
        let known = try? InstanceType.named(type)
        let chips = (0..<(known?.chipCount ?? 0)).map { index -> JSON in
            [
                "index": JSON(index), "cores": JSON(known?.coresPerChip() ?? 0),
                "health": unhealthy.contains(index) ? "Unhealthy" : "Healthy",
                "connected": .array((known?.adjacency[index] ?? []).map { JSON($0) }),
            ]
        }
        return [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "NeuronNode", "metadata": ["name": .string(name)],
            "status": ["instanceType": .string(type), "chips": .array(chips), "allocations": allocations],
        ]
    }
}
