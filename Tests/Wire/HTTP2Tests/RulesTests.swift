// Rules of RFC 9113 that more than one step shows; the tables of requirements have the others.

import HPACK
import TestSupport
import Testing

@testable import HTTP2

private let open = requestFrame(1, endStream: false)
private let half = requestFrame(1)
private let data = frame(0, stream: 1, [1])

@Suite("A server")
struct RulesTests {
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
        #expect(server.take(data + requestFrame(1) + frame(8, stream: 1, words(5))) == [])
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
    func noise(seed: Int) {
        var random = SeededGenerator(seed: seed)
        let server = openServer()
        let client = openClient()
        _ = try? client.sendRequest(request)
        for _ in 0..<300 where !server.isFailed || !client.isFailed {
            let payload = random.octets(random.number(0..<30))
            let octets = frame(
                UInt8(random.number(0..<11)), flags: UInt8(random.number(0..<256)),
                stream: StreamID(random.number(0..<6)), payload)
            _ = server.take(octets)
            _ = client.take(octets)
            for stream in 1..<6 as Range<StreamID> {
                server.sendData(stream, payload, endStream: random.number(0..<4) == 0)
            }
            _ = server.takeOutput()
            _ = client.takeOutput()
        }
        #expect(server.openStreams <= 128)
    }
}
