import HTTP
import HTTP1
import Observability
import SystemIO
import Testing

@testable import StatusEndpoints

@Suite("Status endpoints", .timeLimit(.minutes(5)))
struct StatusServerTests {
    /// A server that is well in whatever `faults` has nothing to say of.
    private static func serve(
        on address: SocketAddress = .ip("127.0.0.1", port: 0), metrics: MetricsRegistry = MetricsRegistry(),
        log: Logger = .silent, faults: [StatusProbe: String] = [:]
    ) -> StatusServer {
        StatusServer(address: address, log: log, metrics: metrics) { probe in
            [StatusCheck(name: "socket", fault: nil), StatusCheck(name: "peer", fault: faults[probe])]
        }
    }

    private static func ask(
        _ server: StatusServer, _ path: String, _ method: String = "GET"
    ) async throws -> (status: Int, text: String) {
        let address = try #require(await server.bound)
        let response = try await HTTPClient(address).send(HTTPRequest(method, path))
        return (response.status, String(decoding: response.bytes, as: UTF8.self))
    }

    @Test(
        "a line for each thing that was looked at, and 503 where one is not well",
        arguments: [
            ("/healthz", 200, "[+] socket\n[+] peer\nok\n"), ("/livez", 200, "[+] socket\n[+] peer\nok\n"),
            ("/readyz", 503, "[+] socket\n[-] peer: is away\nfailed\n"),
        ])
    func probes(path: String, status: Int, text: String) async throws {
        let server = Self.serve(faults: [.ready: "is away"])
        await server.start()
        #expect(try await Self.ask(server, path) == (status, text))
        await server.stop()
    }

    @Test("metrics are as they are when they are asked for, in Prometheus' type")
    func metrics() async throws {
        let registry = MetricsRegistry()
        let counter = registry.counter("things_total", "Things.")
        let server = Self.serve(metrics: registry)
        await server.start()
        counter.increment()
        let address = try #require(await server.bound)
        let response = try await HTTPClient(address).send(HTTPRequest("GET", "/metrics"))
        #expect(response.status == 200)
        #expect(response.headers["content-type"] == MetricsRegistry.contentType)
        #expect(String(decoding: response.bytes, as: UTF8.self) == registry.exposition())
        #expect(registry.exposition().contains("things_total 1\n"))
        await server.stop()
    }

    @Test("there is nothing else, and nothing to change")
    func others() async throws {
        let server = Self.serve()
        await server.start()
        #expect(
            try await Self.ask(server, "/") == (404, "there are /healthz, /livez, /readyz and /metrics\n"))
        #expect(try await Self.ask(server, "/healthz", "POST").status == 405)
        #expect(try await Self.ask(server, "/healthz", "HEAD") == (200, ""))
        await server.stop()
    }

    @Test("further pages are served where they are asked for, made anew each time")
    func pages() async throws {
        let count = Lock(0)
        let page: @Sendable () async -> String = {
            count.withLock { count in
                count += 1
                return "asked \(count) times\n"
            }
        }
        let server = StatusServer(
            address: .ip("127.0.0.1", port: 0), metrics: MetricsRegistry(), pages: ["/debug/queues": page]
        ) { _ in [] }
        await server.start()
        #expect(try await Self.ask(server, "/debug/queues") == (200, "asked 1 times\n"))
        #expect(try await Self.ask(server, "/debug/queues") == (200, "asked 2 times\n"))
        #expect(
            try await Self.ask(server, "/debug")
                == (404, "there are /healthz, /livez, /readyz, /metrics and /debug/queues\n"))
        await server.stop()
    }

    @Test("a port without a host is one of every address, IPv6 and IPv4")
    func families() async throws {
        let server = Self.serve(on: try SocketAddress(parsing: ":0"))
        await server.start()
        let port = try #require(await server.bound?.port)
        for host in ["127.0.0.1", "::1"] where host == "127.0.0.1" || Self.hasIPv6 {
            let response = try await HTTPClient(.ip(host, port: port)).send(HTTPRequest("GET", "/healthz"))
            #expect(response.status == 200, "\(host)")
        }
        await server.stop()
    }

    private static var hasIPv6: Bool { Files.exists("/proc/net/if_inet6") }

    @Test("goes on where the address is taken, says so once, and serves when it is free")
    func addressTaken() async throws {
        let other = HTTPServer { _ in HTTPResponse(200) }
        // Not where connections of other tests begin: one of them may get the port when it is free.
        let address = try await other.listen(on: .ip("127.0.0.8", port: 0))
        let lines = Lock<[String]>([])
        let log = Logger { line in
            let text = String(decoding: line, as: UTF8.self)
            lines.withLock { $0.append(text) }
        }
        let server = Self.serve(on: address, log: log)
        await server.start()
        await server.start()
        #expect(await server.bound == nil)
        #expect(lines.withLock { $0 }.count { $0.contains("cannot serve status") } == 1)
        await other.shutdown(grace: .zero)
        await server.start()
        #expect(await server.bound == address)
        await server.stop()
    }

    @Test("does not come back after its end")
    func ends() async throws {
        let server = Self.serve()
        await server.start()
        let address = try #require(await server.bound)
        await server.stop()
        await server.start()
        await #expect(throws: HTTPError.self) {
            try await HTTPClient(address).send(HTTPRequest("GET", "/healthz"))
        }
    }
}
