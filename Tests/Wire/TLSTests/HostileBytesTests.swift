import SystemIO
import Testing

@testable import TLS

@Suite("Hostile octets")
struct HostileBytesTests {
    private func server() throws -> TLSServer { try TLSServer(identity: Samples.get().server.identity) }
    private func client() throws -> TLSClient { try TLSClient(host: "localhost", trust: Samples.get().trust) }

    private func receive(_ layer: TLSLayer, _ bytes: [UInt8]) throws {
        var plaintext: [UInt8] = []
        var output: [UInt8] = []
        try layer.start(output: &output)
        defer { #expect(plaintext.isEmpty) }
        try layer.receive(bytes.span.bytes, plaintext: &plaintext, output: &output)
    }

    @Test("a server says that its client does not speak TLS")
    func plainHTTP() throws {
        #expect(throws: SecureLayerError("the client speaks plain HTTP, not TLS: use https")) {
            try receive(server().makeTLSLayer(), Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        }
        #expect(
            throws: SecureLayerError(
                "the client does not speak TLS (wrong version number): check the port and the scheme")
        ) {
            try receive(server().makeTLSLayer(), Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        }
    }

    @Test("a client says that its server does not speak TLS")
    func plainServer() throws {
        #expect(
            throws: SecureLayerError(
                "server \"localhost\" does not speak TLS (wrong version number): check the port and the scheme"
            )
        ) {
            try receive(client().makeTLSLayer(), Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        }
    }

    @Test("a fault is told again at every later use, and nothing is sent after it")
    func sticky() throws {
        let layer = try server().makeTLSLayer()
        let error = SecureLayerError("the client speaks plain HTTP, not TLS: use https")
        #expect(throws: error) { try receive(layer, Array("GET / HTTP/1.1\r\n".utf8)) }
        #expect(throws: error) { try receive(layer, [22, 3, 1]) }
        var output: [UInt8] = []
        #expect(throws: error) { try layer.send([1, 2, 3].span.bytes, output: &output) }
        layer.close(output: &output)
        #expect(output.isEmpty)
    }

    @Test("random octets never trap, on either side", arguments: 0..<200)
    func random(seed: Int) throws {
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<Int.random(in: 1...2000)).map { _ in UInt8.random(in: 0...255, using: &generator) }
        // Half of them look like a record with a handshake message at first.
        if seed % 2 == 0 { bytes = [22, 3, 3, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes }
        let layer = seed % 4 < 2 ? try server().makeTLSLayer() : try client().makeTLSLayer()
        do {
            try receive(layer, bytes)
        } catch {
            #expect(error is SecureLayerError)
        }
        #expect(!layer.isEstablished)
    }

    @Test("one octet changed on the wire ends the connection, and no changed plaintext gets through")
    func changed() throws {
        let message = [UInt8](repeating: 42, count: 300)
        for _ in 0..<60 {
            let pair = try Joined(client(), server())
            pair.carry()
            try pair.sendFromClient(message)
            let place = Int.random(in: 0..<pair.toServer.count)
            pair.toServer[place] ^= UInt8.random(in: 1...255)
            pair.carry()
            #expect(pair.atServer.isEmpty)
            // A longer record than was sent is waited for; everything else is an error at once.
            #expect(pair.serverError != nil || place == 3 || place == 4)
        }
    }

    @Test("one octet changed in the handshake never ends well for both sides, and never traps")
    func changedHandshake() throws {
        for round in 0..<120 {
            let pair = try Joined(client(), server())
            let place = Int.random(in: 5..<pair.toServer.count)
            pair.toServer[place] ^= UInt8(1 << (round % 8))
            pair.carry(.random)
            #expect(!(pair.client.isEstablished && pair.server.isEstablished))
        }
    }

    @Test("a record longer than TLS allows is refused before it has arrived")
    func longRecord() throws {
        #expect(throws: SecureLayerError.self) {
            try receive(server().makeTLSLayer(), [22, 3, 1, 0xff, 0xff, 1, 0, 0, 0])
        }
    }

    @Test("a handshake message without end is refused")
    func endlessHandshake() throws {
        // A ClientHello that announces 16 MiB, record after record.
        let layer = try server().makeTLSLayer()
        let first: [UInt8] = [22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16_380)
        #expect(throws: SecureLayerError.self) { try receive(layer, first) }
    }
}
