// A ModelServer with everything settled that its spec leaves open. The API server has checked the spec with the
// definition's rules, but rules can be older than the object or bypassed: everything that is built on is checked again, and
// a fault is a sentence in a condition.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import Scheduling
internal import Text

/// What one ModelServer's pods and Service are made from.
struct ResolvedServer: Sendable {
    /// Where it comes from.
    let server: ModelServer
    /// What the user wants.
    let spec: ModelServerSpec
    /// The user's pod template as Kubernetes' types know it; what they do not know is in `spec.template`.
    let podSpec: PodSpec
    /// The user's container that serves; empty where the template has none of the name.
    let container: Container
    /// The server in the pods.
    let runtime: RuntimeSettings
    /// NeuronCores of a pod.
    let cores: Int
    /// NeuronCores of one copy of the models.
    let groupSize: Int
    /// What pods get that nobody has said.
    let defaults: ServingDefaults
    /// Changes when pods have to be replaced.
    let hash: String

    /// Settles a server.
    ///
    /// - Parameter coresPerChip: those of the nodes that it may run on, for specs in chips. Where they do not settle it,
    ///   what was settled before stays: nodes that come and go change no running server.
    /// - Throws: `InvalidSpec` where it cannot be carried out.
    init(_ server: ModelServer, coresPerChip: Set<Int>, defaults: ServingDefaults) throws(InvalidSpec) {
        try Self.checkName(server.metadata.name)
        self.server = server
        spec = try server.validSpec()
        let perChip =
            coresPerChip.count == 1 ? coresPerChip : server.settledCoresPerChip.map { [$0] } ?? coresPerChip
        cores = try spec.neuron.coreCount(coresPerChip: perChip)
        groupSize = try spec.neuron.groupSize(cores: cores)
        podSpec = try Self.podSpec(spec.template)
        container = podSpec.servingContainer
        runtime = try RuntimeSettings(spec.runtime, container: container)
        self.defaults = defaults
        let image = container.image == nil ? runtime.profile.image ?? defaults.image : nil
        hash = spec.podHash(defaultImage: image)
        try check()
    }

    /// NeuronCores of a chip; nil where the spec does not count in chips.
    var coresPerChip: Int? { spec.neuron.chips.map { cores / $0 } }

    /// Whether a pod is made from this spec, whatever image the operator puts in now where the template names none: a new
    /// operator restarts nobody's server.
    func isCurrent(_ pod: PodInfo) -> Bool {
        if pod.hash == hash { return true }
        guard container.image == nil, !defaults.replacesImage else { return false }
        let serving = pod.pod.spec.containers.first { $0.name == WellKnown.servingContainer }
        return serving?.image.map { pod.hash == spec.podHash(defaultImage: $0) } ?? false
    }

    /// Copies of the models in a pod.
    var copies: Int { cores / groupSize }

    /// The labels that every pod has and the Service selects by.
    var selector: [String: String] { [WellKnown.serverLabel: server.metadata.name] }

    /// The pods' annotations that the user has set.
    var annotations: [String: String] { spec.template?.metadata?.annotations ?? [:] }

    /// Where the Service answers inside the cluster.
    var url: String { "http://\(server.metadata.name).\(server.metadata.namespace).svc:\(runtime.port)" }

    /// A template's spec, as far as Kubernetes' types know it.
    static func podSpec(_ template: ServerTemplate?) throws(InvalidSpec) -> PodSpec {
        guard let written = template?.spec else { return PodSpec() }
        do throws(JSONError) {
            return try written.decode(PodSpec.self)
        } catch {
            throw InvalidSpec("spec.template.spec.\(error)")
        }
    }

    /// The name becomes a Service's and part of the pods' names and labels.
    private static func checkName(_ name: String) throws(InvalidSpec) {
        let letters = name.utf8
        let isLabel = letters.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isLabel, let first = letters.first, (97...122).contains(first), letters.last != 45,
            letters.count <= 52
        else {
            throw InvalidSpec(
                "the name \"\(name)\" cannot name a Service: it must begin with a letter, have only a-z, 0-9 and -, and at most 52 characters"
            )
        }
    }

