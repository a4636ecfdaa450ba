// What a user wants of a ModelServer. Each type has its schema beside it; a field that is in one and not in the other fails a
// test. Optional means that the user may leave a field out and that it matters whether they did.

package import JSON

/// `spec` of a ModelServer.
package struct ModelServerSpec: Codable, Equatable, Sendable {
    /// Pods that serve.
    package var replicas = 1
    /// The NeuronCores of each replica.
    package var neuron: NeuronRequest
    /// The server in the pods.
    package var runtime = RuntimeChoice()
    /// What every group loads, at least one; names and versions are unique.
    package var models: [ServedModel]
    /// How requests are put together.
    package var batching: Batching?
    /// How many requests may wait.
    package var queue: Queue?
    /// How the number of replicas follows the load; nil where users or others set it.
    package var autoscaling: Autoscaling?
    /// How pods are replaced.
    package var rollout = Rollout()
    /// Whether all pods are placed together or none.
    package var gang = false
    /// How many pods a drain may take away; nil where there is no PodDisruptionBudget.
    package var disruptionBudget: DisruptionAllowance?
    /// Whether an edit replaces no pods for now.
    package var paused = false
    /// Earlier revisions that the status keeps.
    package var revisionHistoryLimit = 5
    /// What is laid under the operator's own pod template.
    package var template: ServerTemplate?

    /// A spec with the defaults for the rest.
    package init(neuron: NeuronRequest, models: [ServedModel]) {
        self.neuron = neuron
        self.models = models
    }

    /// Decodes what users wrote; the API server's defaults stand where they left something out.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        neuron = try container.decode(NeuronRequest.self, forKey: .neuron)
        models = try container.decode([ServedModel].self, forKey: .models)
        replicas = try container.decodeIfPresent(Int.self, forKey: .replicas) ?? replicas
        runtime = try container.decodeIfPresent(RuntimeChoice.self, forKey: .runtime) ?? runtime
        batching = try container.decodeIfPresent(Batching.self, forKey: .batching)
        queue = try container.decodeIfPresent(Queue.self, forKey: .queue)
        autoscaling = try container.decodeIfPresent(Autoscaling.self, forKey: .autoscaling)
        rollout = try container.decodeIfPresent(Rollout.self, forKey: .rollout) ?? rollout
        gang = try container.decodeIfPresent(Bool.self, forKey: .gang) ?? gang
        disruptionBudget = try container.decodeIfPresent(
            DisruptionAllowance.self, forKey: .disruptionBudget)
        paused = try container.decodeIfPresent(Bool.self, forKey: .paused) ?? paused
        revisionHistoryLimit =
            try container.decodeIfPresent(Int.self, forKey: .revisionHistoryLimit) ?? revisionHistoryLimit
        template = try container.decodeIfPresent(ServerTemplate.self, forKey: .template)
    }

    /// What it may hold.
    package static let schema = Schema.object(
        "What the user wants.",
        [
            "replicas": .integer("How many pods serve; 0 stops all of them.", 0...1000).defaulting(to: 1),
            "neuron": NeuronRequest.schema,
            "runtime": RuntimeChoice.schema.defaulting(to: [:]),
            "models": .list(
                "The models that every group of every replica loads.", of: ServedModel.schema, count: 1...64,
                .map(["name", "version"])),
            "batching": Batching.schema,
            "queue": Queue.schema,
            "autoscaling": Autoscaling.schema,
            "rollout": Rollout.schema.defaulting(to: [:]),
            "gang": .boolean(
                """
                Whether the pods are placed together or not at all, for servers that cannot work with some of them; when it is \
                switched on, all pods are replaced at once.
                """
            ).defaulting(to: false),
            "disruptionBudget": DisruptionAllowance.schema,
            "paused": .boolean(
                """
                Whether an edit replaces no pods for now. Pods that are made meanwhile, as by scaling, are like those that there \
                are.
                """
            ).defaulting(to: false),
            "revisionHistoryLimit": .integer(
                "How many earlier revisions status.revisions keeps for the annotation ganglion.dev/rollback-to.",
                0...20
            ).defaulting(to: 5),
            "template": ServerTemplate.schema,
        ], required: ["neuron", "models"], rules: presetRules + gangRules)
}

