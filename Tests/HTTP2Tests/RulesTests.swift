// The rules of RFC 9113 as a table: what a client sends after the handshake, and what the server makes of it. The
// sections are those that h2spec tests.

import HPACK
import Testing

@testable import HTTP2

/// What must come of some octets.
enum Verdict: Equatable, Sendable {
    case goAway(ErrorCode)
    case reset(StreamID, ErrorCode)
    /// Neither.
    case fine
}

struct Rule: CustomTestStringConvertible, Sendable {
    var name: String
    var octets: [UInt8]
    var verdict: Verdict
    var testDescription: String { name }

    init(_ name: String, _ octets: [UInt8], _ verdict: Verdict) {
        self.name = name
        self.octets = octets
        self.verdict = verdict
    }
}

private func with(_ name: String, _ value: String) -> HeaderList {
    var list = request
    list.add(name, value)
    return list
}

private let lengths: HeaderList = [
    ":method": "POST", ":scheme": "http", ":path": "/", "content-length": "1", "content-length": "2",
]
private let open = requestFrame(1, endStream: false)
private let half = requestFrame(1)
private let data = frame(0, stream: 1, [1])
private let lastData = frame(0, flags: 1, stream: 1, [1])
private let reset = frame(3, stream: 1, words(8))
private let part = frame(1, flags: 1, stream: 1, block(request))

