// A server over TLS that speaks HTTP/2 as a test wants it: it answers, keeps quiet, refuses and leaves.

import HPACK
import HTTP2
import HTTP2Transport
import SystemIO
import TLS
import TestSupport

/// Accepts connections and remembers what came on each.
final class HTTP2Server: Sendable {
    /// What a request gets.
    enum Answer: Sendable {
        case status(Int, body: String = "")
        /// A head and these pieces, and no end.
        case pieces([String])
        case nothing
        case refusal
        /// GOAWAY that says that nothing was looked at.
        case leave
    }

    struct Seen: Sendable, Equatable {
        var connection: Int
        var method: String
        var path: String
    }

    let address: SocketAddress
    let security: TLSClient
    let seen = Lock<[Seen]>([])
    private let connections: Lock<[Connection]>
    private let listener: Listener

    /// - Parameter streams: what may be open on a connection.
    init(
        streams: Int = 100, loop: EventLoop = .shared,
        _ answer: @escaping @Sendable (Seen) -> Answer
    ) async throws {
        let authority = try CertificateAuthority(commonName: "test")
        let server = try TLSServer(
            identity: authority.issueServerCertificate(hosts: ["127.0.0.1"]).identity, protocols: ["h2"])
        security = try TLSClient(
            host: "127.0.0.1", trust: .authorities(authority.certificatePEM), protocols: ["h2", "http/1.1"])
        let connections = Lock<[Connection]>([])
        self.connections = connections
        let seen = seen
        listener = try Listener(.ip("127.0.0.1", port: 0), loop: loop) { descriptor in
            var limits = HTTP2PeerLimits()
            limits.http2.concurrentStreams = streams
            guard
                let transport = HTTP2Transport(
                    accepted: descriptor, loop: loop, limits: limits, security: server)
            else { return }
            let connection = connections.withLock { connections in
                let connection = Connection(
                    LoopBound(transport), number: connections.count, limits: limits, loop: loop
                ) { request in
                    seen.withLock { $0.append(request) }
                    return answer(request)
                }
                connections.append(connection)
                return connection
            }
            Task { try await connection.start() }
        }
        address = listener.address
        try await listener.start()
    }

    /// Connections that were accepted.
    var count: Int { connections.withLock(\.count) }

    func stop() async { await listener.close() }
}

private actor Connection: HTTP2PeerOwner {
    nonisolated let loop: EventLoop
    let peer: HTTP2Peer
    private let number: Int
    private let answer: @Sendable (HTTP2Server.Seen) -> HTTP2Server.Answer

    init(
        _ transport: LoopBound<HTTP2Transport>, number: Int, limits: HTTP2PeerLimits,
        loop: EventLoop, _ answer: @escaping @Sendable (HTTP2Server.Seen) -> HTTP2Server.Answer
    ) {
        self.loop = loop
        self.number = number
        self.answer = answer
        peer = HTTP2Peer(transport.value, limits: limits)
    }

    func start() throws { try startPeer() }

    func receiveEvents() {
        while let event = peer.transport.next() {
            guard case .headers(let stream, let headers, _) = event else {
                if case .data(let stream, let range, _) = event {
                    peer.transport.http2.consume(range.count, on: stream)
                }
                continue
            }
            let request = HTTP2Server.Seen(
                connection: number, method: headers[":method"] ?? "", path: headers[":path"] ?? "")
            send(answer(request), on: stream)
        }
    }

    private func send(_ answer: HTTP2Server.Answer, on stream: StreamID) {
        switch answer {
        case .status(let status, let body):
            peer.transport.http2.sendHeaders(stream, [":status": String(status)], endStream: body.isEmpty)
            if !body.isEmpty { peer.transport.http2.sendData(stream, Array(body.utf8), endStream: true) }
        case .pieces(let pieces):
            peer.transport.http2.sendHeaders(stream, [":status": "200"])
            for piece in pieces { peer.transport.http2.sendData(stream, Array(piece.utf8)) }
        case .nothing: break
        case .refusal: peer.transport.http2.reset(stream, .refusedStream)
        case .leave:
            peer.transport.http2.reset(stream, .refusedStream)
            peer.transport.http2.closeToNewStreams()
        }
    }

    func connectionEnded(_ end: TransportEnd) {}
}
