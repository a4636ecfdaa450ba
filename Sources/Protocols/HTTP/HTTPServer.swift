// Listens, and keeps the connections so that they can be drained.

public import HTTP1
public import SystemIO

/// Bounds of a server.
public struct HTTPServerLimits: Sendable {
    /// What a message may have.
    public var message = HTTP1Limits()
    /// Connections at a time; beyond it new ones are closed at once.
    public var connections = 1024
    /// How long a connection may be silent between requests, or within a body.
    public var idle = Duration.seconds(90)
    /// How long the head of a request may take from its first octet: what a slow sender can hold.
    public var head = Duration.seconds(10)
    /// How long a peer may take nothing of a response.
    public var stalledWrite = Duration.seconds(60)
    /// How long a peer may take to close after the last response, once that has left.
    public var closeTimeout = Duration.seconds(2)
    /// Octets of a response that may wait for the peer before a write waits.
    public var pendingOctets = 256 << 10

    /// 1024 connections, 10 seconds for a head, 90 of silence, 60 for a peer that takes nothing of its answer.
    public init() {}
}

/// Serves HTTP/1.1 on any number of addresses.
public actor HTTPServer: LoopActor {
    /// Answers a request. Runs on the server's loop unless it leaves it.
    public typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse

    /// Runs the connections and, unless they leave it, the handlers.
    public nonisolated let loop: EventLoop

    private let limits: HTTPServerLimits
    private let security: (any SecureLayerFactory)?
    private let handler: Handler
    private var listeners: [Listener] = []
    private var connections: [Int: HTTPServerConnection] = [:]
    private var nextConnection = 0
    private var emptied: [CheckedContinuation<Void, Never>] = []
    private var isShutDown = false

    /// A server that does not listen yet.
    ///
    /// - Parameter security: TLS for every connection; nil for plain HTTP.
    public init(
        limits: HTTPServerLimits = HTTPServerLimits(), security: (any SecureLayerFactory)? = nil,
        loop: EventLoop = .shared, handler: @escaping Handler
    ) {
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
        guard !isShutDown, connections.count < limits.connections else { return }
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
            handler: handler, onClose: callback { $0.forget(identifier) })
        connections[identifier] = connection
        connection.assumeIsolated { $0.start() }
    }

    private func forget(_ identifier: Int) {
        connections[identifier] = nil
        guard connections.isEmpty else { return }
        for waiter in emptied { waiter.resume() }
        emptied = []
    }
}
