// Listens, and keeps the connections until they have ended.

public import HTTP2Transport
public import SystemIO

/// A gRPC server on one loop.
///
///     let server = GRPCServer(router: router)
///     try await server.listen(on: .unix("/var/lib/kubelet/device-plugins/neuroncore.sock"))
public actor GRPCServer: LoopActor {
    /// Runs the connections and, unless they leave it, the handlers.
    public nonisolated let loop: EventLoop

    private let settings: GRPCServerSettings
    private let security: (any SecureLayerFactory)?
    private var listeners: [Listener] = []
    private var connections: [ObjectIdentifier: GRPCServerConnection] = [:]
    private var waiters: [CheckedContinuation<Void, Never>] = []
    /// Clients go elsewhere with what they ask next.
    private var turnsAway = false
    private var isShutDown = false

    /// A server with its handlers; it listens from `listen` on.
    ///
    /// - Parameters:
    ///   - compressions: how messages may be compressed, the preferred first.
    ///   - security: TLS for every connection, which has to offer `h2` by ALPN; nil for none.
    public init(
        router: GRPCRouter, loop: EventLoop = .shared, limits: GRPCLimits = GRPCLimits(),
        compressions: [any GRPCCompression] = [], security: (any SecureLayerFactory)? = nil
    ) {
        self.security = security
        settings = GRPCServerSettings(
            router: router, limits: limits, codings: MessageCodings(compressions))
        self.loop = loop
    }

    /// Listens on an address, also on several. A Unix socket's file gets mode 0600.
    ///
    /// - Returns: the address with the real port.
    /// - Throws: `SystemError` where that is not possible.
    @discardableResult
    public func listen(on address: SocketAddress) async throws -> SocketAddress {
        let listener = try Listener(address, loop: loop, accept: callback { $0.accept($1) })
        listeners.append(listener)
        try await listener.start()
        return listener.address
    }

    /// The connections that are open.
    public var connectionCount: Int { connections.count }

    /// Answers on, also on new connections, and tells clients to go elsewhere: those that are connected at once, new ones with
    /// their first call, by GOAWAY. So they find another server before this one stops listening: the first step of a
    /// shutdown that loses no call.
    public func turnAway() async {
        turnsAway = true
        for connection in connections.values { await connection.shutDown(afterNext: false) }
    }

    /// Stops listening, lets calls finish for a while, then ends what is left: their clients get UNAVAILABLE, their
    /// handlers are cancelled. Returns when the handlers have returned; one that ignores its cancellation is waited for
    /// as long as `HTTP2PeerLimits.closeTimeout`.
    ///
    /// - Parameter grace: from when clients are told to go elsewhere until calls are ended.
    public func shutdown(grace: Duration) async {
        isShutDown = true
        for listener in listeners { await listener.close() }
        listeners = []
        for connection in connections.values { await connection.shutDown(afterNext: false) }
        guard !connections.isEmpty else { return }
        let timer = loop.schedule(after: grace, on: self) { server in
            for connection in server.connections.values {
                connection.assumeIsolated { $0.endCalls("the server is shutting down") }
            }
        }
        await withCheckedContinuation { waiter in
            if connections.isEmpty { waiter.resume() } else { waiters.append(waiter) }
        }
        timer.cancel()
    }

    /// Limits of a transport whose connection this server makes.
    public nonisolated var peerLimits: HTTP2PeerLimits { settings.limits.peer }

    /// Serves its methods on a connection that somebody else has accepted, who also closes it: plain requests on the same
    /// connection are left to another service.
    ///
    /// - Parameters:
    ///   - service: makes the service of what is no gRPC.
    ///   - onClose: called once, when the connection is closed and its calls have ended.
    public nonisolated func makeConnection(
        _ transport: LoopBound<HTTP2Transport>, service: @escaping HTTP2StreamHost.Maker,
        onClose: @escaping @Sendable () -> Void
    ) -> any HTTP2ServedConnection {
        GRPCServerConnection(transport.value, settings, loop: loop, service: service) { _ in onClose() }
    }

    private func accept(_ descriptor: FileDescriptor) {
        guard !isShutDown else { return }
        if connections.count >= settings.limits.connections { makeRoom() }
        guard connections.count < settings.limits.connections else { return }
        guard
            let transport = HTTP2Transport(
                accepted: descriptor, loop: loop, limits: settings.limits.peer, security: security)
        else { return }
        let connection = GRPCServerConnection(
            transport, settings, loop: loop, onClose: callback { $0.forget($1) })
        connections[ObjectIdentifier(connection)] = connection
        let turnsAway = turnsAway
        connection.assumeIsolated { connection in
            connection.start()
            if turnsAway { connection.shutDown(afterNext: true) }
        }
    }

    /// Ends the connection that has had no call for the longest: clients that do nothing must not keep others out.
    private func makeRoom() {
        var oldest: (start: UInt64, connection: GRPCServerConnection)?
        for connection in connections.values {
            guard let start = connection.assumeIsolated({ $0.idleStart }) else { continue }
            if start < oldest?.start ?? .max { oldest = (start, connection) }
        }
        oldest?.connection.assumeIsolated { $0.cutOff("room is needed for others") }
    }

    private func forget(_ connection: GRPCServerConnection) {
        connections.removeValue(forKey: ObjectIdentifier(connection))
        guard isShutDown, connections.isEmpty else { return }
        for waiter in waiters { waiter.resume() }
        waiters = []
    }
}
