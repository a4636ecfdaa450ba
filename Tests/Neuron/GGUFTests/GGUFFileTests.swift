import ModelErrors
import SystemIO
import TestSupport
import Testing

@testable import GGUF

@Suite("GGUF files")
struct GGUFFileTests {
    private static let path = Fixtures.root + "/gguf/types.gguf"

    private func numbers(_ file: GGUFFile, _ name: String, rows: Range<Int>? = nil) throws -> [Float] {
        let tensor = try #require(file.tensors[name])
        let rows = rows ?? 0..<tensor.rows
        var numbers = [Float](repeating: 0, count: rows.count * tensor.columns)
        try numbers.withUnsafeMutableBufferPointer { try file.read(tensor, rows: rows, into: $0) }
        return numbers
    }

    @Test("each type of a value is read as it was written")
    func metadata() throws {
        let file = try GGUFFile(path: Self.path)
        #expect(file.metadata["general.architecture"] == .string("llama"))
        #expect(file.metadata["test.uint8"] == .unsigned(200))
        #expect(file.metadata["test.int8"] == .signed(-100))
        #expect(file.metadata["test.uint16"] == .unsigned(60_000))
        #expect(file.metadata["test.int16"] == .signed(-30_000))
        #expect(file.metadata["test.uint32"] == .unsigned(4_000_000_000))
        #expect(file.metadata["test.int32"] == .signed(-2_000_000_000))
        #expect(file.metadata["test.uint64"] == .unsigned(18_000_000_000_000_000_000))
        #expect(file.metadata["test.int64"] == .signed(-9_000_000_000_000_000_000))
        #expect(file.metadata["test.float32"] == .number(Double(Float(0.1))))
        #expect(file.metadata["test.float64"] == .number(0.1))
        #expect(file.metadata["test.bool"] == .bool(true))
        #expect(file.metadata["test.string"] == .string("Gänglion\n"))
        #expect(file.metadata["test.strings"] == .strings(["a", "", "ĠĊ"]))
        #expect(file.metadata["test.integers"] == .integers([1, -2, 3]))
        #expect(file.metadata["test.numbers"] == .numbers([0.5, -0.25]))
        #expect(file.metadata["test.bools"] == .integers([1, 0]))
        // As errors show them.
        #expect(file.metadata["test.int16"].map { "\($0)" } == "-30000")
        #expect(file.metadata["test.integers"].map { "\($0)" } == "[1, -2, 3]")
        #expect(GGUFValue.strings([String](repeating: "a", count: 9)).description.hasSuffix("a, ...]"))
    }

    @Test("stored numbers become those that gguf makes of them", arguments: GGUFElementType.allCases)
    func widening(type: GGUFElementType) throws {
        let file = try GGUFFile(path: Self.path)
        let tensor = try #require(file.tensors[type.name])
        #expect(tensor.type == type && tensor.shape == [256, 3] && tensor.rows == 3 && tensor.columns == 256)
        // Equal numbers: a zero may have another sign.
        let expected = try numbers(file, type.name + ".f32")
        #expect(try numbers(file, type.name) == expected)
        #expect(try numbers(file, type.name, rows: 1..<2) == Array(expected[256..<512]))
    }