private let rules: [Rule] = [
    Rule(
        "§4.2 a frame above MAX_FRAME_SIZE", frame(0, stream: 1, [UInt8](repeating: 0, count: 16_385)),
        .goAway(.frameSizeError)),
    Rule(
        "§4.3 a block that cannot be decoded", frame(1, flags: 5, stream: 1, [0x80]),
        .goAway(.compressionError)),
    Rule("§5.1 DATA on an idle stream", data, .goAway(.protocolError)),
    Rule("§5.1 RST_STREAM on an idle stream", reset, .goAway(.protocolError)),
    Rule("§5.1 WINDOW_UPDATE on an idle stream", frame(8, stream: 1, words(1)), .goAway(.protocolError)),
    Rule("§5.1 CONTINUATION on an idle stream", frame(9, flags: 4, stream: 1), .goAway(.protocolError)),
    Rule("§5.1 DATA after END_STREAM", half + data, .reset(1, .streamClosed)),
    Rule("§5.1 HEADERS after END_STREAM", half + part.ending, .reset(1, .streamClosed)),
    Rule("§5.1 WINDOW_UPDATE after END_STREAM", half + frame(8, stream: 1, words(1)), .fine),
    Rule("§5.1 PRIORITY after END_STREAM", half + frame(2, stream: 1, [0, 0, 0, 3, 1]), .fine),
    Rule("§5.1 DATA after the peer's RST_STREAM", open + reset + data, .goAway(.streamClosed)),
    Rule("§5.1 HEADERS after the peer's RST_STREAM", open + reset + half, .goAway(.streamClosed)),
    Rule("§5.1 RST_STREAM twice", open + reset + reset, .fine),
    Rule("§5.1 WINDOW_UPDATE after RST_STREAM", open + reset + frame(8, stream: 1, words(1)), .fine),
    Rule("§5.1.1 an even stream", requestFrame(2), .goAway(.protocolError)),
    Rule("§5.1.1 a number below the last", requestFrame(5) + requestFrame(3), .goAway(.protocolError)),
    Rule(
        "§5.3.1 of RFC 7540: HEADERS that depend on themselves",
        frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 7] + block(request)), .reset(1, .protocolError)),
    Rule(
        "§5.3.1 of RFC 7540: PRIORITY that depends on itself", frame(2, stream: 1, [0, 0, 0, 1, 7]),
        .reset(1, .protocolError)),
    Rule("§5.5 an unknown frame", frame(0xee, flags: 0xff, stream: 1, [1, 2, 3]), .fine),
    Rule(
        "§5.5 an unknown frame inside of a header block", frame(1, flags: 1, stream: 1) + frame(0xee),
        .goAway(.protocolError)),
    Rule("§6.1 DATA on stream 0", frame(0, [1]), .goAway(.protocolError)),
    Rule(
        "§6.1 padding as long as the payload", open + frame(0, flags: 8, stream: 1, [4, 0, 0, 0]),
        .goAway(.protocolError)),
    Rule("§6.2 HEADERS on stream 0", frame(1, flags: 5, block(request)), .goAway(.protocolError)),
    Rule(
        "§6.2 another frame inside of a header block", frame(1, flags: 1, stream: 1) + emptySettings,
        .goAway(.protocolError)),
    Rule(
        "§6.2 a header block of another stream inside of one",
        frame(1, flags: 1, stream: 1) + requestFrame(3), .goAway(.protocolError)),
    Rule("§6.3 PRIORITY on stream 0", frame(2, [0, 0, 0, 1, 7]), .goAway(.protocolError)),
    Rule("§6.3 PRIORITY of a wrong length", open + frame(2, stream: 1, [0]), .reset(1, .frameSizeError)),
    Rule("§6.4 RST_STREAM on stream 0", frame(3, words(8)), .goAway(.protocolError)),
    Rule("§6.4 RST_STREAM of a wrong length", open + frame(3, stream: 1, [1]), .goAway(.frameSizeError)),
    Rule("§6.5 SETTINGS on a stream", frame(4, stream: 1), .goAway(.protocolError)),
    Rule("§6.5 SETTINGS ACK with a payload", frame(4, flags: 1, setting(1, 1)), .goAway(.frameSizeError)),
    Rule("§6.5 SETTINGS of a wrong length", frame(4, [1, 2, 3]), .goAway(.frameSizeError)),
    Rule("§6.5.2 ENABLE_PUSH of 2", frame(4, setting(2, 2)), .goAway(.protocolError)),
    Rule(
        "§6.5.2 INITIAL_WINDOW_SIZE above 2^31-1", frame(4, setting(4, 0x8000_0000)),
        .goAway(.flowControlError)),
    Rule("§6.5.2 MAX_FRAME_SIZE below 16384", frame(4, setting(5, 16_383)), .goAway(.protocolError)),
    Rule("§6.5.2 MAX_FRAME_SIZE above 2^24-1", frame(4, setting(5, 1 << 24)), .goAway(.protocolError)),
    Rule("§6.5.2 an unknown setting", frame(4, setting(0xfe03, 1)), .fine),
    Rule(
        "§6.6 PUSH_PROMISE from a client", open + frame(5, flags: 4, stream: 1, words(2)),
        .goAway(.protocolError)),
    Rule("§6.7 PING on a stream", frame(6, stream: 1, words(0, 0)), .goAway(.protocolError)),
    Rule("§6.7 PING of a wrong length", frame(6, [1]), .goAway(.frameSizeError)),
    Rule("§6.7 a PING ACK that nobody waits for", frame(6, flags: 1, words(1, 2)), .fine),
    Rule("§6.8 GOAWAY on a stream", frame(7, stream: 1, words(0, 0)), .goAway(.protocolError)),
    Rule("§6.8 GOAWAY, and then another request", frame(7, words(0, 0)) + half, .fine),
    Rule("§6.9 an increment of 0 on the connection", frame(8, words(0)), .goAway(.protocolError)),
    Rule(
        "§6.9 an increment of 0 on a stream", open + frame(8, stream: 1, words(0)), .reset(1, .protocolError)),
    Rule("§6.9 WINDOW_UPDATE of a wrong length", frame(8, [1]), .goAway(.frameSizeError)),
    Rule(
        "§6.9.1 the connection's window beyond 2^31-1", frame(8, words(0x7fff_ffff)),
        .goAway(.flowControlError)),
    Rule(
        "§6.9.1 a stream's window beyond 2^31-1", open + frame(8, stream: 1, words(0x7fff_ffff)),
        .reset(1, .flowControlError)),
    Rule(
        "§6.9.2 INITIAL_WINDOW_SIZE that makes a window too large",
        open + frame(8, stream: 1, words(0x7fff_0000)) + frame(4, setting(4, 0x7fff_ffff)),
        .goAway(.flowControlError)),
    Rule(
        "§6.10 CONTINUATION after END_HEADERS", half + frame(9, flags: 4, stream: 1), .goAway(.protocolError)),
    Rule(
        "§6.10 CONTINUATION on stream 0", frame(1, flags: 1, stream: 1) + frame(9, flags: 4),
        .goAway(.protocolError)),
    Rule(
        "§6.10 CONTINUATION after DATA", open + data + frame(9, flags: 4, stream: 1), .goAway(.protocolError)),
    Rule(
        "§8.1 trailers without END_STREAM", open + frame(1, flags: 4, stream: 1, block(["a": "1"])),
        .reset(1, .protocolError)),
    Rule("§8.1 trailers", open + data + frame(1, flags: 5, stream: 1, block(["a": "1"])), .fine),
    Rule(
        "§8.1.1 a body longer than content-length",
        requestFrame(1, endStream: false, with("content-length", "1")) + data + data,
        .reset(1, .protocolError)),
    Rule(
        "§8.1.1 a body shorter than content-length",
        requestFrame(1, endStream: false, with("content-length", "2")) + lastData, .reset(1, .protocolError)),
    Rule(
        "§8.1.1 no body for a content-length", requestFrame(1, with("content-length", "2")),
        .reset(1, .protocolError)),
    Rule(
        "§8.1.1 content-length that is no number", requestFrame(1, with("content-length", "two")),
        .reset(1, .protocolError)),
    Rule(
        "§8.1.1 two content-lengths",
        requestFrame(1, endStream: false, lengths),
        .reset(1, .protocolError)),
    Rule("§8.2.1 upper case", requestFrame(1, with("X-a", "1")), .reset(1, .protocolError)),
    Rule("§8.2.1 a blank in a name", requestFrame(1, with("a b", "1")), .reset(1, .protocolError)),
    Rule("§8.2.1 a name of no octets", requestFrame(1, with("", "1")), .reset(1, .protocolError)),
    Rule("§8.2.1 a line feed in a value", requestFrame(1, with("a", "1\nb: 2")), .reset(1, .protocolError)),
    Rule(
        "§8.2.1 NUL in a pseudo-header",
        requestFrame(1, [":method": "GET\0", ":scheme": "http", ":path": "/"]), .reset(1, .protocolError)),
    Rule("§8.2.1 a blank at the end of a value", requestFrame(1, with("a", "1 ")), .reset(1, .protocolError)),
    Rule("§8.2.2 connection", requestFrame(1, with("connection", "close")), .reset(1, .protocolError)),
    Rule(
        "§8.2.2 transfer-encoding", requestFrame(1, with("transfer-encoding", "chunked")),
        .reset(1, .protocolError)),
    Rule("§8.2.2 te other than trailers", requestFrame(1, with("te", "gzip")), .reset(1, .protocolError)),
    Rule(
        "§8.3 an unknown pseudo-header",
        requestFrame(1, [":method": "POST", ":scheme": "http", ":path": "/", ":test": "1"]),
        .reset(1, .protocolError)),
    Rule(
        "§8.3 a pseudo-header of responses",
        requestFrame(1, [":method": "POST", ":scheme": "http", ":path": "/", ":status": "200"]),
        .reset(1, .protocolError)),
    Rule(
        "§8.3 a pseudo-header after a regular field",
        requestFrame(1, [":method": "POST", ":scheme": "http", "a": "1", ":path": "/"]),
        .reset(1, .protocolError)),
    Rule(
        "§8.3 a pseudo-header among trailers", open + frame(1, flags: 5, stream: 1, block([":path": "/"])),
        .reset(1, .protocolError)),
    Rule("§8.3.1 no :method", requestFrame(1, [":scheme": "http", ":path": "/"]), .reset(1, .protocolError)),
    Rule("§8.3.1 no :scheme", requestFrame(1, [":method": "GET", ":path": "/"]), .reset(1, .protocolError)),
    Rule(
        "§8.3.1 no :path", requestFrame(1, [":method": "GET", ":scheme": "http"]), .reset(1, .protocolError)),
    Rule(
        "§8.3.1 an empty :path", requestFrame(1, [":method": "GET", ":scheme": "http", ":path": ""]),
        .reset(1, .protocolError)),
    Rule(
        "§8.3.1 :path twice",
        requestFrame(1, [":path": "/", ":path": "/", ":method": "GET", ":scheme": "http"]),
        .reset(1, .protocolError)),
    Rule(
        "§8.3.1 an :authority that is a percent-encoded path, as a kubelet sends it",
        requestFrame(
            1, [":method": "POST", ":scheme": "http", ":path": "/", ":authority": "%2Fvar%2Flib%2Fx.sock"]),
        .fine),
    Rule("§8.5 CONNECT without :path", requestFrame(1, [":method": "CONNECT", ":authority": "a:1"]), .fine),
]

