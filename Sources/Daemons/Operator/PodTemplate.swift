// The pod of a replica: the user's template with what makes it a model server laid over it. What the user set in the
// container named model-server stays.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI

/// Makes pods and the Service of one ModelServer.
struct PodTemplate: Sendable {
    /// What a pod has to end in where the user says nothing: Kubernetes' own default. Our server's `--grace` is made for it.
    static let terminationGracePeriodSeconds = 30

    /// What they are made from.
    let server: ResolvedServer

    /// The template of a server's pods.
    init(_ server: ResolvedServer) { self.server = server }

    /// The pod of a replica. Its name is always the same, so that a second creation by a stale view cannot happen.
    ///
    /// It is JSON, for the user's template may have fields that this program's types do not know.
    func pod(replica: Int) -> JSON {
        var pod = Pod(metadata(replica: replica), spec: additions)
        pod.spec.containers = [ServingContainer(server).additions]
        let whole = (try? JSON(encoding: pod)) ?? .null
        let patch = StrategicMergePatch(rules: Self.mergeRules)
        let made = patch.applied(whole, to: ["spec": base])
        return modelCache.map { patch.applied($0, to: made) } ?? made
    }

    /// The node's folder of models, where the operator has one and the user's container none of its own. It is no part of what
    /// a revision is made from: another folder is that of new pods.
    private var modelCache: JSON? {
        let variable = "GANGLION_MODEL_CACHE"
        guard let path = server.defaults.modelCachePath, server.runtime.preset == .ganglion,
            !server.container.env.contains(where: { $0.name == variable })
        else { return nil }
        let name = "ganglion-model-cache"
        let place = "/var/cache/ganglion/models"
        var environment: [JSON] = [["name": .string(variable), "value": .string(place)]]
        if let size = server.defaults.modelCacheSize {
            environment.append(["name": "GANGLION_MODEL_CACHE_SIZE", "value": .string(size)])
        }
        return [
            "spec": [
                "volumes": [
                    [
                        "name": .string(name),
                        "hostPath": ["path": .string(path), "type": "DirectoryOrCreate"],
                    ]
                ],
                "containers": [
                    [
                        "name": .string(WellKnown.servingContainer), "env": .array(environment),
                        "volumeMounts": [["name": .string(name), "mountPath": .string(place)]],
                    ]
                ],
            ]
        ]
    }

    /// Kubernetes' rules, but for ports: they would merge by number alone, and TCP and UDP may have the same one.
    private static let mergeRules: MergeRules = {
        var rules = MergeRules.pod
        rules.lists["spec.containers[].ports"] = nil
        return rules
    }()

    /// The Service through which the replicas answer.
    var service: Service {
        let meta = server.server.metadata
        let metadata = ObjectMetadata(
            name: meta.name, namespace: meta.namespace,
            labels: server.selector.merging([WellKnown.managedByLabel: WellKnown.operatorManager]) {
                first, _ in first
            },
            ownerReferences: [server.server.controllerReference])
        let port = ServicePort(
            name: "http", port: server.runtime.port, targetPort: ServingContainer(server).target,
            protocol: "TCP")
        return Service(metadata, spec: ServiceSpec(selector: server.selector, ports: [port]))
    }

    private func metadata(replica: Int) -> ObjectMetadata {
        let meta = server.server.metadata
        let own = server.spec.template?.metadata
        var labels = own?.labels ?? [:]
        for (key, value) in server.selector { labels[key] = value }
        labels[WellKnown.managedByLabel] = WellKnown.operatorManager
        labels[WellKnown.hashLabel] = server.hash
        labels[WellKnown.replicaLabel] = String(replica)
        var annotations = server.annotations
        annotations[WellKnown.coresAnnotation] = nil  // the binding's alone
        if server.spec.gang {
            annotations[WellKnown.gangAnnotation] = server.gangName
            annotations[WellKnown.gangSizeAnnotation] = String(server.spec.replicas)
        }
        addScraping(to: &annotations)
        return ObjectMetadata(
            name: "\(meta.name)-\(server.hash)-\(replica)", namespace: meta.namespace, labels: labels,
            annotations: annotations, ownerReferences: [server.server.controllerReference])
    }

