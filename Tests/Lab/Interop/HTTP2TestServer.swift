// A server of HTTP/2 without gRPC: h2spec, h2load, nghttp and curl ask for a page. It stands directly on the machine of
// module HTTP2, so what these tools find is about that machine.

internal import HPACK
internal import HTTP2
internal import HTTP2Transport
package import SystemIO

/// Answers GET, HEAD and POST on `/` with 200 and a few words, other paths with 404, other methods with 405.
package actor HTTP2TestServer: LoopActor {
    /// Runs the connections.
    package nonisolated let loop: EventLoop

    private let security: (any SecureLayerFactory)?
    private var listener: Listener?
    private var connections: [ObjectIdentifier: HTTP2TestConnection] = [:]

    /// A server; it listens from `listen` on.
    ///
    /// - Parameter security: TLS that offers `h2`; nil for none.
    package init(security: (any SecureLayerFactory)? = nil, loop: EventLoop = .shared) {
        self.security = security
        self.loop = loop
    }

    /// Listens.
    ///
    /// - Returns: the address with the real port.
    /// - Throws: `SystemError` where that is not possible.
    @discardableResult
    package func listen(on address: SocketAddress) async throws -> SocketAddress {
        let listener = try Listener(address, loop: loop, accept: callback { $0.accept($1) })
        self.listener = listener
        try await listener.start()
        return listener.address
    }

    /// Stops listening and ends all connections.
    package func shutdown() async {
        await listener?.close()
        listener = nil
        for connection in connections.values { await connection.abort() }
    }

    private func accept(_ descriptor: FileDescriptor) {
        guard listener != nil, connections.count < 1024,
            let transport = HTTP2Transport(
                accepted: descriptor, loop: loop, limits: HTTP2PeerLimits(), security: security)
        else { return }
        let connection = HTTP2TestConnection(transport, loop: loop, onClose: callback { $0.forget($1) })
        connections[ObjectIdentifier(connection)] = connection
        connection.assumeIsolated { $0.start() }
    }

    private func forget(_ connection: HTTP2TestConnection) {
        connections.removeValue(forKey: ObjectIdentifier(connection))
    }
}

/// One connection of the server.
actor HTTP2TestConnection: HTTP2PeerOwner {
    nonisolated let loop: EventLoop

    private static let body = Array("Hello from ganglion-interop over HTTP/2.\n".utf8)
    private static let found: HeaderList = {
        var list: HeaderList = [
            ":status": "200", "content-type": "text/plain", "content-length": "\(body.count)",
        ]
        list.isSentOften = true
        return list
    }()

    let peer: HTTP2Peer
    private let onClose: @Sendable (HTTP2TestConnection) -> Void
    /// Requests whose body has not ended, with the method.
    private var requests: [StreamID: HeaderList] = [:]

    init(
        _ transport: HTTP2Transport, loop: EventLoop,
        onClose: @escaping @Sendable (HTTP2TestConnection) -> Void
    ) {
        self.loop = loop
        self.onClose = onClose
        peer = HTTP2Peer(transport, limits: HTTP2PeerLimits())
    }

    func start() {
        do {
            try startPeer()
        } catch {
            endConnection(.socket(error))
        }
    }

    func abort() { endConnection(.noError, reason: "the server is shutting down") }

    func connectionEnded(_ end: TransportEnd) { requests = [:] }

    func connectionClosed() { onClose(self) }

    func receiveEvents() {
        while let event = peer.transport.next() { receive(event) }
    }

    private func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream):
            if endStream { answer(stream, headers) } else { requests[stream] = headers }
        case .data(let stream, let range, let endStream):
            peer.transport.http2.consume(range.count, on: stream)
            if endStream { answer(stream, requests.removeValue(forKey: stream)) }
        case .trailers(let stream, _): answer(stream, requests.removeValue(forKey: stream))
        case .reset(let stream, _, _): requests[stream] = nil
        case .informational, .writable, .settings, .goAway, .drained, .failed: break
        }
    }

    private func answer(_ stream: StreamID, _ request: HeaderList?) {
        guard let request else { return }
        let method = request[.method] ?? ""
        guard request[.path].map({ $0 == "/" || $0.hasPrefix("/?") }) == true else {
            peer.transport.http2.sendHeaders(
                stream, [":status": "404", "content-length": "0"], endStream: true)
            return
        }
        switch method {
        case "GET", "POST":
            peer.transport.http2.sendHeaders(stream, Self.found)
            peer.transport.http2.sendData(stream, Self.body, endStream: true)
        case "HEAD": peer.transport.http2.sendHeaders(stream, Self.found, endStream: true)
        default:
            peer.transport.http2.sendHeaders(
                stream, [":status": "405", "allow": "GET, HEAD, POST", "content-length": "0"], endStream: true
            )
        }
    }
}
