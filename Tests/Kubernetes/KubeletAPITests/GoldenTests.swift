import KubeletAPI
import Protobuf
import TestSupport
import Testing

@Suite("Every message, as Google's implementation encodes it (Tests/Fixtures/protobuf)")
struct GoldenTests {
    private let golden: [String: [UInt8]]

    init() throws { golden = try Fixtures.messages("protobuf/kubelet.txt") }

    @Test("is in the golden file, and nothing else is")
    func complete() {
        #expect(Set(golden.keys) == Set(allMessages.map(\.name)))
        #expect(allMessages.count == 49)
    }

    @Test("is written byte for byte", arguments: allMessages.indices)
    func writes(index: Int) {
        let (name, type) = allMessages[index]
        #expect(type.sample.serialized() == golden[name], "\(name)")
    }

    @Test("is read", arguments: allMessages.indices)
    func reads(index: Int) throws {
        func check<M: Golden>(_ type: M.Type, _ bytes: [UInt8]) throws {
            #expect(try M(serialized: bytes) == M.sample)
        }
        let (name, type) = allMessages[index]
        let bytes = try #require(golden[name])
        try check(type, bytes)
    }

    @Test("is empty when every field has its default", arguments: allMessages.indices)
    func empty(index: Int) {
        func bytes<M: Golden>(_ type: M.Type) -> [UInt8] { M().serialized() }
        #expect(bytes(allMessages[index].type) == [])
    }
}
