// Pods as the suite makes them: they satisfy the restricted Pod Security Standard, so that they run in any namespace, and
// what they run needs nothing that it forbids.

import GanglionAPI
import JSON

/// A container to be.
struct ContainerForm: Sendable {
    var name = "main"
    /// NeuronCores, or chips; 0 for none.
    var amount: Int
    var resource = NodeFacts.coreResource
    /// The sub-command of `ganglion`.
    var arguments = ["report", "--stay"]
    /// `Always` makes an init container a sidecar.
    var restartPolicy: String?

    func json(image: String) -> JSON {
        var container: JSON = [
            "name": .string(name), "image": .string(image), "imagePullPolicy": "IfNotPresent",
            "command": ["/ganglion"], "args": JSON(arguments),
            "env": [["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]]],
            "securityContext": [
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true,
                "runAsUser": 65532, "capabilities": ["drop": ["ALL"]],
                "seccompProfile": ["type": "RuntimeDefault"],
            ],
        ]
        if amount > 0 { container.resources = ["limits": JSON([resource: String(amount)])] }
        if let restartPolicy { container.restartPolicy = .string(restartPolicy) }
        return container
    }
}

/// A pod to be.
struct PodForm: Sendable {
    /// Who places it.
    enum Scheduler: String, Sendable, CaseIterable {
        case ganglion = "ganglion-operator"
        case cluster = "default-scheduler"
    }

    var name: String
    var scheduler = Scheduler.ganglion
    var containers: [ContainerForm]
    var initContainers: [ContainerForm] = []

    /// A pod of one container.
    init(_ name: String, cores: Int, scheduler: Scheduler = .ganglion) {
        self.name = name
        self.scheduler = scheduler
        containers = [ContainerForm(amount: cores)]
    }

    /// A pod of several.
    init(
        _ name: String, scheduler: Scheduler = .ganglion, containers: [ContainerForm],
        initContainers: [ContainerForm] = []
    ) {
        self.name = name
        self.scheduler = scheduler
        self.containers = containers
        self.initContainers = initContainers
    }

    /// The object.
    func json(namespace: String, node: String, image: String) -> JSON {
        var spec: JSON = [
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 2, "enableServiceLinks": false,
            "automountServiceAccountToken": false, "schedulerName": .string(scheduler.rawValue),
            "nodeSelector": ["kubernetes.io/hostname": .string(node)],
            "tolerations": .array(
                [WellKnown.neuronChip, WellKnown.neuronCore].map(JSON.string).map {
                    ["key": $0, "operator": "Exists", "effect": "NoSchedule"]
                }),
            "containers": .array(containers.map { $0.json(image: image) }),
        ]
        if !initContainers.isEmpty {
            spec.initContainers = .array(initContainers.map { $0.json(image: image) })
        }
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": spec,
        ]
    }
}
