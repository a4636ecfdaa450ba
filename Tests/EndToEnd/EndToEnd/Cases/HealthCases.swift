// A chip fails and comes back. Only a fake one can be asked to.

import JSON
import KubernetesAPI
import KubernetesClient
import Placement

extension Case {
    static let healthCases = [
        Case(
            "health",
            "a chip that fails takes its cores away and says so, and brings them back when it is well"
        ) {
            context in
            let node = context.node
            try require(
                node: context.settings.isFake || node.isFake,
                "the chips of \(node.name) are real, and nobody lets a real chip fail")
            try require(node: node.topology.chipCount > 1, "the node has one chip only")
            try await context.requireIdleNode()
            let chip = node.topology.chipCount - 1
            let whole = node.allocatable
            // Who holds a core of the chip, and goes on.
            let held = try await context.given(PodForm("all", cores: whole))
            context.undo.later { try await context.writeFault("heal-last", ["fake", "heal"], chip) }
            try await context.writeFault("fail", ["fake", "fault"], chip)
            try await context.health(of: chip, is: "Unhealthy", allocatable: whole - node.coresPerChip)
            let condition = try await context.nodeNow().condition("Healthy")
            try require(
                condition == "False", "condition Healthy of the NeuronNode is \(condition ?? "missing")")
            try await context.eventAboutNode("ChipResetFailed", "neuron\(chip)")
            let pod = try await context.pod("all")
            try require(pod.status?.phase == "Running", CaseContext.summary(of: pod))
            try require(held.count == whole, "the pod had \(held.count) cores")
            try await context.remove("all")
            // The cores that are left, and not one of the chip's.
            let rest = whole - node.coresPerChip
            let size = node.topology.validCoreCounts.last { $0 <= rest } ?? 1
            let cores = try await context.given(PodForm("rest", cores: size))
            try require(
                !cores.contains { $0 / node.coresPerChip == chip },
                "cores \(cores) have one of neuron\(chip)'s")
            try await context.writeFault("heal", ["fake", "heal"], chip)
            try await context.health(of: chip, is: "Healthy", allocatable: whole)
            try await context.eventAboutNode("ChipHealthy", "neuron\(chip)")
            try await context.remove("rest")
            try await context.given(PodForm("again", cores: whole))
        }
    ]
}

extension CaseContext {
    /// Runs `ganglion fake fault` or `heal` on the node, as root, on the tree that the plugin reads.
    fileprivate func writeFault(_ name: String, _ command: [String], _ chip: Int) async throws {
        let root = settings.fakeRoot
        let arguments = command + ["--root", root, "--chip", String(chip)]
        let pod: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace)],
            "spec": [
                "restartPolicy": "Never", "nodeName": .string(node.name),
                "automountServiceAccountToken": false,
                "tolerations": [["operator": "Exists"]],
                "containers": [
                    [
                        "name": "main", "image": .string(settings.image), "imagePullPolicy": "IfNotPresent",
                        "command": ["/ganglion"], "args": JSON(arguments),
                        "securityContext": ["runAsUser": 0],
                        // The same path on both sides: where containers are processes of the host, it is the host's.
                        "volumeMounts": [["name": "fake", "mountPath": .string(root)]],
                    ]
                ],
                "volumes": [["name": "fake", "hostPath": ["path": .string(root), "type": "Directory"]]],
            ],
        ]
        try await client.create(.pods, pod)
        try await eventually("\(command.joined(separator: " ")) of neuron\(chip)") { () -> Look<Void> in
            let pod = try await self.pod(name)
            guard pod.status?.phase != "Failed" else {
                let log = try? await client.log(of: pod.objectKey, container: "main")
                throw CaseFailure("\(Self.summary(of: pod)): \(log ?? "no log")")
            }
            return pod.status?.phase == "Succeeded" ? .found(()) : .notYet(Self.summary(of: pod))
        }
    }

    fileprivate func health(of chip: Int, is health: String, allocatable: Int) async throws {
        try await eventually("neuron\(chip) is \(health), \(allocatable) cores are allocatable") {
            () -> Look<Void> in
            let now = try await nodeNow()
            let seen = now.health(ofChip: chip) ?? "unknown"
            return seen == health && now.allocatable == allocatable
                ? .found(()) : .notYet("neuron\(chip) is \(seen), \(now.allocatable) cores are allocatable")
        }
    }

    /// Waits for an event about the node, which `kubectl describe node` shows.
    fileprivate func eventAboutNode(_ reason: String, _ text: String) async throws {
        try await eventually("event \(reason) about \(node.name)") {
            let events = try await client.list(.events).items?.array ?? []
            return events.contains {
                $0.reason?.string == reason && $0.regarding?.name?.string == node.name
                    && $0.note?.string?.contains(text) == true
            }
        }
    }
}
