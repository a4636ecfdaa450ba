// Reads the head of a file front to back. A count is believed only if that much can still stand in the file, so that what
// is allocated is bounded by the file's size.

internal import Glibc
internal import ModelErrors

/// A place in a file, and what was read ahead of it.
struct GGUFReader {
    private static let pieceSize = 1 << 20

    let descriptor: Int32
    /// Octets of the file.
    let size: Int
    /// As it was opened.
    let path: String
    private var buffer: [UInt8] = []
    /// Where in the file the buffer begins.
    private var start = 0
    /// Where in the file the next octet is read.
    private(set) var position = 0

    /// Where in the file what is read begins.
    private let offset: Int

    init(descriptor: Int32, size: Int, path: String, offset: Int = 0) {
        self.offset = offset
        self.descriptor = descriptor
        self.size = size
        self.path = path
    }

    /// What a file that ends too early is told.
    private func endsEarly(_ what: String) -> ModelError {
        ModelError(
            path, "ends in the middle of \(what), after \(size) octets",
            "the file is damaged or not whole: copy it anew")
    }

    /// Octets of a file, as many of them as there are.
    static func octets(of descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { memory, initialized in
            while initialized < count, let base = memory.baseAddress {
                let read = pread(
                    descriptor, base + initialized, count - initialized, off_t(offset + initialized))
                if read < 0, errno == EINTR { continue }
                guard read > 0 else { break }
                initialized += read
            }
        }
    }

    /// Has the next octets in the buffer.
    private mutating func require(_ count: Int, of what: String) throws(ModelError) {
        guard count <= size - position else { throw endsEarly(what) }
        guard position + count > start + buffer.count else { return }
        let wanted = min(max(count, Self.pieceSize), size - position)
        let piece = Self.octets(of: descriptor, at: offset + position, count: wanted)
        // It was cut off since its size was asked for.
        guard piece.count >= count else { throw endsEarly(what) }
        buffer = piece
        start = position
    }

    /// The next number, in the order of a little-endian machine.
    mutating func number<Number: FixedWidthInteger>(
        _: Number.Type = Number.self, of what: String
    ) throws(ModelError) -> Number {
        let count = MemoryLayout<Number>.size
        try require(count, of: what)
        let value = buffer.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: position - start, as: Number.self)
        }
        position += count
        return Number(littleEndian: value)
    }

    /// A count of things of which each takes at least so many octets.
    mutating func count(each octets: Int, of what: String) throws(ModelError) -> Int {
        let value: UInt64 = try number(of: what)
        guard let count = Int(exactly: value), count <= (size - position) / octets else {
            throw ModelError(
                path, "says that it has \(value) \(what), more than a file of \(size) octets can have",
                "the file is damaged: copy it anew")
        }
        return count
    }

    /// The next text: a length and so many octets.
    mutating func text(of what: String) throws(ModelError) -> String {
        let length = try count(each: 1, of: "octets of \(what)")
        try require(length, of: what)
        let first = position - start
        let text = buffer.withUnsafeBytes { String(validating: $0[first..<first + length], as: UTF8.self) }
        guard let text else {
            throw ModelError(
                path, "has \(what) that is no UTF-8, at octet \(position)", "convert the model anew")
        }
        position += length
        return text
    }

    /// The next value of a type.
    mutating func value(_ type: GGUFType, of key: String) throws(ModelError) -> GGUFValue {
        switch type {
        case .uint8: .unsigned(UInt64(try number(UInt8.self, of: key)))
        case .uint16: .unsigned(UInt64(try number(UInt16.self, of: key)))
        case .uint32: .unsigned(UInt64(try number(UInt32.self, of: key)))
        case .uint64: .unsigned(try number(of: key))
        case .int8, .int16, .int32, .int64: .signed(try integer(type, of: key))
        case .float32, .float64: .number(try double(type, of: key))
        case .bool: .bool(try integer(type, of: key) != 0)
        case .string: .string(try text(of: key))
        case .array: try array(of: key)
        }
    }

    private mutating func integer(_ type: GGUFType, of key: String) throws(ModelError) -> Int64 {
        switch type {
        case .uint8, .bool: Int64(try number(UInt8.self, of: key))
        case .int8: Int64(try number(Int8.self, of: key))
        case .uint16: Int64(try number(UInt16.self, of: key))
        case .int16: Int64(try number(Int16.self, of: key))
        case .uint32: Int64(try number(UInt32.self, of: key))
        case .int32: Int64(try number(Int32.self, of: key))
        default: try number(Int64.self, of: key)
        }
    }

    private mutating func double(_ type: GGUFType, of key: String) throws(ModelError) -> Double {
        type == .float32
            ? Double(Float(bitPattern: try number(of: key))) : Double(bitPattern: try number(of: key))
    }

    private mutating func array(of key: String) throws(ModelError) -> GGUFValue {
        let type = try self.type(of: key)
        let count = try count(each: type.size, of: "entries of \(key)")
        switch type {
        case .array:
            throw ModelError(path, "has arrays of arrays in \(key)", "convert the model anew, without them")
        case .string:
            var values: [String] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try text(of: key)) }
            return .strings(values)
        case .float32, .float64:
            var values: [Double] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try double(type, of: key)) }
            return .numbers(values)
        default:
            var values: [Int64] = []
            values.reserveCapacity(count)
            for _ in 0..<count { values.append(try integer(type, of: key)) }
            return .integers(values)
        }
    }

    /// The next number as a type.
    mutating func type(of key: String) throws(ModelError) -> GGUFType {
        let number: UInt32 = try number(of: key)
        guard let type = GGUFType(rawValue: number) else {
            throw ModelError(
                path, "has the unknown type \(number) for \(key)",
                "the file is damaged or of a later format: copy it anew")
        }
        return type
    }
}
