// What the node says of itself.

import JSON
import KubernetesClient
import Neuron

extension Case {
    static let nodeCases = [
        Case("node-capacity", "the node's capacity and allocatable are the cores of its chips") { context in
            let node = context.node
            try require(node.coreCount > 0, "NeuronNode \(node.name) has no cores")
            try require(
                node.capacity == node.coreCount,
                "the node's capacity is \(node.capacity) NeuronCores, its chips have \(node.coreCount)")
            try require(
                node.allocatable == node.coreCount,
                "\(node.allocatable) of \(node.coreCount) NeuronCores are allocatable: is a chip unhealthy?")
            let ready = node.node.status?.conditions?.array?.first { $0.type == "Ready" }?.status
            try require(ready == "True", "node \(node.name) is not Ready")
        },
        Case(
            "node-inventory",
            "the NeuronNode has the instance type's chips, all healthy, and how they are linked"
        ) {
            context in
            let node = context.node
            let chips = node.neuronNode.status?.chips?.array ?? []
            let type: InstanceType
            do throws(UnknownInstanceType) {
                type = try InstanceType.named(node.instanceType)
            } catch {
                throw LeftOut("\(error)")
            }
            try require(
                chips.compactMap { $0.index?.int } == Array(0..<type.chipCount),
                "a \(type.name) has the chips 0-\(type.chipCount - 1), NeuronNode \(node.name) \(chips.compactMap { $0.index?.int })"
            )
            for (index, chip) in chips.enumerated() {
                try require(
                    chip.health == "Healthy", "neuron\(index) is \(chip.health?.string ?? "without health")")
                let linked = Set((chip.connected?.array ?? []).compactMap(\.int))
                try require(
                    linked == Set(type.adjacency[index]),
                    "neuron\(index) is linked to \(linked.sorted()), on a \(type.name) to \(type.adjacency[index])"
                )
            }
            for condition in ["Healthy", "Registered", "AllocationsKnown"] {
                try require(
                    node.condition(condition) == "True",
                    "condition \(condition) of NeuronNode \(node.name) is \(node.condition(condition) ?? "missing")"
                )
            }
        },
    ]
}
