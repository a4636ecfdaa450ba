import HTTP
import HTTP1
import SystemIO
import TLS
import TestSupport
import Testing

@testable import GanglionCommands

@Suite("Connections of ganglion load")
struct LoadConnectionTests {
    private func run(_ plan: LoadPlan, at address: SocketAddress) async throws -> LoadCounts {
        let run = LoadRun(plan)
        try await run.resolve { _ in [address] }
        return await run.run().counts
    }

    private func plan(_ mode: LoadPlan.Mode, _ address: SocketAddress, requests: Int) throws -> LoadPlan {
        var plan = LoadPlan(mode: mode, targets: try LoadTarget.all("http://\(address.description)/"))
        plan.requests = requests
        return plan
    }

    @Test("an open loop far above what a server can do keeps to its connections, and gets every answer")
    func bounded() async throws {
        let peers = Lock<Set<String>>([])
        let open = Lock((now: 0, most: 0))
        let server = HTTPServer { request in
            peers.withLock { _ = $0.insert(request.peer?.description ?? "") }
            open.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            for _ in 0..<20 { await Task.yield() }
            open.withLock { $0.now -= 1 }
            return .text(200, "ok")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        var plan = try plan(.open(rate: 1_000_000), address, requests: 500)
        plan.connections = 3
        let counts = try await run(plan, at: address)
        await server.shutdown(grace: .zero)
        #expect(counts.latencies.count == 500 && counts.errors.isEmpty)
        #expect(peers.withLock { $0.count } == 3 && open.withLock { $0.most } == 3)
    }

    @Test("clients of a closed loop share fewer connections")
    func shared() async throws {
        let peers = Lock<Set<String>>([])
        let server = HTTPServer { request in
            peers.withLock { _ = $0.insert(request.peer?.description ?? "") }
            return .text(200, "ok")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        var plan = try plan(.closed(clients: 8), address, requests: 200)
        plan.connections = 2
        let counts = try await run(plan, at: address)
        await server.shutdown(grace: .zero)
        #expect(counts.latencies.count == 200 && peers.withLock { $0.count } == 2)
    }

    @Test("bodies take turns, with their lengths and the fields that were asked for")
    func bodies() async throws {
        let seen = Lock<[String]>([])
        let server = HTTPServer { request in
            let word = String(decoding: request.body, as: UTF8.self) + (request.headers["x-api-key"] ?? "")
            seen.withLock { $0.append(word) }
            return .text(200, "ok")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        var plan = try plan(.closed(clients: 1), address, requests: 5)
        plan.method = "POST"
        plan.bodies = ["a", "bb", "ccc"].map { Array($0.utf8) }
        plan.headers = ["x-api-key": "!"]
        _ = try await run(plan, at: address)
        await server.shutdown(grace: .zero)
        #expect(seen.withLock { $0 } == ["a!", "bb!", "ccc!", "a!", "bb!"])
    }

    @Test("a server over TLS is asked when its certificate is believed, and else the error is tls")
    func secure() async throws {
        let authority = try CertificateAuthority(commonName: "test")
        let identity = try authority.issueServerCertificate(hosts: ["127.0.0.1"]).identity
        let server = HTTPServer(security: try TLSServer(identity: identity)) { _ in .text(200, "ok") }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        var plan = LoadPlan(
            mode: .closed(clients: 2), targets: try LoadTarget.all("https://\(address.description)/"))
        plan.requests = 20
        for (trust, good) in [
            (TLSTrust.authorities(authority.certificatePEM), 20), (.insecure, 20), (.system, 0),
        ] {
            plan.security = { try TLSClient(host: $0, trust: trust) }
            let counts = try await run(plan, at: address)
            #expect(counts.latencies.count == good && counts.requests == 20)
        }
        await server.shutdown(grace: .zero)
    }

    @Test(
        "Python's http.server, which speaks HTTP/1.0 and closes after each answer, is asked without an error")
    func python() async throws {
        let directory = try TemporaryDirectory()
        try Files.write(directory.path + "/page", Array("hello".utf8))
        let peer = try PythonPeer("file_server.py", [directory.path])
        let port = try await peer.text(until: "\n").split(separator: "\n").first.flatMap { UInt16($0) }
        let address = try SocketAddress(parsing: "127.0.0.1:\(try #require(port))")
        var plan = LoadPlan(
            mode: .closed(clients: 3),
            targets: try LoadTarget.all("http://\(address.description)/page"))
        plan.requests = 60
        let good = try await run(plan, at: address)
        plan.targets = try LoadTarget.all("http://\(address.description)/nothing")
        plan.mode = .open(rate: 10_000)
        let missing = try await run(plan, at: address)
        await peer.finish()
        #expect(good.latencies.count == 60 && good.errors.isEmpty)
        #expect(missing.errors == ["404": 60])
    }
}
