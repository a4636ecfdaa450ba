import Glibc
import SystemIO
import Testing

@testable import LocalControllers

@Suite("A relayed connection")
struct ServiceRelayTests {
    /// One end is the relay's, the other the test's; reads of the test's end wait.
    private struct Pair {
        let inside: FileDescriptor
        let outside: FileDescriptor

        init() throws {
            var numbers: [Int32] = [-1, -1]
            let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, type, 0, &numbers) == 0 else { throw SystemError("make", "sockets") }
            _ = fcntl(numbers[0], F_SETFL, O_NONBLOCK)
            inside = FileDescriptor(numbers[0])
            outside = FileDescriptor(numbers[1])
        }

        func send(_ octets: [UInt8]) { #expect(write(outside.number, octets, octets.count) == octets.count) }

        /// Everything up to so many octets, or to the end.
        func receive(_ count: Int = .max) -> [UInt8] {
            var octets: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while octets.count < count {
                let size = read(outside.number, &chunk, min(chunk.count, count - octets.count))
                guard size > 0 else { break }
                octets += chunk[..<size]
            }
            return octets
        }
    }

    private let client: Pair
    private let backend: Pair
    private let relay: ServiceRelay
    private let closed: AsyncStream<Void>
    private let close: AsyncStream<Void>.Continuation

    init() throws {
        client = try Pair()
        backend = try Pair()
        relay = ServiceRelay(client.inside, loop: .shared)
        (closed, close) = AsyncStream.makeStream()
    }

    private func start() async {
        let close = close
        await relay.start(backend.inside) { close.finish() }
    }

    @Test("carries octets both ways")
    func carries() async throws {
        await start()
        client.send(Array("ping".utf8))
        #expect(backend.receive(4) == Array("ping".utf8))
        backend.send(Array("pong".utf8))
        #expect(client.receive(4) == Array("pong".utf8))
        await relay.close()
    }

    @Test("ends one side when the other ends, after what was sent before", arguments: [true, false])
    func ends(byClient: Bool) async throws {
        await start()
        let (from, to) = byClient ? (client, backend) : (backend, client)
        let octets = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        from.send(octets)
        from.outside.close()
        #expect(to.receive() == octets)
        for await _ in closed {}  // until it is told
    }

    @Test("closes both sides and tells so when it is closed, also before it has begun")
    func closes() async throws {
        await start()
        await relay.close()
        for await _ in closed {}
        #expect(client.receive().isEmpty)
        #expect(backend.receive().isEmpty)

        let late = try Pair()
        let early = ServiceRelay(late.inside, loop: .shared)
        await early.close()
        let (told, tell) = AsyncStream<Void>.makeStream()
        await early.start(try Pair().inside) { tell.finish() }
        #expect(late.receive().isEmpty)
        tell.finish()
        for await _ in told {}
    }
}