extension [UInt8] {
    /// A HEADERS frame with END_HEADERS set.
    fileprivate var ending: [UInt8] {
        var octets = self
        octets[4] |= 4
        return octets
    }
}

@Suite("Rules for a client")
struct RulesTests {
    @Test("are kept by the server", arguments: rules)
    func rule(rule: Rule) {
        let server = openServer()
        let seen = server.take(rule.octets)
        let sent = server.takeFrames()
        let goAway = sent.compactMap(\.goAwayCode).first
        switch rule.verdict {
        case .goAway(let code):
            #expect(goAway == code)
            #expect(seen.last == .failed(code))
            #expect(server.isFailed)
        case .reset(let stream, let code):
            #expect(goAway == nil)
            #expect(sent.contains(.reset(stream, code)))
            #expect(!server.isOpen(stream))
        case .fine:
            #expect(goAway == nil)
            #expect(sent.allSatisfy { $0.resetCode == nil })
        }
    }

    @Test("are kept the same when each octet comes alone", arguments: rules)
    func octetByOctet(rule: Rule) {
        let whole = openServer()
        let expected = whole.take(rule.octets)
        let server = openServer()
        let seen = rule.octets.flatMap { server.take([$0]) }
        #expect(seen == expected)
        #expect(server.takeOutput() == whole.takeOutput())
    }

