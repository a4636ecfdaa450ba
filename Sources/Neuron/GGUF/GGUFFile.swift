// GGUF, the one-file format of llama.cpp (ggml/docs/gguf.md): a head with everything that is to be known of a model, its
// vocabulary included, then the tensors, quantised or not. Everything in it is checked before it is believed. It is read
// and not mapped, so that a file that shrinks cannot end the process.

internal import Glibc
package import ModelErrors
internal import SystemIO

/// An open GGUF file of version 2 or 3.
package final class GGUFFile: Sendable {
    /// The first four octets.
    package static let magic: [UInt8] = Array("GGUF".utf8)
    /// A file with more keys or more tensors than this is refused; the largest models have some thousand.
    package static let mostEntries = 1 << 16

    /// As it was opened.
    package let path: String
    /// What it says about the model.
    package let metadata: [String: GGUFValue]
    /// The tensors by name.
    package let tensors: [String: GGUFTensor]

    private let descriptor: Int32

    /// Octets of the head up to the end of its keys.
    private let keysEnd: Int

    /// Opens a file and reads its head.
    ///
    /// - Throws: `ModelError` that names the file, the value and the mend.
    package convenience init(path: String) throws(ModelError) { try self.init(path: path, at: nil) }

    /// Opens one that lies within another file.
    ///
    /// - Parameter range: its octets in the file; nil for all.
    /// - Throws: `ModelError` that names the file, the value and the mend.
    package init(path: String, at range: Range<Int>?) throws(ModelError) {
        // Not to wait for the writer of a pipe; a file is read as ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ModelError(
                path, "cannot be opened (\(SystemError.text(errno)))",
                "name a GGUF file that is there and can be read")
        }
        do throws(ModelError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw ModelError(path, "is no file", "name a GGUF file")
            }
            let own = range ?? 0..<Int(status.st_size)
            var reader = GGUFReader(
                descriptor: descriptor, size: own.count, path: path, offset: own.lowerBound)
            let counts = try Self.counts(&reader)
            metadata = try Self.metadata(&reader, count: counts.keys)
            keysEnd = reader.position
            tensors = try Self.tensors(&reader, count: counts.tensors, metadata)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The file's keys as a GGUF file without tensors.
    ///
    /// - Throws: `ModelError` where the file has become shorter.
    package func keysAlone() throws(ModelError) -> [UInt8] {
        var octets = try octets(at: 0, count: keysEnd)
        // The number of tensors.
        octets.replaceSubrange(8..<16, with: repeatElement(0, count: 8))
        return octets
    }

    private static func counts(_ reader: inout GGUFReader) throws(ModelError) -> (tensors: Int, keys: Int) {
        let path = reader.path
        for octet in magic where try reader.number(UInt8.self, of: "its first octets") != octet {
            throw ModelError(path, "does not begin with GGUF", "name a GGUF file")
        }
        let version: UInt32 = try reader.number(of: "its version")
        guard version.byteSwapped > 3 || version == 0 else {
            throw ModelError(path, "is written for big-endian machines", "convert the model for this one")
        }
        guard version == 2 || version == 3 else {
            throw ModelError(path, "has version \(version), known are 2 and 3", "convert the model anew")
        }
        let tensors = try reader.count(each: 24, of: "tensors")
        let keys = try reader.count(each: 13, of: "keys")
        guard max(tensors, keys) <= mostEntries else {
            throw ModelError(
                path, "has \(tensors) tensors and \(keys) keys, more than \(mostEntries)",
                "name a model's file")
        }
        return (tensors, keys)
    }

    private static func metadata(
        _ reader: inout GGUFReader, count: Int
    ) throws(ModelError) -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<count {
            let key = try reader.text(of: "a key")
            let value = try reader.value(reader.type(of: key), of: key)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw ModelError(reader.path, "has the key \(key) twice", "convert the model anew")
            }
        }
        return metadata
    }

    private static func tensors(
        _ reader: inout GGUFReader, count: Int, _ metadata: [String: GGUFValue]
    ) throws(ModelError) -> [String: GGUFTensor] {
        let path = reader.path
        var alignment = 32
        if let value = metadata["general.alignment"] {
            guard let given = value.int, given > 0, given <= 1 << 20, given & (given - 1) == 0 else {
                throw ModelError(
                    path, "has general.alignment \(value)", "convert the model anew: it is a power of two")
            }
            alignment = given
        }
        var places: [(name: String, tensor: GGUFTensor)] = []
        for _ in 0..<count { places.append(try tensor(&reader)) }
        // What follows the head begins at the next multiple of the alignment.
        let first = (reader.position + alignment - 1) / alignment * alignment
        var tensors: [String: GGUFTensor] = [:]
        for (name, tensor) in places {
            let (size, overflow) = tensor.rowSize.multipliedReportingOverflow(by: tensor.rows)
            let room = reader.size - first
            guard !overflow, tensor.offset % alignment == 0, tensor.offset <= room,
                size <= room - tensor.offset
            else {
                throw ModelError(
                    "\(path), tensor \(name)",
                    "of \(tensor.shape) \(tensor.type.name) does not fit at \(tensor.offset) of \(max(0, room)) octets",
                    "the file is damaged or not whole: copy it anew")
            }
            let placed = GGUFTensor(
                type: tensor.type, columns: tensor.columns, rows: tensor.rows, shape: tensor.shape,
                offset: first + tensor.offset)
            guard tensors.updateValue(placed, forKey: name) == nil else {
                throw ModelError(path, "has the tensor \(name) twice", "convert the model anew")
            }
        }
        return tensors
    }

    /// The next tensor; its place is that in the tensors' part.
    private static func tensor(_ reader: inout GGUFReader) throws(ModelError) -> (String, GGUFTensor) {
        let name = try reader.text(of: "a tensor's name")
        let subject = "\(reader.path), tensor \(name)"
        let dimensions: UInt32 = try reader.number(of: name)
        guard (1...4).contains(dimensions) else {
            throw ModelError(
                subject, "has \(dimensions) dimensions", "the file is damaged: tensors have 1 to 4")
        }
        var shape: [Int] = []
        var rows = 1
        for _ in 0..<dimensions {
            let size: UInt64 = try reader.number(of: name)
            guard size > 0, let size = Int(exactly: size) else {
                throw ModelError(subject, "has the size \(size)", "the file is damaged: copy it anew")
            }
            if !shape.isEmpty {
                let (product, overflow) = rows.multipliedReportingOverflow(by: size)
                guard !overflow else {
                    throw ModelError(subject, "has too many rows", "the file is damaged: copy it anew")
                }
                rows = product
            }
            shape.append(size)
        }
        let number: UInt32 = try reader.number(of: name)
        guard let type = GGUFElementType(rawValue: number) else {
            let known = GGUFElementType.allCases.map(\.name).joined(separator: ", ")
            throw ModelError(
                subject, "is stored as \(GGUFElementType.others[number] ?? "type \(number)")",
                "quantise the model to one of \(known)")
        }
        guard shape[0] % type.blockCount == 0, shape[0] <= Int.max / 4 else {
            throw ModelError(
                subject, "has rows of \(shape[0]) numbers, which \(type.name) cannot store",
                "the file is damaged: copy it anew")
        }
        let offset: UInt64 = try reader.number(of: name)
        guard let offset = Int(exactly: offset) else {
            throw ModelError(subject, "begins at \(offset)", "the file is damaged: copy it anew")
        }
        return (name, GGUFTensor(type: type, columns: shape[0], rows: rows, shape: shape, offset: offset))
    }

    /// Reads rows of a tensor into single precision.
    ///
    /// - Parameters:
    ///   - rows: within the tensor's.
    ///   - destination: room for `rows.count * tensor.columns` numbers.
    /// - Throws: `ModelError` where the file has become shorter or the disk fails.
    package func read(
        _ tensor: GGUFTensor, rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws(ModelError) {
        guard rows.lowerBound >= 0, rows.upperBound <= tensor.rows,
            destination.count >= rows.count * tensor.columns
        else { throw ModelError(path, "has no rows \(rows) in a tensor of \(tensor.shape)", "ask for fewer") }
        let rowsAtATime = max(1, (1 << 20) / tensor.rowSize)
        var row = rows.lowerBound
        while row < rows.upperBound {
            let count = min(rowsAtATime, rows.upperBound - row)
            let octets = try octets(at: tensor.offset + row * tensor.rowSize, count: count * tensor.rowSize)
            let start = (row - rows.lowerBound) * tensor.columns
            octets.withUnsafeBytes { source in
                tensor.type.widen(
                    source,
                    into: UnsafeMutableBufferPointer(
                        rebasing: destination[start..<start + count * tensor.columns]))
            }
            row += count
        }
    }

    /// Reads rows of a quantised tensor as they are: numbers of up to eight bits, and a scale and a least value for each
    /// `groupCount` of them.
    ///
    /// - Parameters:
    ///   - rows: within the tensor's.
    ///   - numbers: room for `rows.count * tensor.columns`.
    ///   - scales: room for as many groups, as has `leasts`.
    /// - Throws: `ModelError` where the file has become shorter, the disk fails, or the tensor has no groups.
    package func read(
        _ tensor: GGUFTensor, rows: Range<Int>, numbers: UnsafeMutablePointer<UInt8>,
        scales: UnsafeMutablePointer<Float>, leasts: UnsafeMutablePointer<Float>
    ) throws(ModelError) {
        let type = tensor.type
        guard let group = type.groupCount, rows.lowerBound >= 0, rows.upperBound <= tensor.rows else {
            throw ModelError(
                path, "has no quantised rows \(rows) in a tensor of \(tensor.shape) \(type.name)",
                "ask for fewer")
        }
        let octets = try octets(
            at: tensor.offset + rows.lowerBound * tensor.rowSize, count: rows.count * tensor.rowSize)
        octets.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            for block in 0..<rows.count * (tensor.columns / type.blockCount) {
                let groups = block * (type.blockCount / group)
                type.split(
                    Block(start + block * type.blockSize),
                    BlockParts(
                        numbers: numbers + block * type.blockCount, scales: scales + groups,
                        leasts: leasts + groups))
            }
        }
    }

    private func octets(at offset: Int, count: Int) throws(ModelError) -> [UInt8] {
        let octets = GGUFReader.octets(of: descriptor, at: offset, count: count)
        guard octets.count == count else {
            throw ModelError(
                path, "ends at octet \(offset + octets.count)", "the file has become shorter: copy it anew")
        }
        return octets
    }
}
