// What stands between a client and its server, and does to their octets what networks and proxies do.

public import SystemIO

/// Carries connections to a server, and does what a test says with each piece.
public final class Relay: Sendable {
    /// What becomes of a piece.
    public enum Action: Sendable {
        case pass
        /// Other octets instead.
        case replace([UInt8])
        /// Nothing passes any more, in neither direction, and nobody is told.
        case silence
        /// Both ends are closed.
        case cut
    }

    /// A piece of octets that has come from one of the two.
    public struct Piece: Sendable {
        /// The connection's number, from 0.
        public var connection: Int
        /// Whether the server has sent it.
        public var isFromServer: Bool
        /// The octets.
        public var octets: [UInt8]
    }

    /// Where clients connect to.
    public let address: SocketAddress
    private let listener: Listener
    private let connections = Lock<[Connection]>([])

    /// A relay to a server.
    public init(
        to server: SocketAddress, loop: EventLoop = .shared, _ act: @escaping @Sendable (Piece) -> Action
    ) async throws {
        let connections = connections
        listener = try Listener(.ip("127.0.0.1", port: 0), loop: loop) { descriptor in
            let connection = connections.withLock { all in
                let connection = Connection(
                    LoopBound(SocketChannel(descriptor, loop: loop)), number: all.count, loop: loop, act)
                all.append(connection)
                return connection
            }
            Task { await connection.join(server) }
        }
        address = listener.address
        try await listener.start()
    }

    /// Connections that were made.
    public var count: Int { connections.withLock(\.count) }

    /// Closes everything.
    public func stop() async {
        await listener.close()
        for connection in connections.withLock({ $0 }) { await connection.close() }
    }
}

/// One client and the server.
private actor Connection: LoopActor {
    nonisolated let loop: EventLoop
    private let client: SocketChannel
    private var server: SocketChannel?
    private let number: Int
    private let act: @Sendable (Relay.Piece) -> Relay.Action
    private var isSilent = false

    init(
        _ client: LoopBound<SocketChannel>, number: Int, loop: EventLoop,
        _ act: @escaping @Sendable (Relay.Piece) -> Relay.Action
    ) {
        self.client = client.value
        self.number = number
        self.loop = loop
        self.act = act
    }

    func join(_ address: SocketAddress) async {
        guard let descriptor = try? await SystemIO.connect(to: address, loop: loop) else { return close() }
        let server = SocketChannel(descriptor, loop: loop)
        self.server = server
        do {
            try server.start(callback { $0.ready($1, isServer: true) })
            try client.start(callback { $0.ready($1, isServer: false) })
        } catch { close() }
    }

    func close() {
        client.close(discarding: true)
        server?.close(discarding: true)
    }

    private func ready(_ readiness: Readiness, isServer: Bool) {
        guard let server else { return }
        let (from, to) = isServer ? (server, client) : (client, server)
        var octets: [UInt8] = []
        let state = from.process(readiness) { bytes in bytes.withUnsafeBytes { octets += Array($0) } }
        if isSilent { return }
        if !octets.isEmpty {
            switch act(Relay.Piece(connection: number, isFromServer: isServer, octets: octets)) {
            case .pass: to.send(octets.span.bytes)
            case .replace(let others): to.send(others.span.bytes)
            case .silence:
                isSilent = true
                server.pauseReading(true)
                client.pauseReading(true)
                return
            case .cut: return close()
            }
        }
        guard state != .open else { return }
        to.close()
        from.close(discarding: true)
    }
}
