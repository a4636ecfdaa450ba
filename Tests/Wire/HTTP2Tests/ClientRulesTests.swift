import HPACK
import Testing

@testable import HTTP2

private let ok = frame(1, flags: 4, stream: 1, block(response))
private let trailers = frame(1, flags: 5, stream: 1, block(["grpc-status": "0"]))

@Suite("A client")
struct ClientRulesTests {
    private func withRequest(_ octets: [UInt8]) throws -> (seen: [Seen], sent: [Frame], failed: Bool) {
        let client = openClient()
        #expect(try client.sendRequest(request, endStream: true) == 1)
        _ = client.takeOutput()
        let seen = client.take(octets)
        return (seen, client.takeFrames(), client.isFailed)
    }

    @Test("a response has headers, a body and trailers")
    func response_() throws {
        let result = try withRequest(ok + frame(0, stream: 1, [1, 2]) + trailers)
        #expect(
            result.seen == [
                .headers(1, response, end: false), .data(1, [1, 2], end: false),
                .trailers(1, ["grpc-status": "0"]),
            ])
        #expect(!result.failed)
    }

    @Test("informational responses come before the final one, §8.1")
    func informational() throws {
        let early = frame(1, flags: 4, stream: 1, block([":status": "103"]))
        #expect(
            try withRequest(early + ok).seen == [
                .informational(1, [":status": "103"]), .headers(1, response, end: false),
            ])
    }

    @Test("MAX_CONCURRENT_STREAMS holds us back, §5.1.2")
    func concurrency() throws {
        let client = Endpoint(.client)
        _ = client.take(frame(4, setting(3, 1)))
        #expect(try client.sendRequest(request) == 1)
        #expect(throws: HTTP2Connection.CannotOpen.tooManyStreams) { try client.sendRequest(request) }
        client.reset(1, .cancel)
        #expect(try client.sendRequest(request) == 3)
    }

    @Test("GOAWAY gives back what was not processed, §6.8")
    func goAway() throws {
        let client = openClient()
        for _ in 0..<3 { _ = try client.sendRequest(request, endStream: true) }
        #expect(
            client.take(frame(7, words(3, 0))) == [
                .reset(5, .refusedStream, byPeer: true), .goAway(3, .noError),
            ])
        #expect(client.take(ok) == [.headers(1, response, end: false)])
        #expect(throws: HTTP2Connection.CannotOpen.connectionEnding) { try client.sendRequest(request) }
    }

    @Test("HEADER_TABLE_SIZE reaches the encoder, RFC 7541 §4.2")
    func tableSize() throws {
        let client = Endpoint(.client)
        _ = client.take(frame(4, setting(1, 0)))
        _ = client.takeOutput()
        _ = try client.sendRequest(request)
        let octets = client.takeOutput()
        #expect(octets[FrameHeader.size] == 0x20)
    }

    @Test("what is said at once: preface, SETTINGS without push, and the connection's window")
    func firstWords() {
        let client = Endpoint(.client)
        let octets = client.takeOutput()
        #expect(octets.starts(with: HTTP2Connection.preface))
        let sent = frames(octets)
        #expect(sent.count == 2)
        #expect(sent.last == .windowUpdate(0, increment: 1_048_576 - 65_535))
        #expect(Array(octets[33...]).windows(of: setting(2, 0)))
    }
}

extension [UInt8] {
    /// Whether `part` stands somewhere inside.
    fileprivate func windows(of part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...count - part.count).contains { Array(self[$0..<$0 + part.count]) == part }
    }
}