/// `spec.neuron`: how many NeuronCores a replica has, and their groups.
package struct NeuronRequest: Codable, Equatable, Sendable {
    /// NeuronCores of a replica; either these or `chips`.
    package var cores: Int?
    /// Chips of a replica.
    package var chips: Int?
    /// NeuronCores of a group; at most one of this and `processesPerReplica`.
    package var tensorParallelDegree: Int?
    /// Groups of a replica.
    package var processesPerReplica: Int?
    /// EC2 instance types; nil and none mean any.
    package var instanceTypes: [String]?

    /// A request.
    package init(cores: Int? = nil, chips: Int? = nil, instanceTypes: [String]? = nil) {
        self.cores = cores
        self.chips = chips
        self.instanceTypes = instanceTypes
    }

    /// The most NeuronCores of a replica: no node has more.
    package static let maximumCores = 128

    /// What it may hold.
    package static let schema = Schema.object(
        "The NeuronCores of each replica and how they are split into groups.",
        [
            "cores": .integer("NeuronCores of one replica.", 1...maximumCores),
            "chips": .integer("Whole chips of one replica.", 1...16),
            "tensorParallelDegree": .integer(
                "NeuronCores of one copy of a model; all cores of the replica by default.", 1...maximumCores),
            "processesPerReplica": .integer(
                "Copies of a model in one replica; each has cores / processesPerReplica NeuronCores.",
                1...maximumCores),
            "instanceTypes": .list(
                "The EC2 instance types to run on, such as inf2.48xlarge; any by default.",
                of: .string(count: 1...63), count: 0...32, .set),
        ], rules: sizeRules)
}

/// `spec.runtime`: which server runs, and what is changed about it.
package struct RuntimeChoice: Codable, Equatable, Sendable {
    /// The server.
    package var preset = RuntimePreset.ganglion
    /// Where it serves; nil for the container's or the preset's port.
    package var port: Int?
    /// Answers 200 to 399 when the server can serve.
    package var readinessPath: String?
    /// Answers 200 to 399 while it need not be restarted.
    package var livenessPath: String?
    /// How long a start may take.
    package var startupTimeoutSeconds: Int?

    /// The project's own server as it is.
    package init() {}

    /// Decodes what users wrote, with the default preset where they named none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        preset = try container.decodeIfPresent(RuntimePreset.self, forKey: .preset) ?? preset
        port = try container.decodeIfPresent(Int.self, forKey: .port)
        readinessPath = try container.decodeIfPresent(String.self, forKey: .readinessPath)
        livenessPath = try container.decodeIfPresent(String.self, forKey: .livenessPath)
        startupTimeoutSeconds = try container.decodeIfPresent(Int.self, forKey: .startupTimeoutSeconds)
    }

    /// What it may hold.
    package static let schema = Schema.object(
        "The server that runs in the pods. docs/SERVERS.md says what each preset knows.",
        [
            "preset": .choice(
                """
                Which server it is; it decides port, probes, metrics, image and how the models are handed over. custom is \
                any other server: it gets the environment GANGLION_MODELS, GANGLION_PORT, TENSOR_PARALLEL_DEGREE and POD_IP.
                """, of: RuntimePreset.self
            ).defaulting(to: .string(RuntimePreset.ganglion.rawValue)),
            "port": .integer(
                """
                Where the server serves HTTP, and the Service too; by default the port named http of the template's \
                container, else the preset's.
                """, 1...65_535),
            "readinessPath": .string(
                """
                Answers 200 to 399 when the server can serve; by default the preset's, which for custom is none: then a \
                connection to the port is enough.
                """, count: 0...1024, pattern: .path),
            "livenessPath": .string(
                "Answers 200 to 399 while the server need not be restarted; by default the preset's.",
                count: 0...1024, pattern: .path),
            "startupTimeoutSeconds": .integer(
                """
                How long a start may take, download and compilation included, before the container is restarted; by \
                default the preset's.
                """, 1...86_400),
        ])
}

