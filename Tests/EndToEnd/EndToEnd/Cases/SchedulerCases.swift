// Others decide as well: a second scheduler, and an admin who empties a node.

import JSON
import KubernetesAPI
import KubernetesClient

extension Case {
    static let schedulerCases = [
        Case(
            "schedulers-two", "pods of the cluster's scheduler and of the operator's share a node and no core"
        ) {
            context in
            let sizes = context.validSizes([2, 1, 2, 1])
            try require(
                node: context.node.allocatable >= sizes.reduce(0, +) * 2, "the node has too few NeuronCores")
            var forms: [PodForm] = []
            for (index, size) in sizes.enumerated() {
                for scheduler in PodForm.Scheduler.allCases {
                    forms.append(PodForm("\(scheduler.rawValue)-\(index)", cores: size, scheduler: scheduler))
                }
            }
            for form in forms { try await context.create(form) }
            var holdings: [(holder: String, cores: [Int])] = []
            for form in forms {
                try await context.running(form.name)
                holdings.append((form.name, try await context.judged(form.name, form.containers[0])))
            }
            try accept(Verdict.shared(holdings), "eight pods")
            for (name, cores) in holdings { try await context.published(name, cores) }
        },
        Case("drain", "a node that is drained gives up its pods and takes none until it is uncordoned") {
            context in
            try require(node: context.node.allocatable >= 4, "the node has fewer than 4 NeuronCores")
            for scheduler in PodForm.Scheduler.allCases {
                try await context.given(PodForm("old-\(scheduler.rawValue)", cores: 2, scheduler: scheduler))
            }
            context.undo.later { try await context.setUnschedulable(false) }
            try await context.setUnschedulable(true)
            for scheduler in PodForm.Scheduler.allCases {
                let name = "old-\(scheduler.rawValue)"
                let eviction: JSON = [
                    "apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": ["name": .string(name), "namespace": .string(context.namespace)],
                ]
                let path = APIResource.pods.path(
                    namespace: context.namespace, name: name, subresource: "eviction")
                _ = try await context.client.request("POST", path, body: eviction)
                try await context.create(PodForm("new-\(scheduler.rawValue)", cores: 2, scheduler: scheduler))
            }
            for scheduler in PodForm.Scheduler.allCases {
                let key = ObjectKey(namespace: context.namespace, name: "old-\(scheduler.rawValue)")
                try await context.gone(.pods, key)
                let reason = try await context.unschedulable("new-\(scheduler.rawValue)")
                context.say("\(scheduler.rawValue): \(reason)")
            }
            try await context.eventually("the cores of the evicted pods are free") {
                try await !context.nodeNow().allocations.contains { $0.namespace == context.namespace }
            }
            try await context.setUnschedulable(false)
            for scheduler in PodForm.Scheduler.allCases {
                let form = PodForm("new-\(scheduler.rawValue)", cores: 2, scheduler: scheduler)
                try await context.running(form.name)
                try await context.judged(form.name, form.containers[0])
            }
        },
    ]
}

extension CaseContext {
    /// Cordons or uncordons the node.
    fileprivate func setUnschedulable(_ value: Bool) async throws {
        try await client.patch(.nodes, ObjectKey(name: node.name), ["spec": ["unschedulable": .bool(value)]])
    }
}
