import Protobuf
import TestSupport
import Testing

@Suite("Bytes that are not a message, or not ours")
struct HostileBytesTests {
    @Test(
        "are refused with the reason",
        arguments: [
            ("0a", .truncated(offset: 1)),
            ("0a05616263", .truncated(offset: 1)),
            ("08", .truncated(offset: 1)),
            ("2880", .truncated(offset: 1)),
            ("80", .truncated(offset: 0)),
            ("49010203", .truncated(offset: 1)),
            ("55010203", .truncated(offset: 1)),
            ("0affffffffffffffffff01", .truncated(offset: 1)),
            ("28ffffffffffffffffff02", .varintTooLong(offset: 1)),
            ("28ffffffffffffffffffff01", .varintTooLong(offset: 1)),
            ("00", .fieldNumber(0, offset: 0)),
            ("808080801000", .fieldNumber(1 << 29, offset: 0)),
            ("0e", .wireType(6, offset: 0)),
            ("0f", .wireType(7, offset: 0)),
            ("0a02c328", .notUTF8(field: 1)),
            ("1202c080", .notUTF8(field: 2)),
            ("6a01ff", .notUTF8(field: 13)),
            ("820103120180", .notUTF8(field: 2)),
            ("0c", .endGroup(field: 1)),
            ("0b14", .endGroup(field: 2)),
            ("0b", .truncated(offset: 1)),
            // A message that says it is longer than the one around it.
            ("62021205", .truncated(offset: 3)),
            ("7a0280", .truncated(offset: 1)),
            ("7a0180", .truncated(offset: 2)),
        ] as [(String, ProtobufError)])
    func refuses(hex: String, error: ProtobufError) {
        #expect(throws: error) { try Sample(serialized: hexadecimal(hex)) }
    }

    @Test(
        "unknown fields of every layout are skipped",
        arguments: [
            "c80101", "c901" + "0102030405060708", "ca0103616263", "cd01" + "01020304",
            // Groups, in groups, with every layout within.
            "cb01cc01", "cb01d301d401cc01",
            "cb01080109" + "0102030405060708" + "0a0161150102030413140bfb01fc010ccc01",
        ])
    func skips(hex: String) throws {
        let bytes = hexadecimal("0a0161") + hexadecimal(hex) + hexadecimal("2001")
        #expect(try Sample(serialized: bytes) == Sample(text: "a", flag: true))
    }

    @Test(
        "a known number with another layout is an unknown field",
        arguments: ["0801", "0b0c", "0d01020304", "2a0161"])
    func otherLayout(hex: String) throws {
        #expect(try Sample(serialized: hexadecimal(hex)) == Sample())
    }

    @Test("an empty packed field, and packed and single numbers mixed")
    func packedMix() throws {
        #expect(try Sample(serialized: hexadecimal("7a00")) == Sample())
        #expect(try Sample(serialized: hexadecimal("78017a0202037804")) == Sample(numbers: [1, 2, 3, 4]))
    }

    @Test("the last value of a singular field counts, and messages merge")
    func merges() throws {
        #expect(try Sample(serialized: hexadecimal("0a01610a0162")) == Sample(text: "b"))
        let merged = Sample(inner: Inner(id: 7, inner: Inner(id: 8)))
        #expect(try Sample(serialized: hexadecimal("62020807" + "620412020808")) == merged)
    }

    @Test("the last entry of a key in a map counts, and either half may be missing")
    func mapEntries() throws {
        #expect(
            try Sample(serialized: hexadecimal("8201060a01611201628201060a0161120163")).labels == ["a": "c"])
        #expect(
            try Sample(serialized: hexadecimal("8201030a01618201031201628201" + "00")).labels == [
                "a": "", "": "",
            ])
    }

    @Test("numbers too large for the field keep their low bits, as everywhere")
    func narrows() throws {
        #expect(try Sample(serialized: hexadecimal("30ffffffff1f")) == Sample(short: -1))
        #expect(try Sample(serialized: hexadecimal("2002")) == Sample(flag: true))
    }

    @Test("messages nested beyond the limit are refused, up to it they are read")
    func nesting() throws {
        func chain(_ levels: Int) -> [UInt8] {
            var message = Inner()
            for _ in 1..<levels { message = Inner(inner: message) }
            return Sample(inner: message).serialized()
        }
        let limits = ProtobufLimits(nesting: 10)
        #expect(try Sample(serialized: chain(10), limits: limits).inner != nil)
        #expect(throws: ProtobufError.nesting(limit: 10)) {
            try Sample(serialized: chain(11), limits: limits)
        }
    }

    @Test("groups nested beyond the limit are refused without recursion")
    func groupNesting() {
        let bytes = [UInt8](repeating: 0x0b, count: 1_000_000)
        #expect(throws: ProtobufError.nesting(limit: 64)) { try Sample(serialized: bytes) }
    }

    @Test(
        "more elements than the limit are refused, however they are spread",
        arguments: ["6a00", "7200", "7801", "820100"])
    func elements(hex: String) throws {
        let limits = ProtobufLimits(elements: 5)
        let five = Array(repeatElement(hexadecimal(hex), count: 5).joined())
        #expect(try Sample(serialized: five, limits: limits) != Sample())
        #expect(throws: ProtobufError.elements(limit: 5)) {
            try Sample(serialized: five + hexadecimal("6a00"), limits: limits)
        }
    }

    @Test(
        "every cut of a message is refused or read, and never traps",
        arguments: GoldenTests.messages.keys.sorted())
    func cuts(name: String) throws {
        let bytes = try #require(GoldenTests.messages[name]).serialized().prefix(600)
        for count in 0..<bytes.count {
            let cut = Array(bytes.prefix(count))
            // What can be read can be written and read again.
            guard let message = try? Sample(serialized: cut) else { continue }
            #expect(try Sample(serialized: message.serialized()) == message)
        }
    }

    @Test("random changes of a message never trap, and what is read reads back", arguments: 0..<200)
    func mutations(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let seeds = GoldenTests.messages.keys.sorted().compactMap {
            GoldenTests.messages[$0]?.serialized().prefix(200)
        }
        for _ in 0..<50 {
            var bytes = Array(seeds[Int.random(in: 0..<seeds.count, using: &random)])
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            // Numbers that are not a number are not equal to themselves: compare the bytes.
            guard let message = try? Sample(serialized: bytes) else { continue }
            #expect(try Sample(serialized: message.serialized()).serialized() == message.serialized())
        }
    }

    @Test("errors read as one sentence")
    func descriptions() {
        #expect(
            ProtobufError.truncated(offset: 7).description
                == "the message ends inside the value that begins at byte 7")
        #expect(
            ProtobufError.fieldNumber(0, offset: 2).description
                == "the tag at byte 2 of the message has field number 0, which must be 1 to 536870911")
        #expect(
            ProtobufError.elements(limit: 3).description == "the message has more than 3 repeated elements")
    }
}

/// A small seeded generator: the same bytes in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
