// From what a spec says about NeuronCores to numbers.

internal import GanglionAPI
internal import Text

extension NeuronRequest {
    /// NeuronCores of a replica.
    ///
    /// - Parameter coresPerChip: those of the nodes that it may run on.
    func coreCount(coresPerChip: Set<Int>) throws(InvalidSpec) -> Int {
        switch (cores, chips) {
        case (let cores?, nil): return cores
        case (nil, let chips?):
            guard let perChip = coresPerChip.first, coresPerChip.count == 1 else {
                let why =
                    coresPerChip.isEmpty
                    ? "no node with Neuron chips is known yet"
                    : "chips of \(coresPerChip.sorted().enumeration) cores would do"
                throw InvalidSpec(
                    "spec.neuron.chips is not a number of cores: \(why); set instanceTypes or cores")
            }
            guard chips * perChip <= Self.maximumCores else {
                throw InvalidSpec(
                    "spec.neuron.chips is \(chips): at most \(Self.maximumCores / perChip) chips of \(perChip) cores"
                )
            }
            return chips * perChip
        default: throw InvalidSpec("spec.neuron needs exactly one of cores and chips")
        }
    }

    /// NeuronCores of one copy of the models, in a replica of `cores`.
    func groupSize(cores: Int) throws(InvalidSpec) -> Int {
        switch (tensorParallelDegree, processesPerReplica) {
        case (nil, nil): return cores
        case (let degree?, nil):
            guard cores % degree == 0 else {
                throw Self.indivisible(cores, "tensorParallelDegree", degree)
            }
            return degree
        case (nil, let processes?):
            guard cores % processes == 0 else {
                throw Self.indivisible(cores, "processesPerReplica", processes)
            }
            return cores / processes
        default:
            throw InvalidSpec(
                "spec.neuron needs at most one of tensorParallelDegree and processesPerReplica")
        }
    }

    private static func indivisible(_ cores: Int, _ name: String, _ value: Int) -> InvalidSpec {
        InvalidSpec("spec.neuron.\(name) (\(value)) \(indivisible(cores))")
    }
}
