// Objects for tests, as short as they can be.

internal import GanglionAPI
package import JSON
internal import Neuron
package import Scheduling

extension JSON {
    /// The object of a type; what a test has written wrongly ends it.
    package func typed<Object: Decodable>(_ type: Object.Type = Object.self) -> Object {
        do { return try decode(type) } catch { fatalError("\(error) in \(text())") }
    }
}

/// Makes objects.
package enum Make {
    /// A pod that asks for cores.
    package static func pod(
        _ name: String, cores: Int, node: String = "", assigned: String? = nil, phase: String = "Pending",
        scheduler: String = WellKnown.scheduler, created: Int = 0, extra: JSON = [:]
    ) -> PodInfo {
        var pod: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "n", "uid": .string("uid-\(name)"),
                "creationTimestamp": .string("2026-01-01T00:00:0\(created)Z"),
            ],
            "spec": [
                "schedulerName": .string(scheduler),
                "containers": [
                    ["name": "c", "resources": ["limits": [WellKnown.neuronCore: .string(String(cores))]]]
                ],
            ],
            "status": ["phase": .string(phase)],
        ]
        if !node.isEmpty { pod[path: ["spec", "nodeName"]] = .string(node) }
        if let assigned {
            pod[path: ["metadata", "annotations"]] = [WellKnown.coresAnnotation: .string(assigned)]
        }
        for (key, value) in extra.object ?? [:] { pod[path: ["spec", key]] = value }
        return PodInfo(pod.typed())
    }

    /// A node of an instance type, with what its agent reports.
    package static func node(
        _ name: String, type: String = "inf2.48xlarge", unhealthy: Set<Int> = [], allocations: JSON = [],
        reports: Bool = true, isCurrent: Bool = true, change: (inout JSON) -> Void = { _ in }
    ) -> CandidateNode {
        var json = nodeObject(name, type: type)
        change(&json)
        return CandidateNode(
            json.typed(),
            neuronNode: reports
                ? report(name, type: type, unhealthy: unhealthy, allocations: allocations).typed() : nil,
            isCurrent: isCurrent)
    }

    /// What an agent publishes of a pod: under the uid that `pod` gives it, or another's, or none.
    package static func held(_ pod: String, _ cores: String, uid: String? = "", container: String = "c")
        -> JSON
    {
        var entry: JSON = [
            "namespace": "n", "pod": .string(pod), "container": .string(container), "cores": .string(cores),
        ]
        if let uid { entry["uid"] = .string(uid.isEmpty ? "uid-\(pod)" : uid) }
        return entry
    }

    package static func nodeObject(_ name: String, type: String) -> JSON {
        let cores = (try? InstanceType.named(type).coreCount()) ?? 0
        return [
            "apiVersion": "v1", "kind": "Node",
            "metadata": ["name": .string(name), "labels": [WellKnown.instanceTypeLabel: .string(type)]],
            "status": [
                "conditions": [["type": "Ready", "status": "True"]],
                "allocatable": [
                    WellKnown.neuronCore: .string(String(cores)), "cpu": "8", "memory": "32Gi", "pods": "110",
                ],
            ],
        ]
    }

    package static func report(
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
