import TestSupport
import Testing

@testable import HPACK

@Suite("HPACK encoder")
struct EncoderTests {
    @Test("a repeated request costs one octet a field")
    func repeats() {
        var encoder = HPACKEncoder()
        let list: HeaderList = [
            ":method": "POST", ":scheme": "http", ":path": "/v1beta1.DevicePlugin/Allocate",
            ":authority": "localhost", "content-type": "application/grpc", "te": "trailers",
        ]
        #expect(encoder.block(list).count > 40)
        #expect(encoder.block(list).count == list.count)
    }

    @Test("credentials are marked never indexed, even when a table has them, §7.1.3")
    func sensitive() throws {
        var encoder = HPACKEncoder()
        var list = HeaderList()
        list.add("authorization", "Bearer s3cret", indexing: .never)
        let block = encoder.block(list)
        #expect(block.first == 0x1f)
        #expect(encoder.block(list) == block)
        var decoder = HPACKDecoder()
        let decoded = try decoder.list(block)
        #expect(decoded == list)
        #expect(decoded.indexing(0) == .never)
        #expect(decoder.tableSize == 0)
    }

    @Test("fields that change with each call stay out of the table")
    func avoided() throws {
        var encoder = HPACKEncoder()
        var list = HeaderList()
        list.add("grpc-timeout", "4997941u", indexing: .avoided)
        var decoder = HPACKDecoder()
        #expect(try decoder.list(encoder.block(list)) == list)
        #expect(decoder.tableSize == 0)
    }

    @Test("a field as large as the table does not flush it")
    func large() throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 10_000)
        let large: HeaderList = ["large": String(repeating: "z", count: 4000)]
        #expect(try decoder.list(encoder.block(["kept": "1"])) == ["kept": "1"])
        #expect(try decoder.list(encoder.block(large)) == large)
        #expect(encoder.block(["kept": "1"]) == [0xbe])
    }

    @Test("the smallest and the last of several limits are told, §4.2")
    func updates() {
        var encoder = HPACKEncoder()
        encoder.setTableLimit(0)
        encoder.setTableLimit(1000)
        #expect(encoder.block([":method": "GET"]) == hex("20 3f c9 07 82"))
        #expect(encoder.block([":method": "GET"]) == hex("82"))
        encoder.setTableLimit(1000)
        #expect(encoder.block([":method": "GET"]) == hex("82"))
    }

    @Test("a peer that offers gigabytes of table gets no more than we keep")
    func hugeTable() {
        var encoder = HPACKEncoder(tableSize: Int(UInt32.max))
        encoder.setTableLimit(Int(UInt32.max))
        #expect(encoder.block([":method": "GET"]) == hex("82"))
    }

    @Test("random lists survive the way through both tables", arguments: 0..<30)
    func property(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        for _ in 0..<120 {
            let list = HeaderList.random(&random)
            #expect(try decoder.list(encoder.block(list)) == list)
            #expect(decoder.tableSize == encoder.tableSize)
        }
    }

    @Test("Huffman takes every octet there and back")
    func huffman() throws {
        let all = (0...255).map { UInt8($0) }
        var code: [UInt8] = []
        Huffman.encode(all[...], into: &code)
        #expect(code.count == Huffman.encodedLength(all[...]))
        var back: [UInt8] = []
        try Huffman.decode(code.span.bytes, 0..<code.count, into: &back)
        #expect(back == all)
    }
}

@Suite("Header list")
struct HeaderListTests {
    @Test("keeps order and repetitions and finds the first")
    func order() {
        let list: HeaderList = ["a": "1", "b": "2", "a": "3"]
        #expect(list.count == 3)
        #expect(list["a"] == "1")
        #expect(list["c"] == nil)
        #expect((0..<3).map { list.name($0) + list.value($0) } == ["a1", "b2", "a3"])
        #expect(list.description == "a: 1\nb: 2\na: 3")
    }

    @Test("counts 32 octets for each field, RFC 9113 §6.5.2")
    func size() {
        let list: HeaderList = ["ab": "cde", "": ""]
        #expect(list.size == 5 + 64)
    }

    @Test("differs when the same octets are cut elsewhere")
    func equality() {
        let left: HeaderList = ["ab": "c"]
        let right: HeaderList = ["a": "bc"]
        #expect(left != right)
        #expect(left.isNamed(0, "ab"))
        #expect(!left.isNamed(0, "a"))
        #expect(left.hasValue(0, "c"))
    }

    @Test("is empty again after removeAll")
    func removal() {
        var list: HeaderList = ["a": "1"]
        list.removeAll()
        #expect(list.isEmpty)
        #expect(list == HeaderList())
    }
}