/// One of `spec.models`.
package struct ServedModel: Codable, Equatable, Sendable {
    /// Its name in URLs.
    package var name: String
    /// Its version; a name may have several.
    package var version = "1"
    /// Where it is: a URI, a path or a name that the server understands.
    package var uri: String
    /// Octets of a chip's memory that a copy may take, as a quantity; nil for what there is.
    package var memory: String?
    /// Percent of a group's time that it is expected to need; nil where nobody has said it.
    package var utilization: Int?
    /// Texts that each group computes before the model is ready; nil for the server's own.
    package var warmup: [String]?

    /// A model.
    package init(name: String, uri: String) {
        self.name = name
        self.uri = uri
    }

    /// Decodes what users wrote, with the default version where they named none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        version = try container.decodeIfPresent(String.self, forKey: .version) ?? version
        uri = try container.decode(String.self, forKey: .uri)
        memory = try container.decodeIfPresent(String.self, forKey: .memory)
        utilization = try container.decodeIfPresent(Int.self, forKey: .utilization)
        warmup = try container.decodeIfPresent([String].self, forKey: .warmup)
    }

    /// Whether it says nothing but name and place, which is all that servers of others can be told.
    package var isPlain: Bool { version == "1" && memory == nil && utilization == nil && warmup == nil }

    /// What it may hold.
    package static let schema = Schema.object(
        "",
        [
            "name": .string("The model's name in URLs.", count: 1...63, pattern: .name),
            "version": .string(
                "The model's version in URLs; a name may have several, of which the highest is meant where none is named.",
                count: 1...32, pattern: .name
            ).defaulting(to: "1"),
            "uri": .string(
                """
                Where the model is: a path in the container (file:///models/all-MiniLM-L6-v2), a model of the Hugging Face \
                Hub (hf://OWNER/NAME), or what else the preset's server takes; ganglion fetches s3://BUCKET/PREFIX, \
                https://HOST/FILE.tar.gz and oci://REGISTRY/NAME:TAG.
                """, count: 1...2048),
            "memory": .string(
                """
                How much of its group's memory a copy may take, such as 2Gi; one that takes more is not served. All of it by \
                default.
                """, count: 1...20, pattern: .octets),
            "utilization": .integer(
                """
                How much of a group's time the model is expected to need, in percent: as much is kept for it while others \
                wait, too. The models of a server need 100 at most together.
                """, 1...100),
            "warmup": .list(
                "Texts that each group computes before the model is ready; one short text by default.",
                of: .string(count: 1...4096), count: 0...16),
        ], required: ["name", "uri"])
}

/// `spec.batching`.
package struct Batching: Codable, Equatable, Sendable {
    /// Requests that are computed together at most.
    package var maxBatchSize: Int?
    /// How long the oldest request waits for others, such as `5ms`.
    package var maxBatchDelay: String?

    /// A limit; nil for the server's own.
    package init(maxBatchSize: Int? = nil) { self.maxBatchSize = maxBatchSize }

    /// What it may hold.
    package static let schema = Schema.object(
        "How requests are put together.",
        [
            "maxBatchSize": .integer("Requests that are computed together at most.", 1...1024),
            "maxBatchDelay": .string(
                "How long the oldest request waits for others while a group is idle, such as 5ms; at most 60s. Not at all by default.",
                count: 2...8, pattern: .time),
        ])
}

/// `spec.queue`.
package struct Queue: Codable, Equatable, Sendable {
    /// Requests that wait at most.
    package var maxLength: Int?
    /// How long a request waits at most, such as `30s`.
    package var timeout: String?

    /// A limit; nil for the server's own.
    package init(maxLength: Int? = nil) { self.maxLength = maxLength }

    /// What it may hold.
    package static let schema = Schema.object(
        "How many requests may wait, and how long.",
        [
            "maxLength": .integer("Requests that wait at most; others are refused.", 1...100_000),
            "timeout": .string(
                "How long a request waits for a group until it is refused, such as 30s; 60s by default.",
                count: 2...8, pattern: .time),
        ])
}

