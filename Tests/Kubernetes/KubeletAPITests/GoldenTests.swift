import KubeletAPI
import Protobuf
import Testing

@Suite("Every message, as Google's implementation encodes it (Tests/Peers/kubelet)")
struct GoldenTests {
    static let golden: [String: [UInt8]] = {
        var messages: [String: [UInt8]] = [:]
        for line in lines("\(root)/Tests/Peers/kubelet/messages.txt") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            messages[String(words[0])] = words.count > 1 ? hexadecimal(words[1]) : []
        }
        return messages
    }()

    @Test("is in the golden file, and nothing else is")
    func complete() {
        #expect(Set(Self.golden.keys) == Set(allMessages.map(\.name)))
        #expect(allMessages.count == 48)
    }

    @Test("is written byte for byte", arguments: allMessages.indices)
    func writes(index: Int) {
        let (name, type) = allMessages[index]
        #expect(type.sample.serialized() == Self.golden[name], "\(name)")
    }

    @Test("is read", arguments: allMessages.indices)
    func reads(index: Int) throws {
        func check<M: Golden>(_ type: M.Type, _ bytes: [UInt8]) throws {
            #expect(try M(serialized: bytes) == M.sample)
        }
        let (name, type) = allMessages[index]
        let bytes = try #require(Self.golden[name])
        try check(type, bytes)
    }

    @Test("is empty when every field has its default", arguments: allMessages.indices)
    func empty(index: Int) {
        func bytes<M: Golden>(_ type: M.Type) -> [UInt8] { M().serialized() }
        #expect(bytes(allMessages[index].type) == [])
    }
}
