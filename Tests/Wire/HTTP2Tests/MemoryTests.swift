// What one peer can make a connection hold. The limits bound each buffer; here the worst peers that the limits allow
// fill them, and all that the machine holds is summed up, whatever it consists of.

import HPACK
import Testing

@testable import HTTP2

/// Octets that a value holds on the heap, as far as reflection sees them.
private func octets(in value: Any) -> Int {
    if let octets = value as? [UInt8] { return octets.capacity }
    let mirror = Mirror(reflecting: value)
    let children = mirror.children.reduce(0) { $0 + octets(in: $1.value) }
    guard mirror.displayStyle == .collection || mirror.displayStyle == .class else { return children }
    // Elements of arrays are structs of at most this size.
    return children + 96 * max(1, mirror.children.count)
}

extension HTTP2Connection {
    /// Octets of all buffers, tables and streams.
    fileprivate var heldOctets: Int {
        let parts: [Any] = [
            inbound.octets, outbound, events, headers, streams,
        ]
        return parts.reduce(0) { $0 + octets(in: $1) }
    }
}

extension Endpoint {
    fileprivate var heldOctets: Int { connection.heldOctets }
}

@Suite("Memory of a connection")
struct MemoryTests {
    /// What a connection may hold beside what its owner has given it to send. Twice the sum of the limits, since arrays
    /// double when they grow.
    private static let most: Int = {
        let limits = HTTP2Limits()
        let tables = 2 * HPACKEncoder.largestTable
        let read = 65_536
        return 2
            * (read + limits.frameSize + limits.headerBlockSize + limits.headerListSize + tables
                + limits.outputBuffer + 1024 * limits.concurrentStreams)
    }()

    /// Header blocks that leave as much behind as they can: entries that fill the table, in a list of the largest size.
    private static let bulky: HeaderList = {
        var list = request
        for index in 0..<9 { list.add("x-\(index)", String(repeating: "v", count: 1500), indexing: .allowed) }
        return list
    }()

    /// What a peer sends in a round of its attack; the owner reads all events and sends nothing.
    struct Attack: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var rounds: Int
        var octets: @Sendable (Int) -> [UInt8]

        init(_ name: String, rounds: Int, _ octets: @escaping @Sendable (Int) -> [UInt8]) {
            testDescription = name
            self.rounds = rounds
            self.octets = octets
        }
    }

    static let attacks: [Attack] = [
        Attack("a frame that never ends", rounds: 1) { _ in
            Array(dataFrame(1, zeros(16_384), end: false).dropLast())
        },
        Attack("a header block that never ends", rounds: 5) { round in
            round == 0
                ? openHeaders(1, zeros(8000), end: true) : continuation(1, zeros(6000), done: false)
        },
        Attack("streams that stay open", rounds: 1000) { headers(StreamID(2 * $0 + 1), post, end: false) },
        Attack("streams with large headers that stay open", rounds: 128) {
            headers(StreamID(2 * $0 + 1), bulky, end: false)
        },
        Attack("streams that come and go", rounds: 190) {
            headers(StreamID(2 * $0 + 1), post, end: false) + resetFrame(StreamID(2 * $0 + 1))
        },
        Attack("bodies that nobody consumes", rounds: 80) { round in
            (round == 0 ? (0..<128).flatMap { headers(StreamID(2 * $0 + 1), post, end: false) } : [])
                + dataFrame(StreamID(2 * (round % 128) + 1), zeros(16_384), end: false)
        },
        Attack("pings and settings that are answered", rounds: 900) { _ in ping() },
        Attack("a table that is filled and emptied", rounds: 128) { round in
            frame(
                1, flags: 5, stream: StreamID(2 * round + 1),
                [0x20, 0x3f, 0xe1, 0x1f] + block(get) + [0x40, 1, 97, 0x7f, 0xb1, 0x1e] + zeros(4017))
        },
        Attack("windows that are shut", rounds: 128) { round in
            (round == 0 ? settings((4, 0)) : []) + headers(StreamID(2 * round + 1), get, end: true)
        },
    ]

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    @Test("is bounded whatever a peer does", arguments: attacks)
    func bound(attack: Attack) {
        let server = openServer()
        var peak = 0
        for round in 0..<attack.rounds {
            _ = server.take(attack.octets(round), consuming: false)
            peak = max(peak, server.heldOctets)
        }
        #expect(peak < Self.most, "\(peak) octets")
    }

    @Test("is small when nothing happens, and again after much has happened")
    func idle() {
        let server = openServer()
        #expect(server.heldOctets < 8192)
        for round in 0..<200 {
            let stream = StreamID(2 * round + 1)
            _ = server.take(
                headers(stream, post, end: false) + dataFrame(stream, Self.zeros(16_000), end: true))
            server.sendHeaders(stream, response)
            server.sendData(stream, Self.zeros(200_000), endStream: true)
            for _ in 0..<20 {
                _ = server.takeOutput()
                _ = server.take(windowUpdate(0, 60_000) + windowUpdate(stream, 60_000))
            }
            #expect(!server.isFailed)
        }
        #expect(server.openStreams == 0)
        #expect(server.heldOctets < Self.most)
    }

    @Test("what waits to be sent is counted, and goes with its stream")
    func backlog() {
        let server = openServer()
        _ = server.take(settings((4, 0)) + headers(1, get, end: true))
        server.sendHeaders(1, response)
        server.sendData(1, Self.zeros(1_000_000))
        #expect(server.heldOctets > 1_000_000)
        _ = server.take(resetFrame(1))
        #expect(server.heldOctets < Self.most)
    }
}