    @Test("quantised numbers taken apart are the widened ones", arguments: GGUFElementType.allCases)
    func parts(type: GGUFElementType) throws {
        let file = try GGUFFile(path: Self.path)
        let tensor = try #require(file.tensors[type.name])
        var numbers = [UInt8](repeating: 0, count: 512)
        var scales = [Float](repeating: 0, count: 64)
        var leasts = scales
        guard let group = type.groupCount else {
            #expect(throws: ModelError.self) {
                try file.read(tensor, rows: 1..<3, numbers: &numbers, scales: &scales, leasts: &leasts)
            }
            return
        }
        try file.read(tensor, rows: 1..<3, numbers: &numbers, scales: &scales, leasts: &leasts)
        #expect(numbers.allSatisfy { $0 < 16 } || !type.hasNibbles)
        let values = numbers.indices.map {
            Float(numbers[$0]) * scales[$0 / group] + leasts[$0 / group]
        }
        #expect(try self.numbers(file, type.name, rows: 1..<3) == values)
    }

    @Test("rows that a tensor does not have are refused")
    func rows() throws {
        let file = try GGUFFile(path: Self.path)
        #expect(throws: ModelError.self) { try numbers(file, "F32", rows: 2..<4) }
    }

    /// The octets of a small file: version, counts, and what follows them.
    private func head(version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0) -> [UInt8] {
        GGUFFile.magic + octets(version) + octets(tensors) + octets(keys)
    }

    private func octets(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private func text(_ text: String) -> [UInt8] { octets(UInt64(text.utf8.count)) + Array(text.utf8) }

    private func refusal(_ octets: [UInt8]) throws -> String {
        let path = Scratch.path(".gguf")
        try Files.writeAtomically(path, octets)
        do {
            _ = try GGUFFile(path: path)
            return ""
        } catch { return error.description.replacing(path, with: "model.gguf") }
    }

    @Test("a file that cannot be right is refused with what is wrong in it")
    func refusals() throws {
        #expect(try refusal([]).contains("model.gguf ends in the middle of its first octets"))
        #expect(try refusal(Array("GGML....".utf8)).contains("does not begin with GGUF"))
        #expect(try refusal(head(version: 1)).contains("has version 1, known are 2 and 3"))
        #expect(try refusal(head(version: UInt32(3).byteSwapped)).contains("big-endian"))
        #expect(try refusal(head(keys: 1 << 60)).contains("says that it has 1152921504606846976 keys"))
        #expect(try refusal(head(tensors: 1)).contains("says that it has 1 tensors"))
        let key = text("k") + octets(GGUFType.uint8.rawValue) + [7]
        #expect(try refusal(head(keys: 2) + key + key).contains("has the key k twice"))
        let unknown = text("k") + octets(UInt32(99)) + octets(UInt64(0))
        #expect(try refusal(head(keys: 1) + unknown).contains("unknown type 99 for k"))
        let nested = text("k") + octets(GGUFType.array.rawValue) + octets(GGUFType.array.rawValue)
        #expect(try refusal(head(keys: 1) + nested + octets(UInt64(0))).contains("arrays of arrays in k"))
        let long = text("k") + octets(GGUFType.array.rawValue) + octets(GGUFType.uint64.rawValue)
        #expect(
            try refusal(head(keys: 1) + long + octets(UInt64(1) << 61)).contains("entries of k, more than"))
        let broken = octets(UInt64(2)) + [0xff, 0xfe] + octets(GGUFType.uint64.rawValue) + octets(UInt64(0))
        #expect(try refusal(head(keys: 1) + broken).contains("is no UTF-8"))
    }

    private func tensor(_ sizes: [UInt64], type: UInt32 = 0, at offset: UInt64 = 0) -> [UInt8] {
        text("w") + octets(UInt32(sizes.count)) + sizes.flatMap { octets($0) } + octets(type) + octets(offset)
    }

    @Test("a tensor that cannot be where it says is refused with its name")
    func tensors() throws {
        let room = [UInt8](repeating: 0, count: 256)
        #expect(try refusal(head(tensors: 1) + tensor([4, 2]) + room) == "")
        #expect(try refusal(head(tensors: 1) + tensor([4, 200]) + room).contains("tensor w of [4, 200] F32"))
        #expect(try refusal(head(tensors: 1) + tensor([4], at: 7) + room).contains("does not fit at 7"))
        #expect(try refusal(head(tensors: 1) + tensor([4], at: 1 << 40) + room).contains("does not fit"))
        #expect(try refusal(head(tensors: 1) + tensor([]) + room).contains("has 0 dimensions"))
        #expect(try refusal(head(tensors: 1) + tensor([0]) + room).contains("has the size 0"))
        #expect(
            try refusal(head(tensors: 1) + tensor([4, 1 << 40, 1 << 40]) + room).contains("too many rows"))
        #expect(try refusal(head(tensors: 1) + tensor([31], type: 2) + room).contains("rows of 31 numbers"))
        #expect(try refusal(head(tensors: 1) + tensor([256], type: 16) + room).contains("stored as IQ2_XXS"))
        #expect(try refusal(head(tensors: 1) + tensor([256], type: 77) + room).contains("stored as type 77"))
        let alignment = text("general.alignment") + octets(GGUFType.uint32.rawValue)
        let odd = head(tensors: 1, keys: 1) + alignment + octets(UInt32(48)) + tensor([4]) + room
        #expect(try refusal(odd).contains("general.alignment"))
    }

    @Test("a file that is cut off anywhere is refused")
    func cut() throws {
        let whole = try Files.read(Self.path, limit: 1 << 20)
        for length in stride(from: 0, to: whole.count, by: 97) {
            #expect(try !refusal(Array(whole[..<length])).isEmpty, "\(length) octets")
        }
    }
}