/// `spec.rollout`.
package struct Rollout: Codable, Equatable, Sendable {
    /// Replicas that may be missing at a time.
    package var maxUnavailable = 1
    /// Replicas that may have a second pod at a time.
    package var maxSurge = 0
    /// Seconds after which a pod whose node does not answer is given up; nil for never.
    package var replaceLostAfterSeconds: Int?
    /// Whether all pods of a gang are made anew where one of them has ended, restarted or gone.
    package var restartTogether = false

    /// One replica at a time.
    package init() {}

    /// Decodes what users wrote, with the default where they left it out.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        maxUnavailable = try container.decodeIfPresent(Int.self, forKey: .maxUnavailable) ?? maxUnavailable
        maxSurge = try container.decodeIfPresent(Int.self, forKey: .maxSurge) ?? maxSurge
        replaceLostAfterSeconds = try container.decodeIfPresent(Int.self, forKey: .replaceLostAfterSeconds)
        restartTogether =
            try container.decodeIfPresent(Bool.self, forKey: .restartTogether) ?? restartTogether
    }

    /// What it may hold.
    package static let schema = Schema.object(
        """
        How pods are replaced when the template changes. NeuronCores are scarce, so by default one goes before the next one \
        comes.
        """,
        [
            "maxUnavailable": .integer(
                "How many replicas may be missing at a time; 0 only with maxSurge.", 0...1000
            ).defaulting(to: 1),
            "maxSurge": .integer(
                """
                How many replicas may have their next pod beside the one that serves, until it serves, too. Where there are no \
                free NeuronCores for it, the one that serves goes first if maxUnavailable allows that; else the rollout waits.
                """, 0...1000
            ).defaulting(to: 0),
            "replaceLostAfterSeconds": .integer(
                """
                How long a node may be not ready until its pods are deleted by force and made anew elsewhere; by default \
                they are waited for. What runs on a node that is only cut off goes on until the node is back.
                """, 30...86_400),
            "restartTogether": .boolean(
                """
                Whether all pods of a gang are made anew where one of them has ended or gone, where one of its containers was \
                restarted, and when the template or replicas change; maxUnavailable does not count then.
                """
            ).defaulting(to: false),
        ],
        rules: [
            SchemaRule(
                // A rule is also tried on the default of its object, {}, in which the defaults of fields do not stand yet.
                rule:
                    "!has(self.maxUnavailable) || self.maxUnavailable > 0 || has(self.maxSurge) && self.maxSurge > 0",
                message: "maxUnavailable and maxSurge must not both be 0: no pod could be replaced")
        ])
}

/// `spec.disruptionBudget`.
package struct DisruptionAllowance: Codable, Equatable, Sendable {
    /// Pods that may be missing at a time.
    package var maxUnavailable = 1

    /// One pod at a time.
    package init() {}

    /// Decodes what users wrote, with the default where they left it out.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        maxUnavailable = try container.decodeIfPresent(Int.self, forKey: .maxUnavailable) ?? maxUnavailable
    }

    /// What it may hold.
    package static let schema = Schema.object(
        """
        A PodDisruptionBudget of the server's name, for drains of nodes; by default there is none. Make no other for the same \
        pods: pods of two budgets cannot be evicted.
        """,
        [
            "maxUnavailable": .integer(
                "How many replicas may be missing when a drain takes another; 0 keeps it from all of them.",
                0...1000
            ).defaulting(to: 1)
        ])
}

/// `spec.template`: what the user wants of the pods.
package struct ServerTemplate: Codable, Equatable, Sendable {
    /// What the pods' metadata gets.
    package struct Metadata: Codable, Equatable, Sendable {
        /// Labels besides the operator's own.
        package var labels: [String: String]?
        /// Annotations besides the operator's own.
        package var annotations: [String: String]?

        /// What it may hold.
        package static let schema = Schema.object(
            "What the pods' metadata gets besides the operator's own.",
            [
                "labels": .map("Labels.", of: .string(count: 0...63), count: 0...64),
                "annotations": .map("Annotations.", of: .string(count: 0...4096), count: 0...64),
            ])
    }

    /// Labels and annotations.
    package var metadata: Metadata?
    /// A pod's spec as Kubernetes knows it; the API server checks it when a pod is made.
    package var spec: JSON?

    /// A specification with no field set.
    package init() {}

    /// What it may hold.
    package static let schema = Schema.object(
        """
        A pod template that is laid under the operator's own. The container named model-server is the server's; what it \
        sets (image, env, ports, probes, volumeMounts) is kept, and its args follow those of the preset.
        """,
        [
            "metadata": Metadata.schema,
            "spec": .opaque("A pod's spec as Kubernetes knows it; checked when a pod is made."),
        ])
}
