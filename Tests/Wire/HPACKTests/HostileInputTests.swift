import TestSupport
import Testing

@testable import HPACK

@Suite("Header blocks of a hostile peer")
struct HostileInputTests {
    @Test(
        "faults are errors",
        arguments: [
            ("80", HPACKError.index(0)),
            ("be", .index(62)),
            ("ff ff ff ff 0f", .index(33_554_558)),
            ("7f 80 80 80 80 80 00", .integerOverflow),
            ("ff ff ff ff ff ff ff ff ff ff 01", .integerOverflow),
            ("ff ff ff ff ff 7f", .integerOverflow),
            ("ff", .truncated),
            ("40", .truncated),
            ("40 05 61", .truncated),
            ("40 01 61", .truncated),
            ("40 01 61 7f ff ff ff 0f", .truncated),
            ("00 01 61 82 ff ff", .huffman),
            ("00 01 61 84 ff ff ff ff", .huffman),
            ("00 01 61 81 00", .huffman),
            ("00 01 61 82 1f ff", .huffman),
            ("3f e2 1f", .sizeUpdate(4097, maximum: 4096)),
            ("82 20", .lateSizeUpdate),
        ] as [(String, HPACKError)])
    func faults(wire: String, expected: HPACKError) {
        var decoder = HPACKDecoder()
        #expect(throws: expected) { try decoder.list(hex(wire)) }
    }

    @Test("EOS inside of a string is refused even where its bits are cut at a nibble")
    func endOfString() {
        var decoder = HPACKDecoder()
        #expect(throws: HPACKError.huffman) { try decoder.list(hex("00 01 61 85 1f ff ff ff ff")) }
    }

    @Test(
        "padding is zero to seven ones",
        arguments: [("81 1f", "a"), ("81 1e", nil), ("82 1f ff", nil), ("81 f8", "&"), ("80", "")])
    func padding(value: String, expected: String?) throws {
        var decoder = HPACKDecoder()
        let list = try? decoder.list(hex("00 01 61" + value))
        #expect(list?["a"] == expected)
    }

    @Test("a bomb stops at the list limit and the table stays in step")
    func bomb() throws {
        var decoder = HPACKDecoder(maximumListSize: 10_000)
        let big = String(repeating: "x", count: 3000)
        var encoder = HPACKEncoder()
        #expect(try decoder.list(encoder.block(["bomb": big]))["bomb"] == big)
        // 16,000 references of one octet would be 48 MB.
        var list = HeaderList()
        let references = [UInt8](repeating: 0xbe, count: 16_000)
        #expect(try decoder.decode(references.span.bytes, into: &list) == .tooLarge)
        #expect(list.count == 3)
        #expect(list.size <= 10_000)
        #expect(try decoder.list(encoder.block(["bomb": big, "next": "1"])) == ["bomb": big, "next": "1"])
    }

    @Test("fields after the limit still enter the table")
    func stepAfterLimit() throws {
        var decoder = HPACKDecoder(maximumListSize: 100)
        var encoder = HPACKEncoder()
        var list = HeaderList()
        let block = encoder.block(["first": String(repeating: "y", count: 90), "second": "2"])
        #expect(try decoder.decode(block.span.bytes, into: &list) == .tooLarge)
        #expect(list.isEmpty)
        #expect(try decoder.list(encoder.block(["second": "2"])) == ["second": "2"])
    }

    @Test("a field of no octets still counts 32")
    func emptyFields() throws {
        var decoder = HPACKDecoder(maximumListSize: 320)
        var list = HeaderList()
        let block = [UInt8](repeating: 0, count: 3 * 100)
        #expect(try decoder.decode(block.span.bytes, into: &list) == .tooLarge)
        #expect(list.count == 10)
    }

    @Test("after we lower the table size the next block must begin with an update")
    func lowered() throws {
        var decoder = HPACKDecoder()
        decoder.setTableLimit(100)
        #expect(throws: HPACKError.missingSizeUpdate(maximum: 100)) { try decoder.list([0x82]) }
        #expect(try decoder.list(hex("3f 45 82")) == [":method": "GET"])
        decoder.setTableLimit(4096)
        #expect(try decoder.list(hex("82")) == [":method": "GET"])
    }

    @Test("every cut of a block is an error or a shorter list, never a trap")
    func cuts() throws {
        var encoder = HPACKEncoder()
        let list: HeaderList = [
            ":method": "POST", ":path": "/a.B/C", "x": "\u{1}~é", "content-type": "application/grpc",
        ]
        let block = encoder.block(list)
        for end in block.indices {
            var decoder = HPACKDecoder()
            if let part = try? decoder.list(Array(block[..<end])) { #expect(part.count < list.count) }
        }
    }

    @Test("noise never traps and never holds more than the limits", arguments: 0..<40)
    func noise(seed: Int) {
        var random = SeededGenerator(seed: seed)
        var decoder = HPACKDecoder(maximumListSize: 2000)
        for _ in 0..<400 {
            let block = (0..<Int.random(in: 0..<60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            var list = HeaderList()
            _ = try? decoder.decode(block.span.bytes, into: &list)
            #expect(list.size <= 2000)
            #expect(decoder.tableSize <= 4096)
        }
    }

    @Test("errors say what is wrong in one sentence")
    func descriptions() {
        #expect(
            HPACKError.sizeUpdate(9000, maximum: 4096).description
                == "the header block sets the table size to 9000, our limit is 4096")
        #expect(
            HPACKError.index(99).description
                == "the header block refers to entry 99, which neither table has")
    }
}
