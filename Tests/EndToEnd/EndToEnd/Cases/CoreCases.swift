// A pod asks for cores and gets ones that it can use.

import JSON
import KubernetesClient
import Placement

extension Case {
    static let coreCases =
        [1, 2, 4, 8].map { (count: Int) in
            Case(
                "cores-\(count)",
                "a pod with \(count) NeuronCore\(count == 1 ? "" : "s") can use them, whichever scheduler places it"
            ) { context in
                try require(
                    node: context.node.allocatable >= count,
                    "a \(context.node.instanceType) has \(context.node.allocatable) NeuronCores")
                try require(
                    node: context.node.topology.isValid(count: count),
                    "\(count) cores are no group of a \(context.node.instanceType)")
                try await context.requireIdleNode()
                for scheduler in PodForm.Scheduler.allCases {
                    let form = PodForm("by-\(scheduler.rawValue)", cores: count, scheduler: scheduler)
                    let cores = try await context.given(form)
                    try accept(
                        Verdict.scattered(cores, coresPerChip: context.node.coresPerChip), form.name)
                    try await context.published(form.name, cores)
                    try await context.remove(form.name)
                }
            }
        } + [
            Case("chips", "a pod with whole chips has all of their cores, and no other pod has one of them") {
                context in
                try require(
                    node: context.node.allocatableChips > 0,
                    "the device plugin does not advertise \(NodeFacts.chipResource) (granularity chip or both)"
                )
                try await context.requireIdleNode()
                let container = ContainerForm(amount: 1, resource: NodeFacts.chipResource)
                let form = PodForm("chip", containers: [container])
                let chip = try await context.given(form)
                let cores = try await context.given(PodForm("cores", cores: 2))
                try accept(Verdict.shared([("chip", chip), ("cores", cores)]), "two pods")
            },
            Case(
                "cores-all",
                "a pod with every core of the node has them in order, and the next waits until it is gone"
            ) {
                context in
                try await context.requireIdleNode()
                let count = context.node.coreCount
                // Chips that were just given back: the plugin believes it after 15 s, the scheduler later still.
                let (pod, all) =
                    context.node.allocatableChips > 0
                    ? try await context.givenAgain("all", cores: count)
                    : ("all", try await context.given(PodForm("all", cores: count)))
                try require(all == Array(0..<count), "all \(count) cores are \(all)")
                for scheduler in PodForm.Scheduler.allCases {
                    let next = PodForm("next-\(scheduler.rawValue)", cores: 1, scheduler: scheduler)
                    try await context.create(next)
                    _ = try await context.unschedulable(next.name)
                }
                try await context.remove(pod)
                for scheduler in PodForm.Scheduler.allCases {
                    try await context.running("next-\(scheduler.rawValue)")
                }
            },
            Case("cores-too-many", "a pod with more cores than the node has stays pending and says why") {
                context in
                for scheduler in PodForm.Scheduler.allCases {
                    let form = PodForm(
                        "large-\(scheduler.rawValue)", cores: context.node.coreCount + 1, scheduler: scheduler
                    )
                    try await context.create(form)
                    let reason = try await context.unschedulable(form.name)
                    context.say("\(scheduler.rawValue): \(reason)")
                }
            },
            Case("cores-none", "a pod that asks for no core has neither devices nor cores") { context in
                try await context.given(PodForm("none", cores: 0, scheduler: .cluster))
            },
        ]
}

/// Leaves the case out unless the node is such that it can be done.
func require(node condition: Bool, _ reason: @autoclosure () -> String) throws(LeftOut) {
    guard condition else { throw LeftOut(reason()) }
}
