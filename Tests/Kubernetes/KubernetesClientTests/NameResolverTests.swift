// A name whose address changes, and a name server that is slow or away.

import Glibc
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import HTTP
@testable import KubernetesClient

@Suite("Name of the API server", .timeLimit(.minutes(5)))
struct NameResolverTests {
    private static let one = SocketAddress.ip("127.0.0.2", port: 1)
    private static let two = SocketAddress.ip("127.0.0.3", port: 1)

    /// Answers in turn, the last one for ever.
    private static func answering(
        _ answers: [Result<[SocketAddress], SystemError>], count: Lock<Int> = Lock(0)
    ) -> NameResolver {
        NameResolver(host: "api.example", port: 1) { host, _ in
            #expect(host == "api.example")
            let index = count.withLock { count in
                defer { count += 1 }
                return count
            }
            return answers[min(index, answers.count - 1)]
        }
    }

    @Test("is looked up for each connection, and what was known stays while it cannot be")
    func anew() async throws {
        let away = SystemError("find the host", "api.example", code: 0, hint: "try again")
        let resolver = Self.answering([
            .failure(away), .success([Self.one]), .success([Self.two]), .failure(away),
        ])
        await #expect(throws: away) { try await resolver.addresses() }
        #expect(try await resolver.addresses() == [Self.one])
        #expect(try await resolver.addresses() == [Self.two])
        #expect(try await resolver.addresses() == [Self.two])
    }

    @Test("a lookup that takes for ever keeps nobody, and is shared by those who ask meanwhile")
    func slow() async throws {
        let count = Lock(0)
        let gate = DispatchGate()
        let resolver = NameResolver(host: "api.example", port: 1, timeout: .milliseconds(20)) { _, _ in
            count.withLock { $0 += 1 }
            gate.wait()
            return .success([Self.one])
        }
        let late = SystemError("find", "api.example", code: ETIMEDOUT)
        await #expect(throws: late) { try await resolver.addresses() }
        await #expect(throws: late) { try await resolver.addresses() }
        #expect(count.withLock { $0 } == 1)
        gate.open()
        // Whoever asks next has it, from this lookup or another.
        while (try? await resolver.addresses()) == nil {}
        #expect(try await resolver.addresses() == [Self.one])
    }

    @Test("numbers are never looked up", arguments: ["10.0.0.1", "fd00::1"])
    func numeric(host: String) async throws {
        let resolver = NameResolver(host: host, port: 6443) { _, _ in
            Issue.record("looked up")
            return .success([])
        }
        #expect(try await resolver.addresses() == [.ip(host, port: 6443)])
    }

    @Test("a client goes where the name points by now, and to the address that answers")
    func moves() async throws {
        func serve(_ host: String, port: UInt16 = 0) async throws -> (HTTPServer, SocketAddress) {
            let server = HTTPServer { _ in ScriptedServer.json(200, ["from": .string(host)]) }
            return (server, try await server.listen(on: .ip(host, port: port)))
        }
        let (first, address) = try await serve("127.0.0.2")
        let port = address.port ?? 0
        let (second, _) = try await serve("127.0.0.3", port: port)
        let addresses = Lock([SocketAddress.ip("127.0.0.2", port: port)])
        let route = HTTPRoute { () async throws(SystemError) in addresses.withLock { $0 } }
        let client = KubernetesClient(
            configuration: ClientConfiguration(server: try ServerAddress("http://api.example:\(port)")),
            route: route,
            security: nil, program: "test", timeout: .seconds(30), metrics: nil, loop: .shared)
        #expect(try await client.request("GET", "/")["from"] == "127.0.0.2")
        await first.shutdown(grace: .zero)
        // The dead one first, as the C library may well sort them.
        addresses.withLock { $0 = [.ip("127.0.0.2", port: port), .ip("127.0.0.3", port: port)] }
        #expect(try await client.request("GET", "/")["from"] == "127.0.0.3")
        await second.shutdown(grace: .zero)
    }
}

/// Holds up a thread, as a resolver does.
private final class DispatchGate: @unchecked Sendable {
    private var pipe: [Int32] = [0, 0]

    init() { _ = Glibc.pipe(&pipe) }

    func wait() {
        var octet: UInt8 = 0
        _ = read(pipe[0], &octet, 1)
    }

    /// Everybody passes from now on.
    func open() { close(pipe[1]) }
}
