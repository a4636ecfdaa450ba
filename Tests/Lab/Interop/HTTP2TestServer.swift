// A server of HTTP/2 without gRPC: h2spec, h2load, nghttp and curl ask for a page. It stands directly on the machine of
// module HTTP2, so what these tools find is about that machine.

internal import GRPC
internal import HPACK
internal import HTTP2
package import SystemIO

/// Answers GET, HEAD and POST on `/` with 200 and a few words, other paths with 404, other methods with 405.
package actor HTTP2TestServer: LoopActor {
    /// The server's loop.
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
            let transport = Transport(
                accepted: descriptor, loop: loop, limits: HTTP2TestConnection.limits, security: security)
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
actor HTTP2TestConnection: LoopActor {
    nonisolated let loop: EventLoop

    private static let body = Array("Hello from ganglion-interop over HTTP/2.\n".utf8)
    private static let found: HeaderList = {
        var list: HeaderList = [
            ":status": "200", "content-type": "text/plain", "content-length": "\(body.count)",
        ]
        list.isSentOften = true
        return list
    }()

    static let limits = {
        var limits = GRPCLimits()
        // The policy about PINGs is gRPC's; h2spec sends them as it likes.
        limits.http2.pings = nil
        return limits
    }()

    private let transport: Transport
    private let onClose: @Sendable (HTTP2TestConnection) -> Void
    /// Requests whose body has not ended, with the method.
    private var requests: [StreamID: HeaderList] = [:]
    private var isClosing = false
    private var isClosed = false

    init(
        _ transport: Transport, loop: EventLoop,
        onClose: @escaping @Sendable (HTTP2TestConnection) -> Void
    ) {
        self.loop = loop
        self.onClose = onClose
        self.transport = transport
    }

    func start() {
        do {
            try transport.start(callback { $0.ready($1) })
        } catch {
            end()
        }
    }

    func abort() {
        transport.http2.abort(.noError)
        end()
    }

    private func ready(_ readiness: Readiness) {
        guard !isClosing else {
            if transport.linger(readiness) { finishClosing() }
            return
        }
        if transport.process(readiness, { handle($0) }) != nil { end() }
    }

    private func handle(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream):
            if endStream { answer(stream, headers) } else { requests[stream] = headers }
        case .data(let stream, let range, let endStream):
            transport.http2.consume(range.count, on: stream)
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
            transport.http2.sendHeaders(stream, [":status": "404", "content-length": "0"], endStream: true)
            return
        }
        switch method {
        case "GET", "POST":
            transport.http2.sendHeaders(stream, Self.found)
            transport.http2.sendData(stream, Self.body, endStream: true)
        case "HEAD": transport.http2.sendHeaders(stream, Self.found, endStream: true)
        default:
            transport.http2.sendHeaders(
                stream, [":status": "405", "allow": "GET, HEAD, POST", "content-length": "0"], endStream: true
            )
        }
    }

    private func end() {
        guard !isClosing else { return }
        isClosing = true
        if transport.close() {
            finishClosing()
            return
        }
        loop.schedule(after: .seconds(2), on: self) { connection in
            _ = connection.transport.close(discarding: true)
            connection.finishClosing()
        }
    }

    private func finishClosing() {
        guard !isClosed else { return }
        isClosed = true
        onClose(self)
    }
}
