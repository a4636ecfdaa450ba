// From an address to a connection that requests can be sent on: socket, tunnel, TLS.

internal import HTTP1
internal import SystemIO

extension HTTPClient {
    /// A connection that nobody uses yet.
    func connect(_ limit: ExchangeLimit) async throws(HTTPError) -> HTTPClientConnection {
        let descriptor: FileDescriptor
        do throws(SystemError) {
            let addresses = try await route.addresses()
            descriptor = try await SystemIO.connect(
                toFirstOf: addresses, loop: loop, timeout: min(connectTimeout, limit.left))
        } catch {
            throw .transport(error)
        }
        guard let tunnel = route.tunnel else { return try await open(descriptor, secure: true) }
        let proxied = try await tunnelled(descriptor, tunnel, limit)
        return try await open(proxied, secure: true)
    }

    /// Asks the proxy at the other end for the way to the server.
    private func tunnelled(
        _ descriptor: FileDescriptor, _ tunnel: HTTPRoute.Tunnel, _ limit: ExchangeLimit
    ) async throws(HTTPError) -> FileDescriptor {
        let connection = try await open(descriptor, secure: false)
        var request = HTTPRequest("CONNECT", tunnel.target, headers: ["host": tunnel.target])
        if let authorization = tunnel.authorization { request.headers["proxy-authorization"] = authorization }
        let head = try await connection.begin(request, limit, idleTimeout: nil)
        guard 200...299 ~= head.status else {
            await connection.close()
            throw .transport(
                SystemError(
                    "connect to", tunnel.target, code: 0,
                    hint: "the proxy answered CONNECT with \(head.status)"))
        }
        return await connection.detach()
    }

    private func open(_ descriptor: FileDescriptor, secure: Bool) async throws(HTTPError)
        -> HTTPClientConnection
    {
        let layer: (any SecureLayer)?
        do throws(SecureLayerError) {
            layer = secure ? try security?.makeLayer() : nil
        } catch {
            throw .security(error)
        }
        let connection = HTTPClientConnection(
            SocketChannel(descriptor, loop: loop, security: layer), loop: loop, limits: limits)
        do throws(SystemError) {
            try await connection.start()
        } catch {
            throw .transport(error)
        }
        return connection
    }
}
