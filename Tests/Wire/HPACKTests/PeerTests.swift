// Another implementation at the other end of the tables: PyPI's hpack decodes what we encode, and we what it encodes.

import FoundationEssentials
import Glibc
import SystemIO
import TestSupport
import Testing

@testable import HPACK

/// The peer process. All connections go through one run of it.
private enum Peer {
    static let present = Python.has("hpack")

    /// A field in hex.
    struct Field: Codable, Equatable {
        var name: String
        var value: String
        var neverIndexed: Bool

        init(_ list: HeaderList, _ index: Int) {
            name = hexText(list.storage[list.nameRange(index)])
            value = hexText(list.storage[list.valueRange(index)])
            neverIndexed = list.indexing(index) == .never
        }

        init(from decoder: any Decoder) throws {
            var parts = try decoder.unkeyedContainer()
            name = try parts.decode(String.self)
            value = try parts.decode(String.self)
            neverIndexed = try parts.decode(Bool.self)
        }

        func encode(to encoder: any Encoder) throws {
            var parts = encoder.unkeyedContainer()
            try parts.encode(name)
            try parts.encode(value)
            try parts.encode(neverIndexed)
        }
    }

    /// What happens on a connection, in order.
    struct Step: Encodable {
        var limit: Int?
        var block: String?
        var list: [Field]?
    }

    static func run<Answer: Decodable>(_ connections: [[Step]], answers: Answer.Type) async throws
        -> [[Answer]]
    {
        let folder = try TemporaryDirectory()
        let (input, output) = (folder.path + "/input", folder.path + "/output")
        try Files.write(input, Array(JSONEncoder().encode(connections)))
        let process = try ChildProcess.spawn(
            Python.path, [Python.root + "/Tests/Peers/hpack_peer.py", input, output],
            descriptors: .init(error: FileDescriptor(dup(2))))
        #expect(await process.wait() == .exited(0), "hpack_peer.py says on standard error what is wrong")
        return try JSONDecoder().decode([[Answer]].self, from: Data(Files.read(output, limit: 1 << 26)))
    }
}

/// The octets in hex.
private func hexText(_ octets: some Sequence<UInt8>) -> String {
    octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func fields(_ list: HeaderList) -> [Peer.Field] { (0..<list.count).map { Peer.Field(list, $0) } }

/// Lists of a connection, and the table sizes that are announced before some of them.
private struct Connection {
    var lists: [HeaderList] = []
    var limits: [Int: [Int]] = [:]

    /// Random names and values, few enough that they repeat.
    static func random(_ seed: Int) -> Connection {
        var random = SeededGenerator(seed: seed)
        var connection = Connection()
        for round in 0..<60 {
            connection.lists.append(HeaderList.random(&random))
            if Int.random(in: 0..<5, using: &random) == 0 {
                connection.limits[round] = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    [0, 40, 64, 100, 333, 1000, 4096].randomElement(using: &random) ?? 0
                }
            }
        }
        return connection
    }

    static var stories: [Connection] {
        Stories.names.map { Connection(lists: Stories.lists[$0] ?? []) }
    }
}

@Suite(
    "PyPI's hpack at the other end",
    .enabled(if: Peer.present, "no Python with hpack: run make python-env"),
    .timeLimit(.minutes(10)))
struct PeerTests {
    private func decodesOurs(_ connections: [Connection]) async throws {
        let steps = connections.map { connection in
            var encoder = HPACKEncoder()
            var steps: [Peer.Step] = []
            for (round, list) in connection.lists.enumerated() {
                for limit in connection.limits[round] ?? [] {
                    encoder.setTableLimit(limit)
                    steps.append(Peer.Step(limit: limit))
                }
                steps.append(Peer.Step(block: hexText(encoder.block(list))))
            }
            return steps
        }
        let answers = try await Peer.run(steps, answers: [Peer.Field].self)
        for (connection, lists) in zip(connections, answers) {
            #expect(lists == connection.lists.map { fields($0) })
        }
        #expect(answers.count == connections.count)
    }

    /// Limits rise here between two blocks: the peer's encoder tells all of them in turn, and §6.3 of RFC 7541 forbids
    /// to tell one above the last. It tells none at all where one comes twice.
    private func isDecodedByUs(_ connections: [Connection]) async throws {
        let connections = connections.map {
            Connection(lists: $0.lists, limits: $0.limits.mapValues { Set($0).sorted() })
        }
        let steps = connections.map { connection in
            connection.lists.enumerated().flatMap { round, list in
                (connection.limits[round] ?? []).map { Peer.Step(limit: $0) } + [
                    Peer.Step(list: fields(list))
                ]
            }
        }
        let answers = try await Peer.run(steps, answers: String.self)
        #expect(answers.count == connections.count)
        for (connection, blocks) in zip(connections, answers) {
            var decoder = HPACKDecoder(maximumListSize: 1 << 20)
            for (round, list) in connection.lists.enumerated() {
                for limit in connection.limits[round] ?? [] { decoder.setTableLimit(limit) }
                // Not whether a field is never indexed: the peer indexes one that its table has already.
                #expect(try decoder.list(hex(blocks[round])) == list)
            }
        }
    }

    @Test("decodes every list of the stories as we encode it")
    func stories() async throws {
        let connections = Connection.stories
        #expect(connections.count == 32)
        try await decodesOurs(connections)
    }

    @Test("encodes every list of the stories as we decode it")
    func storiesBack() async throws { try await isDecodedByUs(Connection.stories) }

    @Test("decodes random lists as we encode them, while the table's size changes")
    func random() async throws { try await decodesOurs((0..<20).map { Connection.random($0) }) }

    @Test("encodes random lists as we decode them, while the table's size changes")
    func randomBack() async throws { try await isDecodedByUs((100..<120).map { Connection.random($0) }) }
}
