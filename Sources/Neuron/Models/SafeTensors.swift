// The safetensors format: eight bytes with the header's length, a JSON header with type, shape and place of every
// tensor, then the tensors. Everything in it is checked before it is believed: the file may be damaged, cut off in a
// download, or made to do harm. It is read and not mapped, so that a file that shrinks cannot end the process.

import CLinux
import Glibc
import JSON
import KernelTemplates
package import ModelErrors
import NeuronArtifact
import SystemIO

/// An open safetensors file.
package final class SafeTensors: @unchecked Sendable {
    /// How numbers are stored; the three that can become single precision, and others by name.
    package enum ElementType: Equatable, Sendable {
        case float32
        case float16
        case bfloat16
        case other(String)

        /// Octets of one element, nil for those that this reader only skips.
        var size: Int? {
            switch self {
            case .float32: 4
            case .float16, .bfloat16: 2
            case .other(let name):
                switch name {
                case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2": 1
                case "U16", "I16": 2
                case "U32", "I32": 4
                case "U64", "I64", "F64": 8
                default: nil
                }
            }
        }
    }

    /// Where a tensor lies.
    package struct Tensor: Equatable, Sendable {
        /// The stored type.
        package let type: ElementType
        /// Sizes, outermost first.
        package let shape: [Int]
        /// Octets from the start of the file.
        let offset: Int
        /// How many octets of the file it takes.
        let byteCount: Int

        /// The tensor of a file that begins within another.
        func moved(by distance: Int) -> Tensor {
            Tensor(type: type, shape: shape, offset: offset + distance, byteCount: byteCount)
        }
    }

    /// A header longer than this is refused; a model of a thousand tensors has about 100 KiB.
    package static let longestHeader = 16 << 20

    /// The tensors by name.
    package let tensors: [String: Tensor]
    /// As it was opened.
    package let path: String

    private let descriptor: Int32

    /// Opens `path` and reads its header.
    ///
    /// - Throws: `ModelError` that names the file, the value and the mend.
    package convenience init(path: String) throws(ModelError) {
        if let archive = ModelArchive.current, let name = archive.name(of: path),
            let range = archive.artifact.range("files/" + name)
        {
            let descriptor = fcntl(archive.artifact.descriptor, F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else {
                throw ModelError(path, "cannot be opened (\(errnoText()))", "allow more open files")
            }
            try self.init(descriptor, range, path: path)
            return
        }
        ModelFileRecord.current?.add(path)
        // Not to wait for the writer of a pipe; a file is read as ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ModelError(
                path, "cannot be opened (\(errnoText()))", "check the model's path and its rights")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ModelError(
                path, "is not a regular file", "name a model's directory or its model.safetensors")
        }
        try self.init(descriptor, 0..<Int(status.st_size), path: path)
    }

    /// Reads the header of a file, or of one within a file, and closes it in the end.
    private init(_ descriptor: Int32, _ range: Range<Int>, path: String) throws(ModelError) {
        do {
            tensors = try Self.readHeader(descriptor, range, path: path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens `model.safetensors` of a directory.
    ///
    /// - Throws: `ModelError`; where the weights are there in PyTorch's own format only, with how to convert them.
    convenience init(directory: String) throws(ModelError) {
        let path = directory + "/model.safetensors"
        let other = directory + "/pytorch_model.bin"
        let isWhole = try isPresent(path)
        let isPickle = try isPresent(other)
        guard isWhole || !isPickle else {
            throw ModelError(
                other, "is a pickle, which can run any code when it is read",
                "save the model as model.safetensors (safe_serialization=True)")
        }
        try self.init(path: path)
    }

    deinit { close(descriptor) }

    /// A tensor in single precision.
    ///
    /// - Throws: `ModelError` when it is missing, of another shape or of a type that is no floating-point number, or holds what is no
    ///   finite number: one such weight makes every answer worthless.
    package func floats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        let floats = try anyFloats(name, shape: shape)
        if let index = firstNotFinite(floats) {
            throw ModelError(
                "\(path) tensor \(name)", "has \(floats[index]) at element \(index)",
                "use weights of finite numbers, or download the file again")
        }
        return floats
    }

    private func anyFloats(_ name: String, shape: [Int]) throws(ModelError) -> [Float] {
        guard let tensor = tensors[name] else {
            throw ModelError(path, "has no tensor \(name)", "use the weights of a BERT encoder")
        }
        let subject = "\(path) tensor \(name)"
        guard tensor.shape == shape else {
            throw ModelError(
                subject, "has shape \(tensor.shape), where config.json says \(shape)",
                "use the config.json and the model.safetensors of one model")
        }
        switch tensor.type {
        case .float32:
            let floats: [Float] = try readElements(
                descriptor, count: tensor.byteCount / 4, zero: 0, at: tensor.offset, subject: subject)
            #if _endian(big)
                return floats.map { Float(bitPattern: $0.bitPattern.byteSwapped) }
            #else
                return floats
            #endif
        case .bfloat16:
            return try halves(tensor, subject, Float.init(brainBits:))
        case .float16:
            return try halves(tensor, subject, Float.init(halfBits:))
        case .other(let type):
            throw ModelError(subject, "has type \(type)", "convert it to F32, F16 or BF16")
        }
    }

    /// Reads some of a tensor's numbers in single precision, whatever they are, a part at a time.
    ///
    /// - Parameters:
    ///   - elements: within the tensor's.
    ///   - destination: room for as many.
    /// - Throws: `ModelError` for a tensor that is missing, of no floating-point type, or smaller.
    func read(
        _ name: String, elements: Range<Int>, into destination: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        let subject = "\(path) tensor \(name)"
        guard let tensor = tensors[name] else {
            throw ModelError(path, "has no tensor \(name)", "use the weights that belong to config.json")
        }
        guard elements.lowerBound >= 0, elements.upperBound <= tensor.shape.reduce(1, *) else {
            throw ModelError(subject, "has no elements \(elements)", "download the file again")
        }
        for start in stride(from: elements.lowerBound, to: elements.upperBound, by: 1 << 18) {
            let count = min(1 << 18, elements.upperBound - start)
            let out = destination + (start - elements.lowerBound)
            switch tensor.type {
            case .float32:
                let bits: [UInt32] = try readElements(
                    descriptor, count: count, zero: 0, at: tensor.offset + start * 4, subject: subject)
                for place in 0..<count { out[place] = Float(bitPattern: UInt32(littleEndian: bits[place])) }
            case .bfloat16, .float16:
                let halves: [UInt16] = try readElements(
                    descriptor, count: count, zero: 0, at: tensor.offset + start * 2, subject: subject)
                let isBrain = tensor.type == .bfloat16
                for place in 0..<count {
                    let bits = UInt16(littleEndian: halves[place])
                    out[place] = isBrain ? Float(brainBits: bits) : Float(halfBits: bits)
                }
            case .other(let type):
                throw ModelError(subject, "has type \(type)", "convert it to F32, F16 or BF16")
            }
        }
    }

    private func halves(
        _ tensor: Tensor, _ subject: String, _ widen: (UInt16) -> Float
    ) throws(ModelError) -> [Float] {
        let halves: [UInt16] = try readElements(
            descriptor, count: tensor.byteCount / 2, zero: 0, at: tensor.offset, subject: subject)
        return halves.map { widen(UInt16(littleEndian: $0)) }
    }

    private static func readHeader(
        _ descriptor: Int32, _ range: Range<Int>, path: String
    ) throws(ModelError) -> [String: Tensor] {
        let mend = "download the file again"
        let fileSize = range.count
        guard fileSize >= 8 else { throw ModelError(path, "has only \(fileSize) bytes", mend) }
        let prefix = try readElements(
            descriptor, count: 8, zero: UInt8(0), at: range.lowerBound, subject: path)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(longestHeader), length <= UInt64(fileSize - 8) else {
            throw ModelError(
                path,
                "announces a header of \(length) bytes, with \(fileSize) bytes in the file and at most"
                    + " \(longestHeader) allowed", mend)
        }
        let dataStart = 8 + Int(length)
        let header: JSON
        do {
            header = try JSON(
                parsing: try readElements(
                    descriptor, count: Int(length), zero: UInt8(0), at: range.lowerBound + 8, subject: path))
        } catch let error as ModelError {
            throw error
        } catch {
            throw ModelError(path, "has a header that cannot be read (\(error))", mend)
        }
        guard let entries = header.object else {
            throw ModelError(path, "has a header that is no JSON object", mend)
        }
        var tensors: [String: Tensor] = [:]
        // In an order, so that the same fault is told in the same words each time.
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) where name != "__metadata__" {
            let tensor = try parse(entry, subject: "\(path) tensor \(name)", dataStart: dataStart)
            let end = tensor.offset + tensor.byteCount
            guard end <= fileSize else {
                throw ModelError(
                    "\(path) tensor \(name)", "ends at byte \(end), behind the file's end at \(fileSize)",
                    mend)
            }
            tensors[name] = tensor
        }
        try checkOrder(tensors, from: dataStart, to: fileSize, path: path)
        return tensors.mapValues { $0.moved(by: range.lowerBound) }
    }

    /// The tensors fill the file: each begins where the one before ends (the format's "no holes", which its own library
    /// checks). Octets of nobody, or of two, are a damaged file or one that holds something else besides.
    private static func checkOrder(
        _ tensors: [String: Tensor], from start: Int, to end: Int, path: String
    ) throws(ModelError) {
        var expected = start
        for (name, tensor) in tensors.sorted(by: {
            ($0.value.offset, $0.value.byteCount, $0.key) < ($1.value.offset, $1.value.byteCount, $1.key)
        }) {
            guard tensor.offset == expected else {
                throw ModelError(
                    "\(path) tensor \(name)",
                    "begins at byte \(tensor.offset), where what is before it ends at byte \(expected)",
                    "download the file again")
            }
            expected += tensor.byteCount
        }
        guard expected == end else {
            throw ModelError(
                path, "has \(end - expected) bytes behind its last tensor", "download the file again")
        }
    }

    private static func parse(_ entry: JSON, subject: String, dataStart: Int) throws(ModelError) -> Tensor {
        let mend = "download the file again"
        guard let typeName = entry["dtype"]?.string,
            let shape = entry["shape"]?.array?.compactMap({ $0.int }), shape.allSatisfy({ $0 >= 0 }),
            shape.count == entry["shape"]?.array?.count,
            let offsets = entry["data_offsets"]?.array?.compactMap({ $0.int }), offsets.count == 2
        else { throw ModelError(subject, "lacks a dtype, shape or data_offsets", mend) }
        let type: ElementType =
            switch typeName {
            case "F32": .float32
            case "F16": .float16
            case "BF16": .bfloat16
            default: .other(typeName)
            }
        let (begin, end) = (offsets[0], offsets[1])
        guard begin >= 0, begin <= end, end <= Int.max - dataStart else {
            throw ModelError(subject, "lies at bytes \(begin) to \(end), which is no range", mend)
        }
        if let size = type.size {
            var bytes = size
            var overflow = false
            for extent in shape {
                let product = bytes.multipliedReportingOverflow(by: extent)
                bytes = product.partialValue
                overflow = overflow || product.overflow
            }
            guard !overflow, bytes == end - begin else {
                throw ModelError(
                    subject, "of type \(typeName) and shape \(shape) has \(end - begin) bytes", mend)
            }
        }
        return Tensor(type: type, shape: shape, offset: dataStart + begin, byteCount: end - begin)
    }
}

