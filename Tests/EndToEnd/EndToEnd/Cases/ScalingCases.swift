// Replicas that come, go and are exchanged while requests come in; and those that need each other.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient

extension Case {
    static let scalingCases = [
        Case("rollout", "no request is lost while a ModelServer is rolled out under load, and rolled back") {
            context in
            let life = try ModelServerLife.own(context)
            try require(node: context.node.allocatable >= 6, "the node has fewer than 6 NeuronCores")
            try await life.apply(["replicas": 2, "rollout": ["maxSurge": 1, "maxUnavailable": 0]])
            try await life.ready(replicas: 2)
            let answered = try await life.loaded(2, texts: 1) {
                try await life.change(["template": ["metadata": ["annotations": ["example.com/edit": "2"]]]])
                try await life.serves(edit: "2")
                try await life.annotate(WellKnown.rollbackAnnotation, "0")
                try await life.serves(edit: nil)
            }
            context.say("\(answered) requests were answered meanwhile")
            try require(answered > 0, "no request was answered while the server was rolled out")
            try await life.delete()
        },
        Case("autoscaling", "replicas follow the requests in flight, go when there are none, and come back") {
            context in
            let life = try ModelServerLife.own(context)
            try require(node: context.node.allocatable >= 6, "the node has fewer than 6 NeuronCores")
            try await life.apply([
                "autoscaling": [
                    "minReplicas": 0, "maxReplicas": 3, "targetInFlight": 2, "intervalSeconds": 1,
                    "windowSeconds": 4, "scaleUp": ["stabilizationWindowSeconds": 2],
                    "scaleDown": ["stabilizationWindowSeconds": 5], "cooldownSeconds": 10,
                ]
            ])
            try await life.ready(replicas: 1)
            let answered = try await life.loaded(6, texts: 16) { try await life.ready(replicas: 3) }
            context.say("\(answered) requests were answered meanwhile")
            try await context.eventually("without requests there is no replica") {
                let isEmpty = try await life.pods().isEmpty
                return try await life.now().status?.autoscaling?.reason == "Stopped" && isEmpty
            }
            try await life.condition("ScalingActive", is: "True") { _ in true }
            try await life.annotate(WellKnown.wakeAnnotation, "now")
            try await life.predict()
            try await life.delete()
        },
        Case("gang", "pods that need each other are placed together or not at all") {
            context in
            try await context.requireRuntimes()
            try await context.requireIdleNode()
            let size = context.validSizes([8, 4, 2, 1]).first ?? 1
            let fitting = context.node.allocatable / size
            try require(node: fitting >= 2, "the node has room for one group of \(size) cores only")
            let life = ModelServerLife.foreign(context)
            try await life.apply([
                "replicas": JSON(fitting + 1), "gang": true, "neuron": ["cores": JSON(size)],
            ])
            let reason = try await life.condition("Placed", is: "False") { $0 != "Placing" }
            context.say("Placed is False: \(reason)")
            try await context.eventually("all pods of the gang are there") {
                try await life.pods().count == fitting + 1
            }
            let placed = try await life.pods().filter { $0.spec?.nodeName != nil }
            try require(placed.isEmpty, "\(placed.count) pods of a gang that does not fit have a node")
            try await life.scale(to: fitting)
            try await life.ready(replicas: fitting)
            try await life.groups(fitting, cores: size)
            try await life.delete()
        },
    ]
}

extension ModelServerLife {
    /// Waits until both replicas, and no other pod, are of a template with this annotation.
    fileprivate func serves(edit: String?) async throws {
        try await context.eventually("both replicas have the edit \(edit ?? "undone")") {
            () -> CaseContext.Look<Void> in
            let edits = try await pods().map { $0.metadata?.annotations?["example.com/edit"]?.string }
            return edits == [edit, edit] ? .found(()) : .notYet("the pods' edits are \(edits)")
        }
        try await ready(replicas: 2)
    }
}
