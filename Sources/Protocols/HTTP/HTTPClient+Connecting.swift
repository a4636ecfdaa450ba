// From an address to a connection that requests can be sent on: socket, tunnel, TLS, and the version of HTTP that TLS has
// agreed on.

internal import HTTP1
internal import SystemIO

/// A connection of either kind.
enum HTTPLink: Sendable {
    /// One exchange at a time.
    case http1(HTTPClientConnection)
    /// Many exchanges at once.
    case http2(HTTP2ClientConnection)
}

extension HTTPClient {
    /// A connection that nobody uses yet.
    func connect(_ limit: ExchangeLimit) async throws(HTTPError) -> HTTPLink {
        let descriptor: FileDescriptor
        do throws(SystemError) {
            let addresses = try await route.addresses()
            descriptor = try await SystemIO.connect(
                toFirstOf: addresses, loop: loop, timeout: min(connectTimeout, limit.left))
        } catch {
            throw .transport(error)
        }
        guard let tunnel = route.tunnel else { return try await open(descriptor, limit) }
        let proxied = try await tunnelled(descriptor, tunnel, limit)
        return try await open(proxied, limit)
    }

    /// Asks the proxy at the other end for the way to the server.
    private func tunnelled(
        _ descriptor: FileDescriptor, _ tunnel: HTTPRoute.Tunnel, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> FileDescriptor {
        let connection = try await openHTTP1(LoopBound(SocketChannel(descriptor, loop: loop)))
        var request = HTTPRequest("CONNECT", tunnel.target, headers: ["host": tunnel.target])
        if let authorization = tunnel.authorization { request.headers["proxy-authorization"] = authorization }
        let head = try await connection.begin(request, limit, idleTimeout: nil)
        guard 200...299 ~= head.status else {
            await connection.close()
            throw .tunnel(to: tunnel.target, status: head.status)
        }
        return await connection.detach()
    }

    private func open(
        _ descriptor: FileDescriptor, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> HTTPLink {
        guard let security else {
            return .http1(try await openHTTP1(LoopBound(SocketChannel(descriptor, loop: loop))))
        }
        let layer: any SecureLayer
        do throws(SecureLayerError) { layer = try security.makeLayer() } catch { throw .security(error) }
        let greeting = TLSGreeting(descriptor, LoopBound(layer), loop: loop)
        let agreed = try await greeting.agree(within: limit.left)
        guard agreed.protocolName == "h2" else {
            return .http1(try await openHTTP1(agreed.channel, isStarted: true))
        }
        let connection = HTTP2ClientConnection(
            agreed.channel, received: agreed.received, loop: loop, limits: limits, keepAlive: keepAlive,
            onRoom: callback { $0.makeRoom() })
        do throws(SystemError) { try await connection.start() } catch { throw .transport(error) }
        return .http2(connection)
    }

    private func openHTTP1(
        _ channel: LoopBound<SocketChannel>, isStarted: Bool = false
    ) async throws(HTTPError) -> HTTPClientConnection {
        let connection = HTTPClientConnection(channel, isStarted: isStarted, loop: loop, limits: limits)
        do throws(SystemError) { try await connection.start() } catch { throw .transport(error) }
        return connection
    }
}