/// Reads exactly `count` elements of a type that any bits are valid for.
private func readElements<Element: BitwiseCopyable>(
    _ descriptor: Int32, count: Int, zero: Element, at offset: Int, subject: String
) throws(ModelError) -> [Element] {
    var failure: ModelError?
    let wanted = count * MemoryLayout<Element>.stride
    let elements = [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        buffer.initialize(repeating: zero)
        initialized = count
        var done = 0
        while done < wanted, let base = UnsafeMutableRawPointer(buffer.baseAddress) {
            let got = pread(descriptor, base + done, wanted - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            if got <= 0 {
                failure = ModelError(
                    subject, got == 0 ? "ends too early" : "cannot be read (\(errnoText()))",
                    "download the file again")
                return
            }
            done += got
        }
    }
    if let failure { throw failure }
    return elements
}

/// The place of the first NaN or infinity.
private func firstNotFinite(_ floats: [Float]) -> Int? {
    floats.withUnsafeBufferPointer { floats in
        // A sum of nothing but zeros stays zero, and zero times what is not finite is NaN: no branch within the loop.
        var start = 0
        while start < floats.count {
            let end = min(start + 4096, floats.count)
            var sum: Float = 0
            for index in start..<end { sum += floats[index] * 0 }
            if sum != 0 { return (start..<end).first { !floats[$0].isFinite } }
            start = end
        }
        return nil
    }
}

/// What the C library says about `errno`.
func errnoText() -> String {
    String(cString: strerror(errno))
}
