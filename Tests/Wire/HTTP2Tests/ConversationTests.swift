import HPACK
import Testing

@testable import HTTP2

/// A client and a server that are joined without a socket.
struct Conversation: ~Copyable {
    var client: HTTP2Connection
    var server: HTTP2Connection

    init(client clientLimits: HTTP2Limits = HTTP2Limits(), server serverLimits: HTTP2Limits = HTTP2Limits()) {
        client = HTTP2Connection(.client, limits: clientLimits)
        server = HTTP2Connection(.server, limits: serverLimits)
    }

    /// Carries octets both ways, `cut` at a time, until nobody has more to say.
    mutating func run(cut: Int = .max, consuming: Bool = true) -> (client: [Seen], server: [Seen]) {
        var atClient: [Seen] = []
        var atServer: [Seen] = []
        while client.hasOutput || server.hasOutput {
            let up = client.takeOutput()
            for start in stride(from: 0, to: up.count, by: min(cut, up.count + 1)) {
                atServer += server.take(
                    Array(up[start..<min(start + min(cut, up.count), up.count)]), consuming: consuming)
            }
            let down = server.takeOutput()
            for start in stride(from: 0, to: down.count, by: min(cut, down.count + 1)) {
                atClient += client.take(
                    Array(down[start..<min(start + min(cut, down.count), down.count)]), consuming: consuming)
            }
        }
        // What came of our own sending.
        atServer += server.take([])
        atClient += client.take([])
        return (atClient, atServer)
    }
}

@Suite("A client and a server")
struct ConversationTests {
    @Test(
        "exchange a request and a response with trailers, however the octets are cut",
        arguments: [1, 2, 7, 9, 64, 5000])
    func exchange(cut: Int) throws {
        var pair = Conversation()
        let id = try pair.client.sendRequest(request)
        pair.client.sendData(id, [1, 2, 3], endStream: true)
        let first = pair.run(cut: cut)
        #expect(
            first.server == [.settings, .headers(1, request, end: false), .data(1, [1, 2, 3], end: true)])
        #expect(first.client == [.settings])
        pair.server.sendHeaders(id, response)
        pair.server.sendData(id, [9])
        pair.server.sendTrailers(id, ["grpc-status": "0"])
        let second = pair.run(cut: cut)
        #expect(
            second.client == [
                .headers(1, response, end: false), .data(1, [9], end: false),
                .trailers(1, ["grpc-status": "0"]),
            ])
        #expect(pair.client.openStreams == 0)
        #expect(pair.server.openStreams == 0)
        #expect(pair.client.settingsAcknowledged && pair.server.settingsAcknowledged)
    }

    @Test("move megabytes both ways on one connection")
    func volume() throws {
        var pair = Conversation()
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for round in 0..<20 {
            let id = try pair.client.sendRequest(request)
            pair.client.sendData(id, body, endStream: true)
            let seen = pair.run()
            #expect(seen.server.bodies(id) == body, "round \(round)")
            pair.server.sendHeaders(id, response)
            pair.server.sendData(id, body)
            pair.server.sendTrailers(id, ["grpc-status": "0"])
            #expect(pair.run().client.bodies(id) == body, "round \(round)")
        }
    }

    @Test("many streams share the connection in turns")
    func turns() throws {
        var limits = HTTP2Limits()
        limits.connectionWindow = 65_535
        limits.streamWindow = 65_535
        var pair = Conversation(client: limits, server: limits)
        let ids = try (0..<10).map { _ in try pair.client.sendRequest(request, endStream: true) }
        _ = pair.run()
        let body = [UInt8](repeating: 7, count: 200_000)
        for id in ids {
            pair.server.sendHeaders(id, response)
            pair.server.sendData(id, body, endStream: true)
        }
        let seen = pair.run()
        for id in ids { #expect(seen.client.bodies(id) == body) }
        #expect(seen.server.filter { if case .writable = $0 { true } else { false } }.count == ids.count)
        // The last stream got something long before the first one was done.
        let order = seen.client.compactMap { if case .data(let id, _, _) = $0 { id } else { nil } }
        let lastBegins = try #require(order.firstIndex(of: ids[9]))
        let firstEnds = try #require(order.lastIndex(of: ids[0]))
        #expect(lastBegins < firstEnds)
    }

    @Test("a stream that nobody consumes does not hold up the others")
    func slowReader() throws {
        var pair = Conversation()
        let slow = try pair.client.sendRequest(request, endStream: true)
        _ = pair.run()
        pair.server.sendHeaders(slow, response)
        pair.server.sendData(slow, [UInt8](repeating: 1, count: 3_000_000))
        let held = pair.run(consuming: false).client.bodies(slow).count
        #expect(held == HTTP2Limits().streamWindow)
        #expect(pair.server.waitingOctets(slow) == 3_000_000 - held)
        for _ in 0..<30 {
            let id = try pair.client.sendRequest(request, endStream: true)
            _ = pair.run()
            pair.server.sendHeaders(id, response)
            pair.server.sendData(id, [UInt8](repeating: 2, count: 100_000), endStream: true)
            #expect(pair.run().client.bodies(id).count == 100_000)
        }
        pair.client.consume(held, on: slow)
        #expect(pair.run(consuming: false).client.bodies(slow).count == held)
    }

    @Test("a shutdown lets what is under way finish and refuses nothing that was sent before the peer knew")
    func shutdown() throws {
        var pair = Conversation()
        let early = try pair.client.sendRequest(request, endStream: true)
        _ = pair.run()
        pair.server.shutDown()
        let crossing = try pair.client.sendRequest(request, endStream: true)
        let seen = pair.run()
        #expect(seen.server == [.headers(crossing, request, end: true)])
        #expect(seen.client == [.goAway(0x7fff_ffff, .noError), .goAway(crossing, .noError)])
        #expect(throws: HTTP2Connection.CannotOpen.connectionEnding) { try pair.client.sendRequest(request) }
        pair.server.sendHeaders(early, response, endStream: true)
        #expect(pair.run().server == [])
        pair.server.sendHeaders(crossing, response, endStream: true)
        #expect(pair.run().server == [.drained])
    }
}

extension [Seen] {
    /// The body of a stream in one piece.
    func bodies(_ stream: StreamID) -> [UInt8] {
        flatMap { if case .data(stream, let octets, _) = $0 { octets } else { [] as [UInt8] } }
    }
}