    @Test("a connection goes on after a stream error, and its header tables are in step")
    func afterStreamError() {
        let server = openServer()
        var encoder = HPACKEncoder()
        var bad: [UInt8] = []
        encoder.encode([":method": "POST", "x-entered": "the table"], into: &bad)
        var good: [UInt8] = []
        var list = request
        list.add("x-entered", "the table")
        encoder.encode(list, into: &good)
        #expect(server.take(frame(1, flags: 5, stream: 1, bad)) == [.reset(1, .protocolError, byPeer: false)])
        #expect(server.take(frame(1, flags: 5, stream: 3, good)) == [.headers(3, list, end: true)])
    }

    @Test("frames on their way when we reset a stream are ignored, but count on the connection, §5.1")
    func afterOurReset() {
        let server = openServer()
        _ = server.take(open)
        server.reset(1, .cancel)
        #expect(server.takeFrames() == [.reset(1, .cancel)])
        #expect(server.take(data + part.ending + frame(8, stream: 1, words(5))) == [])
        #expect(server.takeFrames() == [])
    }

    @Test("nothing is read after the connection has failed")
    func afterFailure() {
        let server = openServer()
        _ = server.take(frame(0, [1]))
        #expect(server.take(half) == [])
        server.shutDown()
        server.abort(.noError)
        server.sendHeaders(1, response)
        #expect(server.takeFrames().count == 1)
    }

    @Test(
        "the first words of a client must be right, §3.4",
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), HTTP2Connection.preface + frame(6, words(0, 0)),
            HTTP2Connection.preface + settingsAcknowledgement, HTTP2Connection.preface + half,
        ])
    func preface(octets: [UInt8]) {
        let server = Endpoint(.server)
        #expect(server.take(octets) == [.failed(.protocolError)])
    }

    @Test("a server speaks first: grpc-go waits for its SETTINGS")
    func serverFirst() {
        let server = Endpoint(.server)
        guard case .settings? = server.takeFrames().first else {
            Issue.record("the first frame is not SETTINGS")
            return
        }
    }

    @Test("PING is answered with the same octets, §6.7")
    func ping() {
        let server = openServer()
        #expect(server.take(frame(6, hex("02041010090e0707"))) == [])
        #expect(server.takeFrames() == [.pingAcknowledgement(0x0204_1010_090e_0707)])
    }

    @Test("SETTINGS are acknowledged, §6.5.3")
    func settings() {
        let server = openServer()
        #expect(server.take(frame(4, setting(4, 1000) + setting(3, 7) + setting(6, 99))) == [.settings])
        #expect(server.takeFrames() == [.settingsAcknowledgement])
        #expect(server.peerSettings.initialWindowSize == 1000)
        #expect(server.peerSettings.maximumConcurrentStreams == 7)
        #expect(server.peerSettings.maximumHeaderListSize == 99)
    }

    @Test("noise after the handshake never traps", arguments: 0..<60)
    func noise(seed: UInt64) {
        var state = seed &* 7919 &+ 1
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        let server = openServer()
        let client = openClient()
        _ = try? client.sendRequest(request)
        for _ in 0..<300 where !server.isFailed || !client.isFailed {
            let payload = (0..<random(30)).map { _ in UInt8(random(256)) }
            let octets = frame(
                UInt8(random(11)), flags: UInt8(random(256)), stream: StreamID(random(6)), payload)
            _ = server.take(octets)
            _ = client.take(octets)
            for stream in 1..<6 as Range<StreamID> {
                server.sendData(stream, payload, endStream: random(4) == 0)
            }
            _ = server.takeOutput()
            _ = client.takeOutput()
        }
        #expect(server.openStreams <= 128)
    }
}
