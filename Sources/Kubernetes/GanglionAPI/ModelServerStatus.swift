// What the operator has seen of a ModelServer.

package import JSON
package import KubernetesAPI

/// `status` of a ModelServer.
package struct ModelServerStatus: Codable, Equatable, Sendable {
    /// The generation of the spec that this is about.
    package var observedGeneration: Int?
    /// Pods that exist and do not end.
    package var replicas: Int?
    /// Pods whose every group has loaded every model.
    package var readyReplicas: Int?
    /// Pods made from the present template.
    package var updatedReplicas: Int?
    /// NeuronCores of a replica.
    package var coresPerReplica: Int?
    /// NeuronCores of a chip; nil where the spec does not count in chips. They stay when nodes of other kinds join.
    package var coresPerChip: Int?
    /// Nodes that the groups are on: their name, or how many they are.
    package var nodes: String?
    /// The NeuronCores of the only group, or how many groups there are.
    package var neuronCores: String?
    /// The pods' label selector, for the scale subresource.
    package var selector: String?
    /// Where the server answers inside the cluster.
    package var url: String?
    /// Where each pod publishes its load.
    package var metrics: Metrics?
    /// What the autoscaler sees and wants; nil without `spec.autoscaling`.
    package var autoscaling: AutoscalingStatus?
    /// One entry for each model copy's NeuronCores.
    package var groups: [Group] = []
    /// What pods were and are made from, the newest last.
    package var revisions: [Revision] = []
    /// How far the models are.
    package var modelStatus: ModelStatus?
    /// Placed, ModelsLoaded, Ready, Progressing and Degraded; with `spec.autoscaling` also ScalingActive.
    package var conditions: [Condition] = []

    /// Nothing is known.
    package init() {}

    /// What it may hold.
    package static let schema = Schema.object(
        "What the operator has seen.",
        [
            "observedGeneration": .large("The generation of the spec that this status is about."),
            "replicas": .integer("Pods that exist and do not end."),
            "readyReplicas": .integer("Pods whose every group has loaded every model."),
            "updatedReplicas": .integer("Pods made from the present template."),
            "coresPerReplica": .integer("NeuronCores of one replica."),
            "coresPerChip": .integer(
                "NeuronCores of a chip, where the spec counts in chips; they stay when nodes of other kinds join."
            ),
            "nodes": .string("The node of the groups, or how many nodes they are on."),
            "neuronCores": .string("The node's core numbers of the group, or how many groups there are."),
            "selector": .string("The pods' label selector, for the scale subresource."),
            "url": .string("Where the server answers inside the cluster."),
            "metrics": Metrics.schema,
            "autoscaling": AutoscalingStatus.schema,
            "groups": .list(
                "One entry for each model copy's NeuronCores.", of: Group.schema, count: 0...4096),
            "revisions": .list(
                "What pods were and are made from, the present one last.", of: Revision.schema, count: 0...21),
            "modelStatus": ModelStatus.schema,
            "conditions": .conditions,
        ])

    /// Where a pod publishes its load as Prometheus metrics.
    package struct Metrics: Codable, Equatable, Sendable {
        /// The pod's port.
        package var port: Int
        /// The path.
        package var path: String
        /// The gauge of requests that are computed; nil where the server has none.
        package var running: String?
        /// The gauge of requests that wait; nil where the server has none.
        package var waiting: String?

        /// A source of metrics.
        package init(port: Int, path: String, running: String? = nil, waiting: String? = nil) {
            self.port = port
            self.path = path
            self.running = running
            self.waiting = waiting
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "Where each pod publishes its load, as Prometheus metrics.",
            [
                "port": .integer("The port of the pod."),
                "path": .string("The path."),
                "running": .string("The gauge of requests that are computed, where the server has one."),
                "waiting": .string("The gauge of requests that wait, where the server has one."),
            ])
    }

    /// What pods were made from for a while.
    package struct Revision: Codable, Equatable, Sendable {
        /// Its number; each edit of what pods are made from counts one further.
        package var revision: Int
        /// The label `ganglion.dev/template-hash` of its pods.
        package var templateHash: String
        /// The fields of the spec that pods are made from.
        package var spec: JSON?

        /// A revision.
        package init(revision: Int, templateHash: String, spec: JSON) {
            self.revision = revision
            self.templateHash = templateHash
            self.spec = spec
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "",
            [
                "revision": .large("The number that the annotation ganglion.dev/rollback-to names."),
                "templateHash": .string("The label ganglion.dev/template-hash of its pods."),
                "spec": .opaque("The fields of the spec that pods are made from."),
            ])
    }

    /// How far a pod is.
    package enum Phase: String, CaseIterable, Codable, Sendable {
        /// It has no node yet.
        case pending = "Pending"
        /// It has its cores and loads its models.
        case loading = "Loading"
        /// It serves.
        case ready = "Ready"
        /// It has failed; the conditions say why.
        case failed = "Failed"
        /// It is being deleted.
        case terminating = "Terminating"
    }

    /// The NeuronCores of one copy of the models.
    package struct Group: Codable, Equatable, Sendable {
        /// The pod's name.
        package var pod: String
        /// Its node; nil while it has none.
        package var node: String?
        /// The node's core numbers, such as `4,5,6,7`; nil while nobody has said.
        package var cores: String?
        /// How far the pod is.
        package var phase: Phase?

        /// A group.
        package init(pod: String, node: String? = nil, cores: String? = nil, phase: Phase) {
            self.pod = pod
            self.node = node
            self.cores = cores
            self.phase = phase
        }

        /// What it may hold.
        package static let schema = Schema.object(
            "",
            [
                "pod": .string("The pod's name."),
                "node": .string("The pod's node; absent while it has none."),
                "cores": .string("The node's core numbers, such as 4,5,6,7."),
                "phase": .choice("How far the pod is.", of: Phase.self),
            ], required: ["pod"])
    }
}
