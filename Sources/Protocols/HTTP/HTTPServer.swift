// Listens, and keeps the connections so that they can be drained.

internal import HTTP2
internal import HTTP2Transport
public import SystemIO

/// Serves HTTP/1.1, and HTTP/2 where it is asked for, on any number of addresses.
public actor HTTPServer: LoopActor {
    /// Answers a request. Runs on the server's loop unless it leaves it.
    public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

    /// Answers a request at once, where that takes less than to change tasks would; nil leaves it to the handler.
    public typealias Immediate = @Sendable (HTTPRequest) -> HTTPResponse?

    /// Runs the connections and, unless they leave it, the handlers.
    public nonisolated let loop: EventLoop

    private let security: (any SecureLayerFactory)?
    private let http2: HTTP2Serving?
    private let settings: HTTPServerSettings
    private var listeners: [Listener] = []
    private var connections: [Int: ServedConnection] = [:]
    private var nextConnection = 0
    /// Those that have been idle for the longest when somebody looked, the first to go at the end.
    private var idlest: [(start: UInt64, number: Int)] = []
    private var emptied: [CheckedContinuation<Void, Never>] = []
    private var isShutDown = false
    private var keepsAlive = true

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - security: TLS for every connection; nil for plain HTTP.
    ///   - http2: how HTTP/2 is spoken; nil where it is not. With TLS, `security` has to offer `h2` and `http/1.1`.
    ///   - counts: told of connections.
    ///   - immediate: asked before the handler, on the loop: it must not wait for anything.
    public init(
        limits: HTTPServerLimits = HTTPServerLimits(), security: (any SecureLayerFactory)? = nil,
        http2: HTTP2Serving? = nil, loop: EventLoop = .shared,
        counts: HTTPConnectionCounts = HTTPConnectionCounts(), immediate: Immediate? = nil,
        handler: @escaping Handler
    ) {
        settings = HTTPServerSettings(limits: limits, immediate: immediate, handler: handler, counts: counts)
        self.http2 = http2
        self.security = security
        self.loop = loop
    }

    private var limits: HTTPServerLimits { settings.limits }

    /// Binds the address and takes connections from now on.
    ///
    /// - Returns: the address with the real port.
    /// - Throws: `SystemError` where the address is taken or not usable.
    @discardableResult
    public func listen(on address: SocketAddress) async throws(SystemError) -> SocketAddress {
        let listener = try Listener(address, loop: loop, accept: callback { $0.accept($1) })
        try await listener.start()
        listeners.append(listener)
        return listener.address
    }

    /// Answers on, also on new connections, and ends each connection with its next answer: so clients find another server
    /// before this one stops listening. The first step of a shutdown that loses no request.
    public func disableKeepAlive() {
        keepsAlive = false
        for connection in Array(connections.values) { connection.disableKeepAlive() }
    }

    /// Stops listening, lets requests that have begun come to their end, and closes.
    ///
    /// - Parameter grace: how long to wait for them; streams and what is left after it are cut.
    public func shutdown(grace: Duration = .seconds(5)) async {
        isShutDown = true
        for listener in listeners { await listener.close() }
        listeners = []
        for connection in Array(connections.values) { connection.drain() }
        guard !connections.isEmpty else { return }
        let timer = loop.schedule(after: grace, on: self) { server in
            for connection in Array(server.connections.values) {
                connection.cutOff("the server is shutting down")
            }
        }
        await withCheckedContinuation { continuation in
            if connections.isEmpty { continuation.resume() } else { emptied.append(continuation) }
        }
        timer.cancel()
    }

    private func accept(_ descriptor: FileDescriptor) {
        guard !isShutDown else { return }
        if connections.count >= limits.connections { makeRoom() }
        guard connections.count < limits.connections else { return settings.counts.note(.full) }
        let layer: (any SecureLayer)?
        do throws(SecureLayerError) {
            layer = try security?.makeLayer()
        } catch {
            return
        }
        let identifier = nextConnection
        nextConnection += 1
        let connection = HTTPServerConnection(
            SocketChannel(descriptor, loop: loop, security: layer), settings, loop: loop,
            onHTTP2: http2.map { takeHTTP2(identifier, $0) },
            onClose: callback { $0.forget(identifier) })
        connections[identifier] = .first(connection)
        settings.counts.setOpen(connections.count)
        let keepsAlive = keepsAlive
        connection.assumeIsolated { connection in
            if !keepsAlive { connection.disableKeepAlive() }
            connection.start()
        }
    }

    /// Goes on in HTTP/2 on a connection that has been accepted.
    private func takeHTTP2(
        _ identifier: Int, _ http2: HTTP2Serving
    ) -> @Sendable (LoopBound<SocketChannel>, [UInt8]) -> Void {
        weak let owner = self
        return { channel, received in
            owner?.assumeIsolated { $0.goOn(identifier, http2, channel, received) }
        }
    }

    private func goOn(
        _ identifier: Int, _ http2: HTTP2Serving, _ channel: LoopBound<SocketChannel>, _ received: [UInt8]
    ) {
        let transport = LoopBound(
            HTTP2Transport(channel.value, received: received, role: .server, loop: loop, limits: http2.limits)
        )
        let service: HTTP2StreamHost.Maker = { [loop, settings] transport, host in
            HTTP2Requests(transport, host, settings, loop: loop)
        }
        let onClose = callback { $0.forget(identifier) }
        let connection =
            http2.make?(transport, service, onClose)
            ?? HTTP2ServerConnection(
                transport, loop: loop, limits: http2.limits, stallTimeout: limits.stalledWrite,
                service: service,
                onClose: onClose)
        connections[identifier] = .second(connection)
        connection.begin()
        if isShutDown {
            connections[identifier]?.drain()
        } else if !keepsAlive {
            connections[identifier]?.disableKeepAlive(isNew: true)
        }
        watchSilence(identifier)
    }

    /// Ends a connection of HTTP/2 that nobody has used for long; one of HTTP/1.1 does so itself.
    private func watchSilence(_ identifier: Int) {
        let limit = limits.idle
        loop.schedule(after: limit, on: self) { server in
            guard let connection = server.connections[identifier] else { return }
            if let start = connection.idleStart, MonotonicClock.now &- start >= limit.nanoseconds {
                server.settings.counts.note(.idle)
                return connection.drain()
            }
            server.watchSilence(identifier)
        }
    }

    /// Closes the connection that has taken room for the longest without being answered, as nginx does: who sends slowly, or
    /// nothing, must not keep the others out, among them the probes whose failure would end the process.
    private func makeRoom() {
        if idlest.isEmpty { findIdlest() }
        while let (start, number) = idlest.popLast() {
            // What has been answered since is idle since then.
            guard let connection = connections[number], connection.idleStart == start else {
                if idlest.isEmpty { findIdlest() }
                continue
            }
            settings.counts.note(.room)
            return connection.cutOff("room is needed for others")
        }
    }

    /// Looks at all connections, for as many new ones as may come in a turn: a look for each would cost more than to answer it.
    private func findIdlest() {
        let idle = connections.compactMap { number, connection in
            connection.idleStart.map { (start: $0, number: number) }
        }
        // By number, for those that came in one turn of the loop.
        idlest = idle.sorted { ($0.start, $0.number) < ($1.start, $1.number) }.prefix(64).reversed()
    }

    private func forget(_ identifier: Int) {
        connections[identifier] = nil
        settings.counts.setOpen(connections.count)
        guard connections.isEmpty else { return }
        for waiter in emptied { waiter.resume() }
        emptied = []
    }
}
