// The pod of a replica: the user's template with what makes it a model server laid over it. What the user set in the
// container named model-server stays.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Text

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
    /// that a new operator does not restart every server. The default image counts where it is used, and spec.runtime where
    /// it says more than the API server's default does.
    var hash: String {
        let written = server["spec"] ?? .null
        var parts: JSON = [
            "neuron": written["neuron"] ?? .null, "models": spec.modelList,
            "batching": written["batching"] ?? .null, "queue": written["queue"] ?? .null,
            "template": spec.template,
        ]
        if spec.container["image"] == nil { parts["image"] = .string(serving.defaultImage) }
        var runtime = written["runtime"] ?? .null
        if runtime["preset"]?.string == RuntimePreset.ganglion.rawValue { runtime["preset"] = nil }
        if runtime.object?.isEmpty == false { parts["runtime"] = runtime }
        var hash = FNV1a(parts.serialized()).value
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
        addScraping(to: &annotations)
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
                        "name": "http", "port": .int(Int64(spec.runtime.port)), "protocol": "TCP",
                        "targetPort": serving.target,
                    ]
                ],
            ],
        ]
    }

    /// The container that serves.
    private var serving: ServingContainer {
        ServingContainer(
            spec: spec, cores: cores, groupSize: groupSize, image: image, command: command, resource: resource
        )
    }

    /// The annotations by which most Prometheus configurations find what to scrape; the user's own stand for all of them.
    private func addScraping(to annotations: inout [String: String]) {
        let prefix = "prometheus.io/"
        guard let metrics = spec.runtime.preset.profile.metrics,
            !annotations.keys.contains(where: { $0.hasPrefix(prefix) })
        else { return }
        annotations[prefix + "scrape"] = "true"
        annotations[prefix + "port"] = String(metrics.port ?? spec.runtime.port)
        annotations[prefix + "path"] = metrics.path
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
        if let index { containers[index] = serving.json } else { containers.insert(serving.json, at: 0) }
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
