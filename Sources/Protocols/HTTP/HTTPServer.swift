// Listens, and keeps the connections so that they can be drained.

public import SystemIO

/// Serves HTTP/1.1 on any number of addresses.
public actor HTTPServer: LoopActor {
    /// Answers a request. Runs on the server's loop unless it leaves it.
    public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

    /// Answers a request at once, where that takes less than to change tasks would; nil leaves it to the handler.
    public typealias Immediate = @Sendable (HTTPRequest) -> HTTPResponse?

    /// Runs the connections and, unless they leave it, the handlers.
    public nonisolated let loop: EventLoop

    private let limits: HTTPServerLimits
    private let security: (any SecureLayerFactory)?
    private let immediate: Immediate?
    private let handler: Handler
    private var listeners: [Listener] = []
    private var connections: [Int: HTTPServerConnection] = [:]
    private var nextConnection = 0
    private var emptied: [CheckedContinuation<Void, Never>] = []
    private var isShutDown = false
    private var keepsAlive = true

    /// A server that does not listen yet.
    ///
    /// - Parameters:
    ///   - security: TLS for every connection; nil for plain HTTP.
    ///   - immediate: asked before the handler, on the loop: it must not wait for anything.
    public init(
        limits: HTTPServerLimits = HTTPServerLimits(), security: (any SecureLayerFactory)? = nil,
        loop: EventLoop = .shared, immediate: Immediate? = nil, handler: @escaping Handler
    ) {
        self.immediate = immediate
        self.limits = limits
        self.security = security
        self.loop = loop
        self.handler = handler
    }

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
        for connection in connections.values { connection.assumeIsolated { $0.disableKeepAlive() } }
    }

    /// Stops listening, lets requests that have begun come to their end, and closes.
    ///
    /// - Parameter grace: how long to wait for them; streams and what is left after it are cut.
    public func shutdown(grace: Duration = .seconds(5)) async {
        isShutDown = true
        for listener in listeners { await listener.close() }
        listeners = []
        for connection in Array(connections.values) { await connection.drain() }
        guard !connections.isEmpty else { return }
        let timer = loop.schedule(after: grace, on: self) { server in
            for connection in server.connections.values {
                connection.assumeIsolated { $0.close(discarding: true) }
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
        guard connections.count < limits.connections else { return }
        let layer: (any SecureLayer)?
        do throws(SecureLayerError) {
            layer = try security?.makeLayer()
        } catch {
            return
        }
        let identifier = nextConnection
        nextConnection += 1
        let connection = HTTPServerConnection(
            SocketChannel(descriptor, loop: loop, security: layer), loop: loop, limits: limits,
            immediate: immediate, handler: handler, onClose: callback { $0.forget(identifier) })
        connections[identifier] = connection
        let keepsAlive = keepsAlive
        connection.assumeIsolated { connection in
            if !keepsAlive { connection.disableKeepAlive() }
            connection.start()
        }
    }

    /// Closes the connection that has taken room for the longest without being answered, as nginx does: who sends slowly, or
    /// nothing, must not keep the others out, among them the probes whose failure would end the process.
    private func makeRoom() {
        var oldest: (start: UInt64, number: Int, connection: HTTPServerConnection)?
        for (number, connection) in connections {
            guard let start = connection.assumeIsolated({ $0.idleStart }) else { continue }
            // By number, for those that came in one turn of the loop.
            guard let known = oldest, (known.start, known.number) <= (start, number) else {
                oldest = (start, number, connection)
                continue
            }
        }
        oldest?.connection.assumeIsolated { $0.close(discarding: true) }
    }

    private func forget(_ identifier: Int) {
        connections[identifier] = nil
        guard connections.isEmpty else { return }
        for waiter in emptied { waiter.resume() }
        emptied = []
    }
}
