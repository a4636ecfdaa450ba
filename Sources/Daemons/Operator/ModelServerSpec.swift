// What a ModelServer asks for. The API server has checked it with the CRD's rules, but rules can be older than the object
// or bypassed: everything that is built on is checked again, and a fault is a sentence in a condition.

internal import JSON
internal import KubernetesClient

/// A spec that cannot be carried out, in one sentence.
struct InvalidSpec: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// The parts of a ModelServer's spec that the operator acts on.
struct ModelServerSpec: Equatable, Sendable {
    /// How the size of a replica is given.
    enum Size: Equatable, Sendable {
        case cores(Int)
        case chips(Int)
    }

    /// How a replica is split.
    enum Split: Equatable, Sendable {
        /// One group of all cores.
        case whole
        case tensorParallelDegree(Int)
        case processesPerReplica(Int)
    }

    /// Pods to run.
    var replicas: Int
    /// The NeuronCores of a pod.
    var size: Size
    /// The groups of a pod.
    var split: Split
    /// The instance types to run on; any when empty.
    var instanceTypes: [String]
    /// The server in the pods.
    var runtime: RuntimeSpec
    /// The models, at least one.
    var models: [ServedModel]
    /// The models as written.
    var modelList: JSON
    /// How many replicas may be missing during a rollout, at least 1.
    var maxUnavailable: Int
    /// The user's pod template.
    var template: JSON
    /// The user's container that serves; empty where the template has none of the name.
    var container: JSON
    /// Requests that are computed together and requests that wait, where they are set.
    var maxBatchSize: Int?
    var maxQueueLength: Int?

    static let maximumReplicas = 1000
    static let maximumCores = 128

    /// Reads a ModelServer.
    init(_ server: JSON) throws(InvalidSpec) {
        let spec = server["spec"] ?? .null
        guard spec.object != nil else { throw InvalidSpec(description: "spec is missing") }
        try Self.checkName(server.meta.name)
        replicas = try Self.number(spec["replicas"], "replicas", in: 0...Self.maximumReplicas) ?? 1
        let neuron = spec["neuron"] ?? .null
        guard neuron.object != nil else { throw InvalidSpec(description: "spec.neuron is missing") }
        size = try Self.size(neuron)
        split = try Self.split(neuron)
        if case .cores(let cores) = size { _ = try Self.groupSize(split, cores: cores) }
        instanceTypes = (neuron["instanceTypes"]?.array ?? []).compactMap(\.string)
        modelList = spec["models"] ?? .array([])
        models = try Self.models(modelList)
        maxUnavailable =
            try Self.number(spec["rollout"]?["maxUnavailable"], "rollout.maxUnavailable", in: 1...Int.max)
            ?? 1
        template = spec["template"] ?? .object([:])
        if let containers = template["spec"]?["containers"], containers.array == nil {
            throw InvalidSpec(description: "spec.template.spec.containers is not a list")
        }
        container =
            (template["spec"]?["containers"]?.array ?? []).first { $0["name"]?.string == Names.container }
            ?? .object([:])
        maxBatchSize = try Self.number(
            spec["batching"]?["maxBatchSize"], "batching.maxBatchSize", in: 1...1024)
        maxQueueLength = try Self.number(spec["queue"]?["maxLength"], "queue.maxLength", in: 1...100_000)
        runtime = try RuntimeSpec(spec["runtime"] ?? .null, container: container)
        try checkRuntime()
    }

    /// Cores of one group when a replica has `cores`.
    static func groupSize(_ split: Split, cores: Int) throws(InvalidSpec) -> Int {
        switch split {
        case .whole: return cores
        case .tensorParallelDegree(let degree):
            guard cores % degree == 0 else { throw indivisible(cores, "tensorParallelDegree", degree) }
            return degree
        case .processesPerReplica(let processes):
            guard cores % processes == 0 else { throw indivisible(cores, "processesPerReplica", processes) }
            return cores / processes
        }
    }

    private static func indivisible(_ cores: Int, _ name: String, _ value: Int) -> InvalidSpec {
        let divisors = (1...cores).filter { cores % $0 == 0 }.map(String.init).joined(separator: ", ")
        return InvalidSpec(
            description:
                "spec.neuron.\(name) (\(value)) does not divide \(cores) cores: valid values are \(divisors)")
    }

    private static func size(_ neuron: JSON) throws(InvalidSpec) -> Size {
        let cores = try number(neuron["cores"], "neuron.cores", in: 1...maximumCores)
        let chips = try number(neuron["chips"], "neuron.chips", in: 1...maximumCores)
        switch (cores, chips) {
        case (let cores?, nil): return .cores(cores)
        case (nil, let chips?): return .chips(chips)
        default: throw InvalidSpec(description: "spec.neuron needs exactly one of cores and chips")
        }
    }

    private static func split(_ neuron: JSON) throws(InvalidSpec) -> Split {
        let range = 1...maximumCores
        let degree = try number(neuron["tensorParallelDegree"], "neuron.tensorParallelDegree", in: range)
        let processes = try number(neuron["processesPerReplica"], "neuron.processesPerReplica", in: range)
        switch (degree, processes) {
        case (nil, nil): return .whole
        case (let degree?, nil): return .tensorParallelDegree(degree)
        case (nil, let processes?): return .processesPerReplica(processes)
        default:
            throw InvalidSpec(
                description: "spec.neuron needs at most one of tensorParallelDegree and processesPerReplica")
        }
    }

    private static func models(_ json: JSON) throws(InvalidSpec) -> [ServedModel] {
        guard let list = json.array, !list.isEmpty else {
            throw InvalidSpec(description: "spec.models is empty")
        }
        var models: [ServedModel] = []
        for (index, model) in list.enumerated() {
            guard let name = model["name"]?.string, !name.isEmpty else {
                throw InvalidSpec(description: "spec.models[\(index)] has no name")
            }
            guard let uri = model["uri"]?.string, !uri.isEmpty else {
                throw InvalidSpec(description: "spec.models[\(index)] (\(name)) has no uri")
            }
            guard !models.contains(where: { $0.name == name }) else {
                throw InvalidSpec(description: "spec.models has two models named \(name)")
            }
            models.append(ServedModel(name: name, uri: uri))
        }
        return models
    }

    /// The name becomes a Service's and part of the pods' names and labels.
    private static func checkName(_ name: String) throws(InvalidSpec) {
        let letters = name.utf8
        let isLabel = letters.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isLabel, let first = letters.first, (97...122).contains(first), letters.last != 45,
            letters.count <= 52
        else {
            throw InvalidSpec(
                description:
                    "the name \"\(name)\" cannot name a Service: it must begin with a letter, have only a-z, 0-9 and -, and at most 52 characters"
            )
        }
    }

    /// A number of the spec; nil where it is not set.
    ///
    /// - Throws: `InvalidSpec` where it is no whole number or out of range.
    static func number(
        _ json: JSON?, _ name: String, in range: ClosedRange<Int>
    ) throws(InvalidSpec) -> Int? {
        guard let json, !json.isNull else { return nil }
        guard let value = json.int else {
            let text = String(decoding: json.serialized().prefix(40), as: UTF8.self)
            throw InvalidSpec(description: "spec.\(name) is \(text): it must be a whole number")
        }
        guard range.contains(value) else {
            let limit =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
            throw InvalidSpec(description: "spec.\(name) is \(value): it must be \(limit)")
        }
        return value
    }
}
