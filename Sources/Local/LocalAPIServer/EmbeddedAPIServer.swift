// The API server alone, for the tests of whatever talks to one: what envtest is to controller-runtime. No kubelet and no
// controllers run; a test plays them, or starts those that it is about.
//
//     let cluster = try await EmbeddedAPIServer.start()
//     try await cluster.install([YAMLReader.read(definition)])
//     let client = cluster.client()
//     ...
//     await cluster.stop()

package import HTTP
package import JSON
internal import KubernetesAPI
package import KubernetesClient
package import SystemIO

/// An API server that listens, and how to reach it.
package struct EmbeddedAPIServer: Sendable {
    /// Answers a request of a client; by default the server's own answer. A test that wants faults puts them here.
    package typealias Handler = @Sendable (HTTPRequest, APIServer) async -> HTTPResponse

    /// The server, for what a client cannot do.
    package let server: APIServer
    /// Where it listens.
    package let address: SocketAddress
    /// How a client with the administrator's rights reaches it.
    package let configuration: ClientConfiguration
    private let http: HTTPServer

    /// Starts a server with the objects of a fresh cluster. Plain HTTP, so nothing but this machine may reach the address.
    ///
    /// - Parameters:
    ///   - address: a port of the loopback interface (0 lets the system choose), or a Unix socket.
    ///   - configure: changes the server's options. The administrator's token is in them already.
    ///   - handler: stands between the clients and the server.
    /// - Throws: `SystemError` where nobody can listen on the address.
    package static func start(
        on address: SocketAddress = .ip("127.0.0.1", port: 0), loop: EventLoop = .shared,
        configure: (inout APIServerOptions) -> Void = { _ in },
        handler: @escaping Handler = { await $1.handle($0) }
    ) async throws -> EmbeddedAPIServer {
        let token = ObjectNames.uid()
        var options = APIServerOptions(tokens: [token: APIUser("admin", groups: ["system:masters"])])
        configure(&options)
        let server = APIServer(options: options, loop: loop)
        let http = HTTPServer(loop: loop) { await handler($0, server) }
        let address = try await http.listen(on: address)
        // A Unix socket has no name to put into a URL; the server knows itself as localhost.
        let host = if case .ip = address { address.description } else { "localhost" }
        var configuration = ClientConfiguration(server: try ServerAddress("http://\(host)"))
        configuration.credential = .token(token)
        return EmbeddedAPIServer(server: server, address: address, configuration: configuration, http: http)
    }

    private init(
        server: APIServer, address: SocketAddress, configuration: ClientConfiguration, http: HTTPServer
    ) {
        self.server = server
        self.address = address
        self.configuration = configuration
        self.http = http
    }

    /// A new client with the administrator's rights and a connection of its own.
    ///
    /// - Parameter program: the name under which its writes are kept in managedFields.
    package func client(program: String = "test") -> KubernetesClient {
        KubernetesClient(
            configuration: configuration, address: address, security: nil, program: program, loop: server.loop
        )
    }

    /// Installs custom resource definitions. They are served when this returns.
    ///
    /// - Throws: `KubernetesError` for a definition that the server refuses.
    package func install(_ definitions: [JSON]) async throws {
        let client = client()
        for definition in definitions {
            try await client.create(.customResourceDefinitions, definition)
        }
    }

    /// Stops listening and ends the connections; what the server holds is gone with it.
    package func stop() async { await http.shutdown(grace: .zero) }
}
