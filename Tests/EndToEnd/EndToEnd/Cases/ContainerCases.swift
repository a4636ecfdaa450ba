// Pods of several containers: each that stays has cores of its own; an init container hands its own on.

import GanglionAPI
import JSON
import KubernetesClient
import Placement

extension Case {
    static let containerCases = [
        Case("containers-two", "two containers of one pod have cores of their own") { context in
            let (first, second) = try context.pair([(2, 2), (1, 1)])
            let containers = [
                ContainerForm(name: "a", amount: first), ContainerForm(name: "b", amount: second),
            ]
            for scheduler in PodForm.Scheduler.allCases {
                let form = PodForm("by-\(scheduler.rawValue)", scheduler: scheduler, containers: containers)
                try await context.create(form)
                try await context.running(form.name)
                try await context.holdingsOfTheirOwn(form.name, containers)
                try await context.remove(form.name)
            }
        },
        Case("containers-init", "an init container can use its cores, and hands them on when it ends") {
            context in
            try require(node: context.node.allocatable >= 2, "the node has fewer than 2 NeuronCores")
            let main = ContainerForm(amount: 2)
            let first = ContainerForm(name: "first", amount: 2, arguments: ["report", "--expect-cores", "2"])
            try await context.create(PodForm("pod", containers: [main], initContainers: [first]))
            try await context.running("pod")
            let before = try await context.judged("pod", first)
            let after = try await context.judged("pod", main)
            try require(before == after, "the init container had cores \(before), the next \(after)")
            try await context.published("pod", after)
        },
        Case("containers-sidecar", "a sidecar keeps its cores beside the pod's other containers") { context in
            let (first, second) = try context.pair([(1, 2), (1, 1)])
            let main = ContainerForm(amount: second)
            let sidecar = ContainerForm(name: "sidecar", amount: first, restartPolicy: "Always")
            try await context.create(PodForm("pod", containers: [main], initContainers: [sidecar]))
            try await context.running("pod")
            try await context.holdingsOfTheirOwn("pod", [sidecar, main])
            // The operator chose a group for both, and the annotation is what it chose.
            let pod = try await context.pod("pod")
            let assigned = try CoreSet(parsing: pod.meta.annotations[WellKnown.coresAnnotation] ?? "")
            try require(
                assigned.count == first + second,
                "the operator assigned \(assigned.count) cores to containers of \(first + second)")
        },
    ]
}

extension CaseContext {
    /// The first of these pairs that is a group of the node's family: the operator places a pod's containers as one.
    fileprivate func pair(_ pairs: [(Int, Int)]) throws(LeftOut) -> (Int, Int) {
        guard let pair = pairs.first(where: { validSizes([$0.0 + $0.1]) != [] }) else {
            throw LeftOut("no two containers have a group of a \(node.instanceType)")
        }
        return pair
    }

    /// Judges each container, and that none has a core of another.
    fileprivate func holdingsOfTheirOwn(_ pod: String, _ containers: [ContainerForm]) async throws {
        var holdings: [(holder: String, cores: [Int])] = []
        for container in containers {
            holdings.append((container.name, try await judged(pod, container)))
        }
        try accept(Verdict.shared(holdings), "containers of \(pod)")
        for (container, cores) in holdings { try await published(pod, cores, in: container) }
    }
}
