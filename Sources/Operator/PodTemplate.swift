// The pod of a replica: the user's template with what makes it a model server laid over it. What the user set in the
// container named model-server stays.

internal import JSON
internal import KubernetesClient

/// Makes pods and the Service of one ModelServer.
struct PodTemplate: Sendable {
    let server: JSON
    let spec: ModelServerSpec
    /// NeuronCores of a pod.
    let cores: Int
    /// NeuronCores of a group.
    let groupSize: Int
    /// The image where the template names none.
    let image: String
    /// The command where the template names no image; empty for the image's own.
    let command: [String]
    /// The extended resource of the cores.
    let resource: String

    /// Changes when pods have to be replaced: it covers what the user wrote, not how this operator turns it into a pod, so
    /// that a new operator does not restart every server.
    var hash: String {
        let neuron = server["spec"]?["neuron"] ?? .null
        let parts: JSON = [
            "neuron": neuron, "models": spec.models, "batching": spec.batching, "queue": spec.queue,
            "template": spec.template, "image": .string(image),
        ]
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
        for byte in parts.serialized() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // Letters and digits without vowels, as in Kubernetes' own names: they spell nothing.
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(
            (0..<8).map { _ in
                defer { hash /= UInt64(letters.count) }
                return letters[Int(hash % UInt64(letters.count))]
            })
    }

    /// The labels that every pod has and the Service selects by.
    var selector: [String: String] { [Names.serverLabel: server.meta.name] }

    /// The pod of a replica. Its name is always the same, so that a second creation by a stale view cannot happen.
    func pod(replica: Int) -> JSON {
        let meta = server.meta
        var labels = spec.template["metadata"]?["labels"]?.strings ?? [:]
        for (key, value) in selector { labels[key] = value }
        labels[Names.managedByLabel] = Names.fieldManager
        labels[Names.hashLabel] = hash
        labels[Names.replicaLabel] = String(replica)
        var metadata: JSON = [
            "name": .string("\(meta.name)-\(hash)-\(replica)"), "namespace": .string(meta.namespace),
            "labels": JSON(labels), "ownerReferences": [owner.json],
        ]
        var annotations = spec.template["metadata"]?["annotations"]?.strings ?? [:]
        annotations[Names.coresAnnotation] = nil  // the binding's alone
        if !annotations.isEmpty { metadata["annotations"] = JSON(annotations) }
        return ["apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": podSpec]
    }

    /// The Service through which the replicas answer.
    var service: JSON {
        let meta = server.meta
        return [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": .string(meta.name), "namespace": .string(meta.namespace),
                "labels": JSON(
                    selector.merging([Names.managedByLabel: Names.fieldManager]) { first, _ in first }),
                "ownerReferences": [owner.json],
            ],
            "spec": [
                "selector": JSON(selector),
                "ports": [
                    [
                        "name": "http", "port": .int(Names.port), "protocol": "TCP",
                        "targetPort": .int(Names.port),
                    ]
                ],
            ],
        ]
    }

    private var owner: OwnerReference {
        OwnerReference(
            apiVersion: APIResource.modelServers.apiVersion, kind: APIResource.modelServers.kind,
            name: server.meta.name, uid: server.meta.uid)
    }

    private var podSpec: JSON {
        var pod = spec.template["spec"] ?? .object([:])
        var containers = pod["containers"]?.array ?? []
        let index = containers.firstIndex { $0["name"]?.string == Names.container }
        let container = self.container(index.map { containers[$0] } ?? .object([:]))
        if let index { containers[index] = container } else { containers.insert(container, at: 0) }
        pod["containers"] = .array(containers)
        pod["schedulerName"] = .string(Names.scheduler)
        pod["nodeName"] = nil
        let defaults: [String: JSON] = [
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "enableServiceLinks": false,
            "automountServiceAccountToken": false,
        ]
        for (key, value) in defaults where pod[key] == nil { pod[key] = value }
        var tolerations = pod["tolerations"]?.array ?? []
        for key in [Names.neuronTaint, resource]
        where !tolerations.contains(where: { $0["key"]?.string == key }) {
            tolerations.append(["key": .string(key), "operator": "Exists", "effect": "NoSchedule"])
        }
        pod["tolerations"] = .array(tolerations)
        if !spec.instanceTypes.isEmpty { require(instanceTypes: spec.instanceTypes, of: &pod) }
        return pod
    }

    private func container(_ template: JSON) -> JSON {
        var container = template
        container["name"] = .string(Names.container)
        if container["image"] == nil, container["command"] == nil, !command.isEmpty {
            container["command"] = JSON(command)
        }
        let probe: JSON = ["path": "/ping", "port": .int(Names.port)]
        let defaults: [String: JSON] = [
            "image": .string(image), "imagePullPolicy": "IfNotPresent",
            // What a server writes last is why it failed; the status shows it.
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "ports": [["name": "http", "containerPort": .int(Names.port), "protocol": "TCP"]],
            // Compiling and loading a model takes minutes; nothing else is asked of the pod until then.
            "startupProbe": [
                "httpGet": probe, "periodSeconds": 1, "timeoutSeconds": 5, "failureThreshold": 1800,
            ],
            "readinessProbe": [
                "httpGet": probe, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 2,
            ],
        ]
        for (key, value) in defaults where container[key] == nil { container[key] = value }
        if container["args"] == nil, !arguments.isEmpty { container["args"] = JSON(arguments) }
        let amount = JSON.string(String(cores))
        container[path: ["resources", "limits", resource]] = amount
        container[path: ["resources", "requests", resource]] = amount
        var environment = container["env"]?.array ?? []
        for variable in self.environment
        where !environment.contains(where: { $0["name"] == variable["name"] }) {
            environment.append(variable)
        }
        container["env"] = .array(environment)
        return container
    }

    private var arguments: [String] {
        let options: [(String, JSON?)] = [
            ("--max-batch-size", spec.batching["maxBatchSize"]), ("--queue", spec.queue["maxLength"]),
        ]
        return options.flatMap { name, value in value?.int.map { [name, String($0)] } ?? [] }
    }

    private var environment: [JSON] {
        [
            ["name": "GANGLION_MODELS", "value": .string(spec.models.text())],
            ["name": "TENSOR_PARALLEL_DEGREE", "value": .string(String(groupSize))],
            ["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
        ]
    }

    /// Terms of a node affinity are alternatives, so each of them gets the requirement.
    private func require(instanceTypes: [String], of pod: inout JSON) {
        let path = [
            "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
        ]
        let requirement: JSON = [
            "key": .string(Names.instanceTypeLabel), "operator": "In", "values": JSON(instanceTypes),
        ]
        let terms = pod[path: path]?.array ?? []
        pod[path: path] = .array(
            (terms.isEmpty ? [.object([:])] : terms).map { term in
                var term = term
                term["matchExpressions"] = .array((term["matchExpressions"]?.array ?? []) + [requirement])
                return term
            })
    }
}

/// Whether `observed` has everything that `desired` says, whatever else the API server or others have added.
func covers(_ observed: JSON, _ desired: JSON) -> Bool {
    switch (observed, desired) {
    case (.object(let observed), .object(let desired)):
        return desired.allSatisfy { key, value in observed[key].map { covers($0, value) } ?? false }
    case (.array(let observed), .array(let desired)):
        return observed.count == desired.count && zip(observed, desired).allSatisfy { covers($0, $1) }
    default:
        return observed == desired
    }
}
