// Tensors of the fake device: host memory, counted on the chip where they are said to be on the device.

import Glibc
package import NeuronRuntime

/// A tensor, or a part of one.
final class FakeTensor: NeuronTensor, @unchecked Sendable {
    // @unchecked: who writes when is the callers' agreement, as with libnrt.
    let size: Int
    /// The first octet, at a multiple of 64 of a whole tensor.
    let start: UnsafeMutableRawPointer
    /// For a part, the whole.
    private let whole: FakeTensor?
    private let isBorrowed: Bool
    /// Numbers at its start that the hardware's clock has written in place of results, and nobody has changed.
    var placeholders = 0
    private let owner: (claim: CoreClaim, bytes: [CoreMemory])?

    /// Octets of zeros.
    ///
    /// - Parameter owner: whose memory counts them, until the tensor goes.
    init(size: Int, owner: (CoreClaim, [CoreMemory])?) {
        self.size = size
        self.owner = owner
        whole = nil
        isBorrowed = false
        // Large ones by pages, which are zero and take no memory before they are written: a key-value cache may never be.
        let pages =
            size < Self.mappedSize
            ? nil : mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        isMapped = pages != nil && pages != MAP_FAILED
        if isMapped, let pages {
            start = pages
        } else {
            start = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
            start.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        }
    }

    /// Octets from which on memory is mapped.
    private static let mappedSize = 1 << 20
    private let isMapped: Bool

    /// Somebody else's memory, which stays.
    init(borrowing start: UnsafeMutableRawPointer, size: Int) {
        self.size = size
        self.start = start
        owner = nil
        whole = nil
        isBorrowed = true
        isMapped = false
    }

    private init(_ whole: FakeTensor, _ range: Range<Int>) {
        self.whole = whole
        owner = nil
        isBorrowed = false
        isMapped = false
        size = range.count
        start = whole.start + range.lowerBound
    }

    deinit {
        guard whole == nil, !isBorrowed else { return }
        if isMapped { munmap(start, size) } else { start.deallocate() }
        owner?.claim.release(owner?.bytes ?? [])
    }

    func write(_ octets: UnsafeRawBufferPointer, at offset: Int) throws(NRTError) {
        try check(offset, octets.count, "write")
        (whole ?? self).placeholders = 0
        if let base = octets.baseAddress { (start + offset).copyMemory(from: base, byteCount: octets.count) }
    }

    func read(into octets: UnsafeMutableRawBufferPointer, at offset: Int) throws(NRTError) {
        try check(offset, octets.count, "read")
        octets.copyMemory(from: UnsafeRawBufferPointer(start: start + offset, count: octets.count))
    }

    func slice(_ range: Range<Int>) throws(NRTError) -> any NeuronTensor {
        try check(range.lowerBound, range.count, "take a slice of")
        return FakeTensor(whole ?? self, range.offset(by: start - (whole ?? self).start))
    }

    private func check(_ offset: Int, _ count: Int, _ verb: String) throws(NRTError) {
        guard offset >= 0, offset <= size, count <= size - offset else {
            throw NRTError(
                .invalid, "\(verb) a tensor",
                problem: "\(count) octets from \(offset) on reach beyond its \(size)",
                mend: "this is a fault of the program: report it")
        }
    }
}

extension Range<Int> {
    /// The range so much further on.
    fileprivate func offset(by distance: Int) -> Range<Int> { lowerBound + distance..<upperBound + distance }
}

/// A tensor of somebody else's memory, which has to stay as long as the tensor.
package func attachedTensor(_ start: UnsafeMutableRawPointer, size: Int) -> any NeuronTensor {
    FakeTensor(borrowing: start, size: size)
}

/// Where a tensor's octets lie; nil for a tensor of another runtime.
package func tensorAddress(_ tensor: any NeuronTensor) -> UnsafeMutableRawPointer? {
    (tensor as? FakeTensor)?.start
}

/// Tensors by name.
final class FakeTensorSet: NeuronTensorSet {
    let tensors: [String: FakeTensor]

    init(_ tensors: [String: any NeuronTensor]) throws(NRTError) {
        self.tensors = try Self.own(tensors, as: FakeTensor.self)
    }

    subscript(name: String) -> (any NeuronTensor)? { tensors[name] }
}
