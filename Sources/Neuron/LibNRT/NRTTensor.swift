// Tensors behind libnrt: handles that are given back when the last owner goes.

import NeuronRuntime

/// A tensor of libnrt's, or a slice of one.
final class NRTTensor: NeuronTensor, @unchecked Sendable {
    // @unchecked: the handle is libnrt's, which may be called from any thread; who writes when is the callers' agreement.
    let size: Int
    let handle: NRTHandle
    private let session: NRTSession
    /// For a slice, what it is of.
    private let whole: NRTTensor?

    init(_ handle: NRTHandle?, size: Int, whole: NRTTensor?, _ session: NRTSession) throws(NRTError) {
        guard let handle else { throw NRTError(.invalidHandle, "allocate a tensor") }
        self.handle = handle
        self.size = size
        self.whole = whole
        self.session = session
    }

    deinit {
        guard !session.isClosed else { return }
        var handle: NRTHandle? = handle
        session.library.functions.freeTensor(&handle)
    }

    func write(_ octets: UnsafeRawBufferPointer, at offset: Int) throws(NRTError) {
        guard let base = octets.baseAddress else { return }
        try check(offset, octets.count, "write")
        try session.library.check(
            session.library.functions.write(handle, base, offset, octets.count), "write a tensor")
    }

    func read(into octets: UnsafeMutableRawBufferPointer, at offset: Int) throws(NRTError) {
        guard let base = octets.baseAddress else { return }
        try check(offset, octets.count, "read")
        try session.library.check(
            session.library.functions.read(handle, base, offset, octets.count), "read a tensor")
    }

    func slice(_ range: Range<Int>) throws(NRTError) -> any NeuronTensor {
        try check(range.lowerBound, range.count, "take a slice of")
        var slice: NRTHandle?
        try session.library.check(
            session.library.functions.allocateSlice(handle, range.lowerBound, range.count, nil, &slice),
            "take a slice of a tensor")
        return try NRTTensor(slice, size: range.count, whole: self, session)
    }

    private func check(_ offset: Int, _ count: Int, _ verb: String) throws(NRTError) {
        guard offset >= 0, offset <= size, count <= size - offset, !session.isClosed else {
            throw NRTError(
                session.isClosed ? .closed : .invalid, "\(verb) a tensor",
                problem: session.isClosed ? nil : "\(count) octets from \(offset) on reach beyond its \(size)"
            )
        }
    }
}

/// A tensor set of libnrt's, which keeps its tensors.
final class NRTTensorSet: NeuronTensorSet, @unchecked Sendable {
    // @unchecked: see NRTTensor.
    let handle: NRTHandle
    private let tensors: [String: NRTTensor]
    private let session: NRTSession

    init(_ tensors: [String: any NeuronTensor], _ session: NRTSession) throws(NRTError) {
        let library = session.library
        let own = try Self.own(tensors, as: NRTTensor.self)
        var handle: NRTHandle?
        try library.check(library.functions.allocateSet(&handle), "allocate a tensor set")
        guard let handle else { throw NRTError(.invalidHandle, "allocate a tensor set") }
        self.handle = handle
        self.tensors = own
        self.session = session
        for (name, tensor) in own {
            try library.check(
                library.functions.addToSet(handle, name, tensor.handle), "add \(name) to a tensor set")
        }
    }

    deinit {
        guard !session.isClosed else { return }
        var handle: NRTHandle? = handle
        session.library.functions.destroySet(&handle)
    }

    subscript(name: String) -> (any NeuronTensor)? { tensors[name] }
}
