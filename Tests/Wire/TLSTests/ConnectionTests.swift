import COpenSSL
import SystemIO
import Testing

@testable import TLS

@Suite("A TLS connection joined in memory")
struct ConnectionTests {
    private func joined(
        offered: [String] = [], spoken: [String] = [], version: Int32 = 0
    ) throws -> Joined {
        let samples = try Samples.get()
        return try Joined(
            TLSClient(
                host: "localhost", trust: samples.trust, protocols: offered, maximumVersion: version),
            TLSServer(identity: samples.server.identity, protocols: spoken))
    }

    @Test(
        "carries octets both ways however they are split", arguments: Joined.Splits.allCases,
        [TLS1_2_VERSION, TLS1_3_VERSION])
    func splits(splits: Joined.Splits, version: Int32) throws {
        let pair = try joined(version: version)
        pair.carry(splits)
        #expect(pair.client.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"))
        #expect(pair.server.version == pair.client.version)
        let request = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let answer = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 11) }
        try pair.sendFromClient(request)
        try pair.sendFromServer(answer)
        pair.carry(splits)
        #expect(pair.clientError == nil)
        #expect(pair.serverError == nil)
        #expect(pair.atServer == request)
        #expect(pair.atClient == answer)
    }

    @Test("carries 20 MB at once")
    func large() throws {
        let pair = try joined()
        pair.carry()
        let bytes = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try pair.sendFromClient(bytes)
        pair.carry()
        #expect(pair.atServer == bytes)
    }

    @Test("sends what was written before the handshake once it is over", arguments: Joined.Splits.allCases)
    func early(splits: Joined.Splits) throws {
        let pair = try joined()
        try pair.sendFromClient(Array("GET / ".utf8))
        try pair.sendFromClient(Array("HTTP/1.1".utf8))
        try pair.sendFromServer(Array("SETTINGS".utf8))
        pair.carry(splits)
        #expect(pair.atServer == Array("GET / HTTP/1.1".utf8))
        #expect(pair.atClient == Array("SETTINGS".utf8))
    }

    @Test("keeps 1 MiB until the handshake is over, and not an octet more")
    func bounded() throws {
        let pair = try joined()
        try pair.sendFromClient([UInt8](repeating: 1, count: TLSLayer.pendingLimit))
        let error = SecureLayerError(
            "cannot keep 1 octets for server \"localhost\" until the TLS handshake is over: "
                + "1048576 wait already, 1048576 is the limit")
        #expect(throws: error) { try pair.sendFromClient([1]) }
        #expect(throws: error) { try pair.sendFromClient([1]) }
    }

    @Test(
        "agrees on a protocol by the server's preference, RFC 7301",
        arguments: [
            (["h2", "http/1.1"], ["h2", "http/1.1"], "h2"),
            (["http/1.1", "h2"], ["h2", "http/1.1"], "h2"),
            (["h2", "http/1.1"], ["http/1.1"], "http/1.1"),
            ([], ["h2"], ""), (["h2"], [], ""),
        ] as [([String], [String], String)])
    func alpn(offered: [String], spoken: [String], agreed: String) throws {
        let pair = try joined(offered: offered, spoken: spoken)
        #expect(pair.client.negotiatedProtocol == nil)
        pair.carry()
        #expect(pair.client.negotiatedProtocol == agreed)
        #expect(pair.server.negotiatedProtocol == agreed)
        #expect(pair.client.isEstablished)
    }

    @Test("ends where there is no common protocol, RFC 7301 §3.2")
    func noCommonProtocol() throws {
        let pair = try joined(offered: ["h2"], spoken: ["http/1.1"])
        pair.carry()
        #expect(
            pair.serverError
                == SecureLayerError("the client offers no protocol that we speak (ALPN)"))
        #expect(
            pair.clientError
                == SecureLayerError("server \"localhost\" speaks none of the protocols that we offer (ALPN)"))
    }

    @Test(
        "refuses ALPN names that the wire cannot carry",
        arguments: ["", String(repeating: "x", count: 256)])
    func badProtocols(name: String) {
        #expect(
            throws: SecureLayerError(
                "cannot offer protocol \"\(name)\": an ALPN name has 1 to 255 octets, this has \(name.utf8.count)"
            )
        ) {
            try TLSClient(host: "a", trust: .insecure, protocols: [name])
        }
    }

    @Test("says goodbye both ways; what follows is refused or ignored")
    func goodbye() throws {
        let pair = try joined()
        pair.carry()
        try pair.sendFromClient(Array("last".utf8))
        pair.client.close(output: &pair.toServer)
        pair.client.close(output: &pair.toServer)
        pair.carry()
        #expect(pair.atServer == Array("last".utf8))
        #expect(pair.server.isClosedByPeer)
        #expect(!pair.client.isClosedByPeer)
        #expect(
            throws: SecureLayerError(
                "cannot send to server \"localhost\": TLS has been closed from this side")
        ) {
            try pair.sendFromClient([1])
        }
        // The other direction stays open until it is closed as well.
        try pair.sendFromServer(Array("answer".utf8))
        pair.server.close(output: &pair.toClient)
        pair.toClient += [1, 2, 3]
        pair.carry()
        #expect(pair.atClient == Array("answer".utf8))
        #expect(pair.client.isClosedByPeer)
        #expect(pair.clientError == nil)
    }

    @Test("an end without goodbye is not taken for one, wherever the wire is cut")
    func truncation() throws {
        for length in [0, 1, 4, 5, 40, 60] {
            let pair = try joined()
            pair.carry()
            try pair.sendFromClient([UInt8](repeating: 7, count: 30))
            pair.client.close(output: &pair.toServer)
            pair.toServer = Array(pair.toServer.prefix(length))
            pair.carry()
            #expect(!pair.server.isClosedByPeer)
            #expect(pair.serverError == nil)
        }
    }

    @Test("follows the peer's key updates, RFC 8446 §4.6.3")
    func keyUpdate() throws {
        let pair = try joined()
        pair.carry()
        for round in 0..<5 {
            pair.client.requestKeyUpdate()
            try pair.sendFromClient([UInt8(round)])
            pair.carry(.random)
            try pair.sendFromServer([UInt8(round)])
            pair.carry(.random)
        }
        #expect(pair.atServer == [0, 1, 2, 3, 4])
        #expect(pair.atClient == [0, 1, 2, 3, 4])
    }
}
