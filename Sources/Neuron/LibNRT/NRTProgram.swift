// A program behind libnrt. nrt_execute blocks, so it is called on the group's own thread, in the order of submission.

import NeuronRuntime
import SystemIO

/// A model's handle, which any thread may give to libnrt.
private struct ModelHandle: @unchecked Sendable {
    // @unchecked: libnrt's own to guard.
    let handle: NRTHandle
}

/// A loaded model of libnrt's.
final class NRTProgram: LoadedProgram, @unchecked Sendable {
    // @unchecked: the handle is libnrt's; `model` guards its end.
    let inputs: [TensorInformation]
    let outputs: [TensorInformation]
    let memory: [CoreMemory]

    private let name: String
    private let cores: NRTCores
    private let model: Lock<ModelHandle?>
    private var library: NRTLibrary { cores.session.library }

    init(_ octets: UnsafeRawBufferPointer, name: String, on cores: NRTCores) throws(NRTError) {
        let library = cores.session.library
        let action = "load \(name) on cores \(cores.cores.lowerBound)-\(cores.cores.upperBound - 1)"
        guard let base = octets.baseAddress else {
            throw NRTError(.invalid, action, problem: "it is empty")
        }
        let before = Self.used(cores)
        let first = cores.session.number(cores.cores.lowerBound)
        var handle: NRTHandle?
        // Cores that share a model exchange sums: it is loaded with collectives, as device 0 of 1. -1 is for the count of
        // cores, which is the model's own.
        let status =
            cores.cores.count == 1
            ? library.functions.load(base, octets.count, first, -1, &handle)
            : library.functions.loadShared(base, octets.count, first, -1, 0, 1, &handle)
        try library.check(status, action)
        guard let handle else { throw NRTError(.invalidHandle, action) }
        let tensors: [TensorInformation]
        do throws(NRTError) {
            tensors = try Self.tensors(handle, library, action)
        } catch {
            _ = library.functions.unload(handle)
            throw error
        }
        inputs = tensors.filter { $0.usage == .input }
        outputs = tensors.filter { $0.usage == .output }
        // What it holds is what is missing since; the library does not say of which kind.
        memory = zip(before, Self.used(cores)).map { CoreMemory(constants: max(0, $1 - $0)) }
        self.name = name
        self.cores = cores
        model = Lock(ModelHandle(handle: handle))
    }

    deinit { try? unload() }

    func submit(
        _ inputs: any NeuronTensorSet, _ outputs: any NeuronTensorSet,
        completion: @escaping @Sendable (NRTError?) -> Void
    ) throws(NRTError) {
        let action = "execute \(name) on cores \(cores.cores.lowerBound)-\(cores.cores.upperBound - 1)"
        guard let inputs = inputs as? NRTTensorSet, let outputs = outputs as? NRTTensorSet else {
            throw NRTError(.invalidHandle, action, problem: "the tensors are another runtime's")
        }
        let isQueued = cores.queue.add { [self] in
            completion(execute(inputs, outputs, action))
        }
        guard isQueued else { throw NRTError(.closed, action) }
    }

    private func execute(_ inputs: NRTTensorSet, _ outputs: NRTTensorSet, _ action: String) -> NRTError? {
        guard !cores.session.isClosed else { return NRTError(.closed, action) }
        return model.withLock { model in
            guard let model = model?.handle else { return NRTError(.invalidHandle, action) }
            do throws(NRTError) {
                try library.check(library.functions.execute(model, inputs.handle, outputs.handle), action)
                return nil
            } catch {
                return error
            }
        }
    }

    func unload() throws(NRTError) {
        let handle = model.withLock { model in
            defer { model = nil }
            return model
        }
        guard let handle = handle?.handle, !cores.session.isClosed else { return }
        try library.check(library.functions.unload(handle), "unload \(name)")
    }

    /// Octets in use on each core; 0 where the library does not tell.
    private static func used(_ cores: NRTCores) -> [Int] {
        (0..<cores.cores.count).map { core in (try? cores.memoryStatistics(core: core).used) ?? 0 }
    }

    /// The most tensors, and dimensions of one, that are believed.
    private static let tensorLimit = 4_096

    /// A count, then entries of 296 octets: name, usage at 256, size at 264, type at 272, shape at 280, its length at 288.
    private static func tensors(
        _ model: NRTHandle, _ library: NRTLibrary, _ action: String
    ) throws(NRTError) -> [TensorInformation] {
        var pointer: UnsafeMutableRawPointer?
        try library.check(library.functions.tensorInformation(model, &pointer), "tell the tensors of a model")
        guard let array = pointer else { throw NRTError(.invalidHandle, action) }
        defer { _ = library.functions.freeTensorInformation(array) }
        let count = array.load(as: UInt64.self)
        func refusal(_ problem: String) -> NRTError {
            NRTError(.unsupportedVersion, action, problem: problem)
        }
        guard count <= tensorLimit else { throw refusal("the runtime tells of \(count) tensors") }
        var result: [TensorInformation] = []
        for index in 0..<Int(count) {
            let entry = array + 8 + index * 296
            let octets = UnsafeRawBufferPointer(start: entry, count: 256)
            let name = String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            let dimensions = entry.load(fromByteOffset: 288, as: UInt32.self)
            guard
                let usage = TensorInformation.Usage(
                    rawValue: entry.load(fromByteOffset: 256, as: UInt32.self)),
                let type = TensorType(rawValue: entry.load(fromByteOffset: 272, as: UInt32.self)),
                dimensions <= 64
            else { throw refusal("the runtime tells of a tensor \(name) that makes no sense") }
            let shape = entry.load(fromByteOffset: 280, as: UnsafePointer<UInt32>?.self)
            result.append(
                TensorInformation(
                    name, usage, type, shape: (0..<Int(dimensions)).map { Int(shape?[$0] ?? 0) },
                    size: entry.load(fromByteOffset: 264, as: Int.self)))
        }
        return result
    }
}
