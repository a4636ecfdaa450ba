import HPACK
import HTTP2
import HTTP2Transport
import SystemIO
import TestSupport
import Testing

/// Keeps what a peer says about its connection, in words.
private actor Owner: HTTP2PeerOwner {
    nonisolated let loop: EventLoop
    let peer: HTTP2Peer
    private(set) var words: [String] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Whether a server answers requests with 204.
    private let answers: Bool

    init(
        _ descriptor: FileDescriptor, _ role: HTTP2Role, limits: HTTP2PeerLimits = HTTP2PeerLimits(),
        keepAlive: HTTP2KeepAlive? = nil, answers: Bool = true, loop: EventLoop = .shared
    ) {
        self.loop = loop
        self.answers = answers
        peer = HTTP2Peer(
            HTTP2Transport(descriptor, role: role, loop: loop, limits: limits), limits: limits,
            keepAlive: keepAlive)
    }

    func start() throws { try startPeer() }

    func ask() throws {
        _ = try peer.transport.http2.sendRequest(
            [":method": "GET", ":scheme": "http", ":path": "/", ":authority": "x"], endStream: true)
        scheduleSettle()
    }

    func leave(_ code: ErrorCode = .noError) { endConnection(code, reason: "that is enough") }

    func receiveEvents() {
        while let event = peer.transport.next() { receive(event) }
    }

    private func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, _):
            note("\(stream) \(headers[":status"] ?? headers[":path"] ?? "")")
            if answers, headers[":path"] != nil {
                peer.transport.http2.sendHeaders(stream, [":status": "204"], endStream: true)
            }
        case .goAway(_, let code, let debug): note("goaway \(code) \(String(decoding: debug, as: UTF8.self))")
        default: break
        }
    }

    func connectionEnded(_ end: TransportEnd) { note("ended: \(end.reason)") }

    func connectionClosed() { note("closed") }

    /// Waits until it has said so.
    func wait(for word: String) async {
        while !words.contains(word) {
            await suspend(while: { !words.contains(word) }, keeping: { waiters.append($0) })
        }
    }

    private func note(_ word: String) {
        words.append(word)
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }
}

@Suite("A peer over HTTP/2", .timeLimit(.minutes(10)))
struct HTTP2PeerTests {
    /// What a server gets for each connection, and where to connect.
    private func listening(
        _ accept: @escaping @Sendable (FileDescriptor) -> Void,
        _ body: (SocketAddress) async throws -> Void
    ) async throws {
        let listener = try Listener(.unix(Scratch.socket()), accept: accept)
        try await listener.start()
        try await body(listener.address)
        await listener.close()
    }

    /// A client and a server that know each other.
    private func pair(
        serverAnswers: Bool = true, client limits: HTTP2PeerLimits = HTTP2PeerLimits(),
        _ body: (_ client: Owner, _ server: Owner) async throws -> Void
    ) async throws {
        let servers = Lock<[Owner]>([])
        try await listening { descriptor in
            let server = Owner(descriptor, .server, answers: serverAnswers)
            servers.withLock { $0.append(server) }
            Task { try await server.start() }
        } _: { address in
            let client = Owner(try await connect(to: address), .client, limits: limits)
            try await client.start()
            try await client.ask()
            var server: Owner?
            while server == nil {
                server = servers.withLock { $0.first }
                await Task.yield()
            }
            try await body(client, try #require(server))
        }
    }

    @Test("hands out the events of the other, and the owner's answers leave at the end of the turn")
    func answers() async throws {
        try await pair { client, server in
            await client.wait(for: "1 204")
            #expect(await server.words == ["1 /"])
            await client.leave()
            await server.wait(for: "closed")
            #expect(await server.words.prefix(2) == ["1 /", "goaway NO_ERROR "])
        }
    }

    @Test("ends once, with the first reason, and says when the socket is closed")
    func endsOnce() async throws {
        try await pair(serverAnswers: false) { client, server in
            await server.wait(for: "1 /")
            await client.leave()
            await client.leave(.internalError)
            await client.wait(for: "closed")
            #expect(await client.words == ["ended: that is enough", "closed"])
            await server.wait(for: "closed")
            #expect(await server.words.filter { $0.hasPrefix("ended") }.count == 1)
        }
    }

    @Test("a client gives up a server that says nothing, and a server such a client")
    func silence() async throws {
        var limits = HTTP2PeerLimits()
        limits.handshakeTimeout = .milliseconds(5)
        let sockets = Lock<[FileDescriptor]>([])
        try await listening { descriptor in
            sockets.withLock { $0.append(descriptor) }
        } _: { address in
            let client = Owner(try await connect(to: address), .client, limits: limits)
            try await client.start()
            await client.wait(for: "closed")
            #expect(
                await client.words == ["ended: the server sent no SETTINGS within 0.005 seconds", "closed"])
            let server = Owner(try await connect(to: address), .server, limits: limits)
            try await server.start()
            await server.wait(for: "closed")
            #expect(
                await server.words == [
                    "ended: the client did not acknowledge SETTINGS within 0.005 seconds", "closed",
                ])
        }
        for socket in sockets.withLock({ $0 }) { socket.close() }
    }

    @Test("a peer that answers no PING is gone")
    func keepAlive() async throws {
        let sockets = Lock<[FileDescriptor]>([])
        try await listening { descriptor in
            sockets.withLock { $0.append(descriptor) }
        } _: { address in
            let client = Owner(
                try await connect(to: address), .client,
                keepAlive: HTTP2KeepAlive(
                    interval: .milliseconds(5), timeout: .milliseconds(5), withoutStreams: true))
            try await client.start()
            await client.wait(for: "closed")
            #expect(await client.words == ["ended: the server does not answer PING", "closed"])
        }
        for socket in sockets.withLock({ $0 }) { socket.close() }
    }

    @Test("what the other does not read is dropped after a while")
    func closeTimeout() async throws {
        var limits = HTTP2PeerLimits()
        limits.handshakeTimeout = .seconds(3600)
        limits.closeTimeout = .milliseconds(5)
        let sockets = Lock<[FileDescriptor]>([])
        try await listening { descriptor in
            sockets.withLock { $0.append(descriptor) }
        } _: { address in
            let client = Owner(try await connect(to: address), .client, limits: limits)
            try await client.start()
            await client.flood()
            await client.leave()
            await client.wait(for: "closed")
            #expect(await client.words == ["ended: that is enough", "closed"])
        }
        for socket in sockets.withLock({ $0 }) { socket.close() }
    }
}

extension Owner {
    /// Sends more than a socket of Linux takes unread.
    fileprivate func flood() {
        for _ in 0..<200_000 { peer.transport.http2.sendPing(1) }
        settle()
    }
}
