// A group of cores behind libnrt. Calls that block do so on a thread of the group.

import NeuronArtifact
import NeuronRuntime
import SystemIO

/// Consecutive cores of the process.
final class NRTCores: NeuronCores {
    let cores: Range<Int>
    let instance: InstanceInformation
    /// Executions in the order of their submission.
    let queue = WorkerQueue()
    let session: NRTSession

    init(_ cores: Range<Int>, instance: InstanceInformation, session: NRTSession) {
        self.cores = cores
        self.instance = instance
        self.session = session
    }

    deinit { queue.stop() }

    var formats: [ProgramFormat] { [.neff, .artifact] }

    func load(_ program: Program) throws(NRTError) -> any LoadedProgram {
        let mend =
            "a NeuronCore executes what neuronx-cc has compiled: put it into the model's folder as model.neff"
        switch program {
        case .neff(let path):
            let octets: [UInt8]
            let action = "load \(path)"
            do throws(SystemError) {
                octets = try Files.read(path, limit: NEFF.sizeLimit)
            } catch {
                throw NRTError(.invalid, action, problem: "\(error)", mend: "check the file")
            }
            let wanted = try Self.cores(octets, path: path)
            guard wanted <= cores.count else {
                throw NRTError(
                    .notEnoughCores, action,
                    problem: "it was compiled for \(wanted) cores, and its group has \(cores.count)")
            }
            let result = octets.withUnsafeBytes { octets in
                Result { () throws(NRTError) in try NRTProgram(octets, name: path, on: self) }
            }
            return try result.get()
        case .artifact(let artifact):
            guard let file = artifact.file else {
                throw NRTError(
                    .invalid, "load \(artifact.path)", problem: "it has been compiled for this CPU only",
                    mend: mend)
            }
            do throws(NRTError) {
                return try NRTProgram(file, name: artifact.path, on: self)
            } catch {
                guard error.status == .invalid || error.status == .unsupportedVersion else { throw error }
                throw NRTError(error.status, error.action, problem: error.problem, mend: mend)
            }
        }
    }

    private static func cores(_ octets: [UInt8], path: String) throws(NRTError) -> Int {
        let result = octets.withUnsafeBytes { octets in
            Result { () throws(ArtifactError) in try NEFF(octets, path: path) }
        }
        do throws(ArtifactError) {
            return try result.get().cores
        } catch {
            throw NRTError(.invalid, "load \(path)", problem: error.problem, mend: error.mend)
        }
    }

    func allocate(
        _ name: String, size: Int, placement: TensorPlacement, core: Int
    ) throws(NRTError) -> any NeuronTensor {
        let library = session.library
        var handle: NRTHandle?
        try library.check(
            library.functions.allocateTensor(
                placement.rawValue, session.number(cores.lowerBound + core), size, name, &handle),
            "allocate \(size) octets for the tensor \(name)")
        return try NRTTensor(handle, size: size, whole: nil, session)
    }

    func makeTensorSet(_ tensors: [String: any NeuronTensor]) throws(NRTError) -> any NeuronTensorSet {
        try NRTTensorSet(tensors, session)
    }

    func memoryStatistics(core: Int) throws(NRTError) -> MemoryStatistics {
        let library = session.library
        let action = "tell the memory of core \(core)"
        guard let statistics = library.functions.memoryStatistics else {
            throw NRTError(
                .unsupportedVersion, action, problem: "libnrt \(library.version) does not tell it",
                mend: "install a newer aws-neuronx-runtime-lib")
        }
        // In use and at most; newer versions may write more.
        var words = [Int](repeating: 0, count: 32)
        var size = 0
        let status = statistics(
            UInt32(truncatingIfNeeded: session.number(cores.lowerBound + core)), &words, 16, &size)
        try library.check(status, action)
        return MemoryStatistics(used: words[0], limit: words[1])
    }
}
