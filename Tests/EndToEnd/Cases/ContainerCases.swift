// Pods of several containers: each that stays has cores of its own; an init container hands its own on.

import JSON
import KubernetesClient

extension Case {
    static let containerCases = [
        Case("containers-two", "two containers of one pod have cores of their own") { context in
            try require(node: context.node.allocatable >= 4, "the node has fewer than 4 NeuronCores")
            let containers = [ContainerForm(name: "a", amount: 2), ContainerForm(name: "b", amount: 2)]
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
            try require(node: context.node.allocatable >= 3, "the node has fewer than 3 NeuronCores")
            let main = ContainerForm(amount: 2)
            let sidecar = ContainerForm(name: "sidecar", amount: 1, restartPolicy: "Always")
            try await context.create(PodForm("pod", containers: [main], initContainers: [sidecar]))
            try await context.running("pod")
            try await context.holdingsOfTheirOwn("pod", [sidecar, main])
        },
    ]
}

extension CaseContext {
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