    /// The annotations by which most Prometheus configurations find what to scrape; the user's own stand for all of them.
    private func addScraping(to annotations: inout [String: String]) {
        let prefix = "prometheus.io/"
        guard let metrics = server.runtime.profile.metrics,
            !annotations.keys.contains(where: { $0.hasPrefix(prefix) })
        else { return }
        annotations[prefix + "scrape"] = "true"
        annotations[prefix + "port"] = String(metrics.port ?? server.runtime.port)
        annotations[prefix + "path"] = metrics.path
    }

    /// The user's spec, with the container that serves in the first place where the template has none.
    private var base: JSON {
        var base = server.spec.template?.spec ?? [:]
        base["nodeName"] = nil
        guard !server.podSpec.containers.contains(where: { $0.name == WellKnown.servingContainer }) else {
            return base
        }
        base["containers"] = .array(
            [["name": .string(WellKnown.servingContainer)]] + (base["containers"]?.array ?? []))
        return base
    }

    /// What a pod gets besides its containers.
    private var additions: PodSpec {
        let own = server.podSpec
        var pod = PodSpec()
        pod.schedulerName = WellKnown.scheduler
        if own.restartPolicy == nil { pod.restartPolicy = .always }
        if own.terminationGracePeriodSeconds == nil {
            pod.terminationGracePeriodSeconds = Self.terminationGracePeriodSeconds
        }
        if own.enableServiceLinks == nil { pod.enableServiceLinks = false }
        if own.automountServiceAccountToken == nil { pod.automountServiceAccountToken = false }
        // What an init container writes last is why nothing starts; the status shows it.
        pod.initContainers = own.initContainers.filter { $0.terminationMessagePolicy == nil }.map {
            container in
            var addition = Container(name: container.name)
            addition.terminationMessagePolicy = "FallbackToLogsOnError"
            return addition
        }
        // Lists without a merge key are replaced as a whole.
        pod.tolerations = own.tolerations
        for key in [WellKnown.neuronTaint, server.defaults.resource]
        where !pod.tolerations.contains(where: { $0.key == key }) {
            pod.tolerations.append(Toleration(key: key, operator: .exists, effect: .noSchedule))
        }
        if let types = server.spec.neuron.instanceTypes, !types.isEmpty {
            pod.affinity = Affinity(nodeAffinity: NodeAffinity(required: required(types)))
        }
        return pod
    }

    /// The user's nodes, of these instance types only. Terms are alternatives, so each of them gets the requirement.
    private func required(_ instanceTypes: [String]) -> NodeSelector {
        let requirement = SelectorRequirement(WellKnown.instanceTypeLabel, .in, instanceTypes)
        let own = server.podSpec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        let terms = own?.nodeSelectorTerms ?? []
        return NodeSelector(
            (terms.isEmpty ? [NodeSelectorTerm()] : terms).map { term in
                var term = term
                term.matchExpressions.append(requirement)
                return term
            })
    }
}

extension Service {
    /// Whether it has all that this operator says of it, whatever else the API server or others have added.
    func covers(_ desired: Service) -> Bool {
        let labels = desired.metadata.labels
        return labels.allSatisfy { metadata.labels[$0.key] == $0.value }
            && metadata.ownerReferences == desired.metadata.ownerReferences
            && desired.spec.selector.allSatisfy { spec.selector[$0.key] == $0.value }
            && spec.ports.count == desired.spec.ports.count
            && zip(spec.ports, desired.spec.ports).allSatisfy { observed, desired in
                observed.name == desired.name && observed.port == desired.port
                    && observed.protocol == desired.protocol && observed.targetPort == desired.targetPort
            }
    }
}
