// Memory that programs read and write. A tensor stays where it is between executions: what one program wrote, the next may
// read, without a copy through the host, and a slice of a tensor is a tensor. That is what a key-value cache lives in.

/// Where a tensor lies; the raw values are libnrt's.
package enum TensorPlacement: UInt32, Sendable {
    /// In the memory of a core's chip, which it counts against.
    case device = 0
    /// In the host's memory.
    case host = 1
}

/// Octets that programs read and write. Nobody may read or write it from outside while a program that has it runs.
package protocol NeuronTensor: AnyObject, Sendable {
    /// Octets.
    var size: Int { get }

    /// Copies octets into the tensor.
    ///
    /// - Parameters:
    ///   - octets: as many as are to be written.
    ///   - offset: where the first of them goes.
    /// - Throws: `NRTError` with `.invalid` where they reach beyond the tensor.
    func write(_ octets: UnsafeRawBufferPointer, at offset: Int) throws(NRTError)

    /// Copies octets out of the tensor.
    ///
    /// - Throws: `NRTError` with `.invalid` where they reach beyond the tensor.
    func read(into octets: UnsafeMutableRawBufferPointer, at offset: Int) throws(NRTError)

    /// A part of the tensor as a tensor: the same memory, which stays as long as either of them.
    ///
    /// - Throws: `NRTError` with `.invalid` where the range reaches beyond the tensor.
    func slice(_ range: Range<Int>) throws(NRTError) -> any NeuronTensor
}

/// Tensors by the names under which a program knows them. Only the runtime that made a set understands it.
package protocol NeuronTensorSet: AnyObject, Sendable {
    /// The tensor of a name.
    subscript(name: String) -> (any NeuronTensor)? { get }
}

extension NeuronTensorSet {
    /// The tensors as those of the runtime that makes a set of them.
    ///
    /// - Throws: `NRTError` for one of another runtime.
    package static func own<Tensor: NeuronTensor>(
        _ tensors: [String: any NeuronTensor], as _: Tensor.Type
    ) throws(NRTError) -> [String: Tensor] {
        var own: [String: Tensor] = [:]
        for (name, tensor) in tensors {
            guard let tensor = tensor as? Tensor else {
                throw NRTError(
                    .invalidHandle, "name the tensor \(name)", problem: "it is another runtime's",
                    mend: "this is a fault of the program: report it")
            }
            own[name] = tensor
        }
        return own
    }
}

extension NeuronTensor {
    /// Writes numbers from the tensor's start on.
    package func write<Element: BitwiseCopyable>(_ elements: [Element]) throws(NRTError) {
        let result = elements.withUnsafeBytes { octets in
            Result { () throws(NRTError) in try write(octets, at: 0) }
        }
        try result.get()
    }

    /// Reads `count` numbers from the tensor's start on.
    package func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
        _ count: Int, of type: Element.Type
    ) throws(NRTError) -> [Element] {
        var elements = [Element](repeating: 0, count: count)
        let result = elements.withUnsafeMutableBytes { octets in
            Result { () throws(NRTError) in try read(into: octets, at: 0) }
        }
        try result.get()
        return elements
    }
}
