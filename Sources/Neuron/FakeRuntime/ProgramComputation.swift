// What a loaded program computes, whatever it is: an execution takes the inputs, is computed on all cores at once or stage
// by stage, and gives the outputs.

import NeuronProgram
import NeuronRuntime

/// A kind of program on its cores.
protocol ProgramComputation: Sendable {
    /// What goes in.
    var inputs: [TensorInformation] { get }
    /// What comes out.
    var outputs: [TensorInformation] { get }
    /// What it holds, by core.
    var memory: [CoreMemory] { get }
    /// Cores that have layers of their own, one after the other; nil where all share every layer.
    var stageCount: Int? { get }
    /// Whether it uses all threads of a core, or the first one only.
    var usesAllThreads: Bool { get }

    /// An execution's work.
    func makePass(_ inputs: FakeTensorSet, _ outputs: FakeTensorSet) -> any ProgramPass

    /// Gives back what it holds beside `memory`'s constants.
    ///
    /// - Returns: what is to be given back of the cores' memory.
    func release() -> [CoreMemory]
}

/// What is wrong with an execution's inputs.
struct PassRefusal: Error {
    let status: NRTStatus
    let problem: String
}

/// The work of one execution. `begin` comes first and `finish` last, both alone.
protocol ProgramPass: AnyObject, Sendable {
    /// Reads the inputs.
    ///
    /// - Throws: `PassRefusal` for what cannot be computed.
    func begin() throws(PassRefusal)

    /// One thread's part; all threads meet in it.
    func compute(thread: Int)

    /// One stage's part.
    func compute(stage: Int)

    /// Writes the outputs.
    ///
    /// - Parameter result: what they are.
    func finish(_ result: PassOutcome)

    /// Floating-point operations, by text or token as the hardware's clock counts them.
    var operations: [Double] { get }
}

/// What an execution's outputs are.
enum PassOutcome {
    /// What has been computed.
    case computed
    /// Numbers, since nothing has been computed.
    case placeholder
    /// No numbers, as a numerical error leaves them.
    case spoiled
}

extension FakeTensorSet {
    /// The tensors that a program names, each of its size.
    ///
    /// - Throws: `PassRefusal` for one that is missing or has another size.
    func checked(_ information: [TensorInformation]) throws(PassRefusal) -> [FakeTensor] {
        var found: [FakeTensor] = []
        for expected in information {
            guard let tensor = tensors[expected.name], tensor.size == expected.size else {
                throw PassRefusal(
                    status: .badInput,
                    problem: "\(expected.name) is missing or has not \(expected.size) octets")
            }
            found.append(tensor)
        }
        return found
    }
}
