// The seam: what a model needs of a runtime, in the shape of libnrt. FakeRuntime computes on the CPU, LibNRT opens AWS's
// library. Nothing above knows which it has.

package import NeuronArtifact

/// What kind of machine it is.
package struct InstanceInformation: Hashable, Sendable {
    /// The chips' family, `inf2`; empty where the runtime does not say.
    package let family: String
    /// The cores' architecture, `NCv2`; empty where the runtime does not say.
    package let architecture: String

    /// Both names.
    package init(family: String, architecture: String) {
        self.family = family
        self.architecture = architecture
    }
}

/// Memory of a core in octets.
package struct MemoryStatistics: Hashable, Sendable {
    /// In use, by whomever.
    package let used: Int
    /// The most that there is.
    package let limit: Int

    /// Both numbers.
    package init(used: Int, limit: Int) {
        self.used = used
        self.limit = limit
    }
}

/// What a program, or several, hold of a core's memory, in octets.
package struct CoreMemory: Hashable, Sendable {
    /// Weights and code.
    package var constants = 0
    /// Activations.
    package var tensors = 0

    /// Both numbers.
    package init(constants: Int = 0, tensors: Int = 0) {
        self.constants = constants
        self.tensors = tensors
    }
}

/// What can be loaded.
package enum Program: Sendable {
    /// What `ganglion compile` makes, as a file or in memory.
    case artifact(any CompiledProgram)
    /// A file that neuronx-cc or torch-neuronx has made.
    case neff(path: String)
}

/// A kind of program.
package enum ProgramFormat: Sendable {
    /// `Program.artifact`
    case artifact
    /// `Program.neff`
    case neff
}

/// Consecutive cores that this process holds. They are given back when the object goes.
package protocol NeuronCores: AnyObject, Sendable {
    /// The cores, as the container counts them.
    var cores: Range<Int> { get }
    /// What they are.
    var instance: InstanceInformation { get }

    /// What can be loaded, the best first.
    var formats: [ProgramFormat] { get }

    /// Loads a program onto all of the cores. Takes a while and blocks.
    ///
    /// - Throws: `NRTError`: `.resource` where memory is missing, `.notEnoughCores` or `.invalid` for a program of
    ///   another number of cores; then nothing has changed.
    func load(_ program: Program) throws(NRTError) -> any LoadedProgram

    /// Memory for a tensor, of zeros.
    ///
    /// - Parameters:
    ///   - core: counted from the group's first, for a tensor on the device.
    /// - Throws: `NRTError` with `.resource` where there is not so much.
    func allocate(
        _ name: String, size: Int, placement: TensorPlacement, core: Int
    ) throws(NRTError) -> any NeuronTensor

    /// Names tensors for an execution.
    ///
    /// - Throws: `NRTError` with `.invalid` for a tensor of another runtime.
    func makeTensorSet(_ tensors: [String: any NeuronTensor]) throws(NRTError) -> any NeuronTensorSet

    /// Memory of a core, counted from the group's first.
    func memoryStatistics(core: Int) throws(NRTError) -> MemoryStatistics
}

/// A program on its cores.
package protocol LoadedProgram: AnyObject, Sendable {
    /// What goes in.
    var inputs: [TensorInformation] { get }
    /// What comes out.
    var outputs: [TensorInformation] { get }
    /// What it holds, by core of the group.
    var memory: [CoreMemory] { get }

    /// Queues an execution and returns. Each group of cores has one queue, for all of its programs, and executes in the order
    /// of submission. Both sets are kept until it is done.
    ///
    /// - Parameter completion: called once, on a thread of the runtime, which it must not keep; nil for success.
    /// - Throws: `NRTError` with `.queueFull`, `.closed`, or `.invalidHandle` after `unload`; then `completion` is not
    ///   called.
    func submit(
        _ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet,
        completion: @escaping @Sendable (NRTError?) -> Void
    ) throws(NRTError)

    /// Takes the program off its cores, after what is queued. Afterwards only the tensors are left.
    func unload() throws(NRTError)
}

/// The cores of a process, before they are divided into groups.
package protocol NeuronRuntime: AnyObject, Sendable {
    /// What it is, for a log: `fake, kernels avx512` or `libnrt 2.31.24.0`.
    var version: String { get }
    /// The cores that this process holds, as the container counts them.
    var visibleCores: Range<Int> { get }

    /// The cores in groups, none of which is free in between. Once.
    ///
    /// - Parameter groups: runs of the visible cores that do not overlap.
    func split(_ groups: [Range<Int>]) -> [any NeuronCores]

    /// Ends everything and writes what is counted. Nothing works afterwards.
    func close()
}
