import HTTP
import KubernetesAPI
import SystemIO
import Testing

@testable import LocalControllers

/// A server that answers with its name, on an address of its own: a port that is free again is soon another test's.
private struct Backend {
    let name: String
    let address: String
    let server: HTTPServer
    let port: Int

    init(_ name: String) async throws {
        self.name = name
        address = "127.77.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254))"
        server = HTTPServer { _ in .text(200, name) }
        guard case .ip(_, let port) = try await server.listen(on: .ip(address, port: 0)) else {
            throw SystemError("listen", name, code: 0)
        }
        self.port = Int(port)
    }

    func stop() async { await server.shutdown(grace: .zero) }
}

@Suite("The service proxy")
struct ServiceProxyTests {
    let cluster = TestCluster()

    /// Makes a service whose port the pods name, and one pod for each backend.
    private func expose(_ backends: [(backend: Backend, isReady: Bool)]) async throws -> SocketAddress {
        // The first service of every cluster has the same address: tests that run beside this one take other ports.
        let port = UInt16.random(in: 20_000..<30_000)
        let service = try await cluster.api.create(
            Make.service(
                "web", selector: ["app": "web"], ports: [ServicePort(port: Int(port), targetPort: "http")]))
        for (index, (backend, isReady)) in backends.enumerated() {
            try await cluster.create(
                Make.running("p\(index)", at: backend.address, labels: ["app": "web"], isReady: isReady) {
                    $0.containers[0].ports = [ContainerPort(backend.port, name: "http")]
                })
        }
        let address = try #require(service.spec.clusterIP)
        #expect(address.hasPrefix("127.96."))
        return .ip(address, port: port)
    }

    /// What a new connection to an address is answered.
    private func ask(_ address: SocketAddress) async throws -> String {
        let client = HTTPClient(address)
        let response = try await client.send(HTTPRequest("GET", "/"), timeout: .seconds(20))
        await client.close()
        return String(decoding: response.bytes, as: UTF8.self)
    }

    private var proxy: ServiceProxy { ServiceProxy(cluster: cluster.client("kube-proxy"), loop: .shared) }

    @Test("gives connections to ready pods in turn, and none to others")
    func inTurn() async throws {
        let (a, b, unready) = (try await Backend("a"), try await Backend("b"), try await Backend("unready"))
        let address = try await expose([(a, true), (b, true), (unready, false)])
        let proxy = proxy
        try await proxy.reconcile()
        var answers: [String] = []
        for _ in 0..<4 { answers.append(try await ask(address)) }
        #expect(answers == ["a", "b", "a", "b"])
        await proxy.stop()
        for backend in [a, b, unready] { await backend.stop() }
    }

    @Test("tries the next pod where one does not answer")
    func next() async throws {
        let (gone, here) = (try await Backend("gone"), try await Backend("here"))
        await gone.stop()
        let address = try await expose([(gone, true), (here, true)])
        let proxy = proxy
        try await proxy.reconcile()
        #expect(try await ask(address) == "here")
        #expect(try await ask(address) == "here")
        await proxy.stop()
        await here.stop()
    }

    @Test("closes an address with its service")
    func closes() async throws {
        let backend = try await Backend("a")
        let address = try await expose([(backend, true)])
        let proxy = proxy
        try await proxy.reconcile()
        #expect(try await ask(address) == "a")
        try await cluster.api.delete(
            Service.self, ObjectKey(namespace: "default", name: "web"), DeleteOptions())
        try await proxy.reconcile()
        await #expect(throws: SystemError.self) {
            try await SystemIO.connect(to: address, loop: .shared, timeout: .seconds(20))
        }
        await proxy.stop()
        await backend.stop()
    }

    @Test("UDP ports and headless services are not for it")
    func others() async throws {
        try await cluster.api.create(
            Make.service("dns", selector: [:], ports: [ServicePort(port: 18_053, protocol: "UDP")]))
        try await cluster.api.create(
            Make.service("headless", selector: [:], ports: [ServicePort(port: 18_054)]) {
                $0.clusterIP = "None"
            })
        let proxy = proxy
        try await proxy.reconcile()
        #expect(await proxy.addresses.isEmpty)
        await proxy.stop()
    }

    @Test("says which address it cannot serve, and serves it when it can")
    func taken() async throws {
        let backend = try await Backend("a")
        let address = try await expose([(backend, true)])
        let other = try Listener(address) { _ in }
        try await other.start()
        let proxy = proxy
        try await proxy.reconcile()
        #expect(await proxy.addresses == [])
        #expect(await proxy.faults.values.map { $0.contains("Address already in use") } == [true])
        await other.close()
        try await proxy.reconcile()
        #expect(await proxy.faults == [:])
        #expect(try await ask(address) == "a")
        await proxy.stop()
        await backend.stop()
    }

    @Test("two clusters of one machine answer each for itself, with the same services at the same ports")
    func twoClusters() async throws {
        let port = UInt16.random(in: 30_000..<32_000)
        var answers: [String] = []
        var stops: [@Sendable () async -> Void] = []
        for (name, network) in [("one", UInt8(104)), ("two", 105)] {
            let cluster = TestCluster(serviceNetwork: network)
            let backend = try await Backend(name)
            let service = try await cluster.api.create(
                Make.service(
                    "web", selector: ["app": "web"],
                    ports: [ServicePort(port: Int(port), targetPort: .int(backend.port))]))
            try await cluster.create(Make.running("p", at: backend.address, labels: ["app": "web"]))
            let proxy = ServiceProxy(cluster: cluster.client("kube-proxy"), loop: .shared)
            try await proxy.reconcile()
            #expect(await proxy.faults == [:])
            let address = try #require(service.spec.clusterIP)
            #expect(address.hasPrefix("127.\(network)."))
            answers.append(try await ask(.ip(address, port: port)))
            stops.append {
                await proxy.stop()
                await backend.stop()
            }
        }
        #expect(answers == ["one", "two"])
        for stop in stops { await stop() }
    }
}
