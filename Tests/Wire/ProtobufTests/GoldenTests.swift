import Protobuf
import TestSupport
import Testing

@Suite("Messages that Google's implementation wrote (Tests/Fixtures/protobuf)")
struct GoldenTests {
    static let messages: [String: Sample] = [
        "empty": Sample(),
        "text": Sample(text: "Nervenzelle: ganglion ⚡"),
        "maybe-empty": Sample(maybe: ""),
        "data": Sample(data: Array(0...255)),
        "numbers": Sample(
            flag: true, long: -1, short: .min, size: .max, signed: -3, wide: 1 << 63 + 1, narrow: 0xdead_beef,
            real: -0.5),
        "extremes": Sample(long: .min, short: .max, signed: .min),
        "nested": Sample(inner: Inner(id: 1, inner: Inner(inner: Inner()))),
        "long-nested": Sample(
            names: [String(repeating: "x", count: 200), "", String(repeating: "y", count: 20_000)],
            inners: (0..<60).map { Inner(id: $0) } + [Inner()]),
        "packed": Sample(numbers: [0, 1, -1, 300, 1 << 62], loose: [0, 1, -1]),
        "map": Sample(labels: ["b": "2", "a": "", "ä": "3"]),
        "map-empty-key": Sample(labels: ["": "empty key"]),
        "far": Sample(far: "away"),
    ]

    private let golden: [String: [UInt8]]

    init() throws { golden = try Fixtures.messages("protobuf/sample.txt") }

    @Test("the file and the table have the same messages")
    func complete() { #expect(Set(golden.keys) == Set(Self.messages.keys)) }

    @Test("are read", arguments: messages.keys.sorted())
    func reads(name: String) throws {
        let bytes = try #require(golden[name])
        #expect(try Sample(serialized: bytes) == Self.messages[name])
    }

    // A field that proto3 was told to leave unpacked is the one thing that we write otherwise.
    @Test("are written, byte for byte", arguments: messages.keys.sorted().filter { $0 != "packed" })
    func writes(name: String) throws {
        let message = try #require(Self.messages[name])
        #expect(message.serialized() == golden[name])
    }

    @Test("packed numbers are written so that they read back")
    func packed() throws {
        let message = try #require(Self.messages["packed"])
        #expect(try Sample(serialized: message.serialized()) == message)
    }
}