    /// Checks that the preset's server can do what is asked of it.
    private func check() throws(InvalidSpec) {
        let profile = runtime.profile
        let name = spec.runtime.preset.rawValue
        if spec.models.count > 1, !profile.servesManyModels {
            throw InvalidSpec(
                "preset \(name) serves one model: make a ModelServer for each of the \(spec.models.count)")
        }
        if let schemes = profile.schemes {
            for model in spec.models {
                guard let scheme = model.scheme, !schemes.contains(scheme) else { continue }
                let known = schemes.map { $0 + "://" }.joined(separator: ", ")
                throw InvalidSpec(
                    "the uri of model \(model.name) is \(model.uri): preset \(name) takes \(known) or a path")
            }
        }
        if spec.batching?.maxBatchSize != nil, !profile.takesBatchSize {
            throw InvalidSpec(
                "preset \(name) cannot be told spec.batching: set it in the server's own configuration")
        }
        if spec.queue?.maxLength != nil, !profile.takesQueueLength {
            throw InvalidSpec(
                "preset \(name) cannot be told spec.queue: set it in the server's own configuration")
        }
        if let delay = spec.batching?.maxBatchDelay {
            guard [.ganglion, .djlLMI].contains(runtime.preset) else {
                throw InvalidSpec(
                    "preset \(name) cannot be told spec.batching.maxBatchDelay: set it in the server's own configuration"
                )
            }
            guard let time = RuntimeHandover.milliseconds(delay), time <= 60_000 else {
                throw InvalidSpec("spec.batching.maxBatchDelay is \(delay): it may be 60s at most")
            }
        }
        if let timeout = spec.queue?.timeout {
            guard runtime.preset == .ganglion else {
                throw InvalidSpec(
                    "preset \(name) cannot be told spec.queue.timeout: set it in the server's own configuration"
                )
            }
            guard let time = RuntimeHandover.milliseconds(timeout), time <= 86_400_000 else {
                throw InvalidSpec("spec.queue.timeout is \(timeout): it may be 86400s at most")
            }
        }
        guard [.ganglion, .custom].contains(runtime.preset) || spec.models.allSatisfy(\.isPlain) else {
            throw InvalidSpec(
                "preset \(name) cannot be told a model's version, memory, utilization or warmup: leave them out"
            )
        }
        let need = spec.models.reduce(0) { $0 + ($1.utilization ?? 0) }
        guard need <= 100 else {
            throw InvalidSpec(
                "spec.models need \(need) percent of a group's time together: serve some of them by another ModelServer"
            )
        }
        if spec.rollout.maxUnavailable == 0, spec.rollout.maxSurge == 0 {
            throw InvalidSpec(
                "spec.rollout has 0 in maxUnavailable and in maxSurge: no pod could be replaced, set one of them"
            )
        }
        if spec.rollout.restartTogether {
            guard spec.gang else {
                throw InvalidSpec("spec.rollout.restartTogether is for gangs: set spec.gang, too")
            }
            guard spec.rollout.maxSurge == 0 else {
                throw InvalidSpec(
                    "spec.rollout.maxSurge is \(spec.rollout.maxSurge): with restartTogether no pod has its next one beside it"
                )
            }
        }
        if let autoscaling = spec.autoscaling {
            guard autoscaling.minReplicas <= autoscaling.maxReplicas else {
                throw InvalidSpec(
                    "spec.autoscaling.maxReplicas is \(autoscaling.maxReplicas): it must not be less than minReplicas, \(autoscaling.minReplicas)"
                )
            }
            guard LoadSource(runtime, autoscaling.metrics) != nil else {
                throw InvalidSpec(
                    "preset \(name) is known to publish no count of requests: name its gauges in spec.autoscaling.metrics"
                )
            }
        }
        if copies > 1, !profile.servesManyCopies {
            throw InvalidSpec(
                "preset \(name) has one copy of the model in a server, not \(copies): set neither tensorParallelDegree nor processesPerReplica, and use replicas"
            )
        }
        if let fault = UnsupportedPlacement(podSpec) {
            throw InvalidSpec("spec.template.spec.\(fault.field) \(fault.words)")
        }
        if let fault = RuntimeHandover(self).contradiction(container, runtime: runtime) {
            throw InvalidSpec(fault)
        }
    }
}

extension PodSpec {
    /// The container that serves; empty where there is none of the name.
    var servingContainer: Container {
        containers.first { $0.name == WellKnown.servingContainer }
            ?? Container(name: WellKnown.servingContainer)
    }
}

extension ModelServer {
    /// The cores of a chip by which its replicas were sized last; nil where none were.
    fileprivate var settledCoresPerChip: Int? {
        if let settled = status?.coresPerChip { return settled }
        // Written before the status had the field.
        guard status?.observedGeneration == metadata.generation, let cores = status?.coresPerReplica,
            let chips = spec?.neuron.chips, chips > 0, cores > 0, cores % chips == 0
        else { return nil }
        return cores / chips
    }
}

extension ModelServerSpec {
    /// A hash of all that pods are made from, as users wrote it and not as this operator turns it into a pod: a new operator
    /// does not restart every server. `replicas` and `rollout` change how many pods there are and how they are replaced, not
    /// what runs in them. `runtime` counts where it says more than the API server's default does.
    ///
    /// - Parameter defaultImage: the image that the operator puts in, nil where the template names one.
    func podHash(defaultImage: String?) -> String {
        var runtime = Self.written(runtime)
        if self.runtime.preset == .ganglion { runtime["preset"] = nil }
        var parts: JSON = [
            "neuron": Self.written(neuron), "models": writtenModels,
            "batching": Self.written(batching), "queue": Self.written(queue),
            "template": Self.written(template ?? ServerTemplate()),
        ]
        parts["image"] = defaultImage.map { .string($0) }
        if runtime != [:] { parts["runtime"] = runtime }
        if gang { parts["gang"] = true }
        var hash = FNV1a(parts.serialized()).value
        // Letters and digits without vowels, as in Kubernetes' own names: they spell nothing.
        let letters = Array("bcdfghjklmnpqrstvwxz2456789")
        return String(
            (0..<8).map { _ in
                defer { hash /= UInt64(letters.count) }
                return letters[Int(hash % UInt64(letters.count))]
            })
    }

    /// The models without the version that the API server puts in: pods of before there were versions stay what they are.
    var writtenModels: JSON {
        .array(
            models.map { model in
                var written = Self.written(model)
                if model.version == "1" { written["version"] = nil }
                return written
            })
    }

    private static func written(_ part: (some Encodable)?) -> JSON {
        part.flatMap { try? JSON(encoding: $0) } ?? .null
    }
}
