import Protobuf
import TestSupport
import Testing

private typealias Kinds = KindsAPI.Kinds
private typealias Part = KindsAPI.Part

@Suite("What scripts/generate-messages makes of every kind of field")
struct KindsTests {
    private static let messages: [String: Kinds] = [
        "empty": Kinds(),
        "scalars": Kinds(
            flag: true, data: [0, 1], real: -0.5, short: -1, long: .min, text: "t", narrow: .max, wide: .max),
        "enum": Kinds(level: .highLevel, inner: .init(grade: .good)),
        "message": Kinds(part: Part(number: 7)),
        "message-empty": Kinds(part: Part()),
        "optional": Kinds(note: "n", coreID: -1, size: .max),
        "optional-default": Kinds(note: "", coreID: 0, size: 0),
        "oneof-text": Kinds(choiceOfTwo: .chosenText("c")),
        "oneof-text-empty": Kinds(choiceOfTwo: .chosenText("")),
        "oneof-part": Kinds(choiceOfTwo: .chosenPart(Part(number: 3))),
        "repeated": Kinds(
            podUIDs: ["a", ""], blocks: [[1, 2], []], parts: [Part(number: 1), Part()],
            shortNumbers: [0, 1, -1, .max], longs: [0, -1, 1 << 62]),
        "maps": Kinds(
            labels: ["b": "", "a": "1"], partsByName: ["y": Part(number: 2), "x": Part()]),
    ]

    private let golden: [String: [UInt8]]

    init() throws { golden = try Fixtures.messages("protobuf/kinds.txt") }

    @Test("is in the file, and nothing else is")
    func complete() { #expect(Set(golden.keys) == Set(Self.messages.keys)) }

    @Test("is written as Google's implementation writes it", arguments: messages.keys.sorted())
    func writes(name: String) { #expect(Self.messages[name]?.serialized() == golden[name]) }

    @Test("reads what Google's implementation writes", arguments: messages.keys.sorted())
    func reads(name: String) throws {
        #expect(try Kinds(serialized: try #require(golden[name])) == Self.messages[name])
    }

    @Test("of a oneof the last counts, and a message of the same member is merged")
    func oneof() throws {
        let text = try #require(golden["oneof-text"])
        let part = try #require(golden["oneof-part"])
        #expect(try Kinds(serialized: text + part).choiceOfTwo == .chosenPart(Part(number: 3)))
        #expect(try Kinds(serialized: part + text).choiceOfTwo == .chosenText("c"))
        #expect(try Kinds(serialized: part + [0x8a, 1, 0]).chosenPart == Part(number: 3))
    }

    @Test("takes a number that has no name for an enum's first")
    func unknownValue() throws { #expect(try Kinds(serialized: [0x48, 9]).level == .lowLevel) }

    @Test("skips a value of another type, also in maps and lists")
    func otherTypes() throws {
        // core_id, blocks, parts_by_name as other wire types.
        let octets: [UInt8] = [0x72, 1, 0x61, 0x98, 1, 5, 0xc0, 1, 5]
        #expect(try Kinds(serialized: octets) == Kinds())
    }

    @Test("reads repeated int32s that are not packed, and counts them against the limit")
    func unpacked() throws {
        let octets: [UInt8] = [0xa8, 1, 1, 0xa8, 1, 2, 0xaa, 1, 1, 3]
        #expect(try Kinds(serialized: octets).shortNumbers == [1, 2, 3])
        #expect(throws: ProtobufError.elements(limit: 2)) {
            try Kinds(serialized: octets, limits: ProtobufLimits(elements: 2))
        }
    }

    @Test("counts bytes and the entries of maps against the limit")
    func limits() {
        for octets in [[0x9a, 1, 0, 0x9a, 1, 0], [0xc2, 1, 0, 0xc2, 1, 0]] as [[UInt8]] {
            #expect(throws: ProtobufError.elements(limit: 1)) {
                try Kinds(serialized: octets, limits: ProtobufLimits(elements: 1))
            }
        }
    }

    @Test("an entry without a value has the default message")
    func entryWithoutValue() throws {
        #expect(try Kinds(serialized: [0xc2, 1, 3, 0x0a, 1, 0x61]).partsByName == ["a": Part()])
    }
}
