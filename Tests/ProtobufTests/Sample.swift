// The Swift side of Tests/Golden/protobuf/sample.proto.

import Glibc
import Protobuf

struct Inner: Message {
    var id: Int64 = 0
    /// A message may hold itself: through an array, for a struct cannot.
    private var box: [Inner] = []
    var inner: Inner? {
        get { box.first }
        set { box = newValue.map { [$0] } ?? [] }
    }

    init() {}
    init(id: Int64 = 0, inner: Inner? = nil) {
        self.id = id
        self.inner = inner
    }

    func encode(to writer: inout ProtobufWriter) {
        writer.write(1, id)
        writer.write(2, inner)
    }

    mutating func decode(field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &id)
        case 2: try reader.read(field, into: &inner)
        default: break
        }
    }
}

struct Sample: Message {
    var text = ""
    var maybe: String?
    var data: [UInt8] = []
    var flag = false
    var long: Int64 = 0
    var short: Int32 = 0
    var size: UInt64 = 0
    var signed: Int64 = 0
    var wide: UInt64 = 0
    var narrow: UInt32 = 0
    var real = 0.0
    var inner: Inner?
    var names: [String] = []
    var inners: [Inner] = []
    var numbers: [Int64] = []
    var labels: [String: String] = [:]
    /// Unpacked on the wire; written packed by us, which every reader must accept.
    var loose: [Int64] = []
    var far = ""

    func encode(to writer: inout ProtobufWriter) {
        writer.write(1, text)
        writer.write(2, maybe)
        writer.write(3, data)
        writer.write(4, flag)
        writer.write(5, long)
        writer.write(6, short)
        writer.write(7, size)
        writer.writeZigZag(8, signed)
        writer.writeFixed64(9, wide)
        writer.writeFixed32(10, narrow)
        writer.write(11, real)
        writer.write(12, inner)
        writer.write(13, names)
        writer.write(14, inners)
        writer.write(15, numbers)
        writer.write(16, labels)
        writer.write(17, loose)
        writer.write(536_870_911, far)
    }

    mutating func decode(field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &text)
        case 2: try reader.read(field, into: &maybe)
        case 3: try reader.read(field, into: &data)
        case 4: try reader.read(field, into: &flag)
        case 5: try reader.read(field, into: &long)
        case 6: try reader.read(field, into: &short)
        case 7: try reader.read(field, into: &size)
        case 8: try reader.readZigZag(field, into: &signed)
        case 9: try reader.readFixed64(field, into: &wide)
        case 10: try reader.readFixed32(field, into: &narrow)
        case 11: try reader.read(field, into: &real)
        case 12: try reader.read(field, into: &inner)
        case 13: try reader.read(field, into: &names)
        case 14: try reader.read(field, into: &inners)
        case 15: try reader.read(field, into: &numbers)
        case 16: try reader.read(field, into: &labels)
        case 17: try reader.read(field, into: &loose)
        case 536_870_911: try reader.read(field, into: &far)
        default: break
        }
    }
}

/// The lines of a golden file: a name, and bytes in hexadecimal.
func golden(_ file: String) -> [String: [UInt8]] {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
        separator: "/")
    guard let stream = fopen("\(root)/Tests/Golden/\(file)", "r") else { return [:] }
    defer { fclose(stream) }
    var result: [String: [UInt8]] = [:]
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, stream) >= 0, let text = line {
        let words = String(cString: text).split(whereSeparator: \.isWhitespace)
        guard let name = words.first, !name.hasPrefix("#") else { continue }
        result[String(name)] = words.dropFirst().first.map(hexadecimal) ?? []
    }
    return result
}

/// The bytes of hexadecimal digits.
func hexadecimal(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
