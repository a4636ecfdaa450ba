// Lists and watches that come compressed, in pieces cut anywhere, damaged, cut off, or as a bomb.

import Gzip
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Answers that come compressed", .timeLimit(.minutes(2)))
struct CompressionTests {
    private static func event(_ type: String, _ name: String, _ version: Int) -> [UInt8] {
        let object: JSON = [
            "metadata": ["name": .string(name), "namespace": "n", "resourceVersion": .string("\(version)")]
        ]
        return (["type": .string(type), "object": object] as JSON).serialized() + [10]
    }

    private static let mark =
        Array(
            #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"3","annotations":{"k8s.io/initial-events-end":"true"}}}}"#
                .utf8) + [10]

    /// A watch of these pieces, as they are on the way.
    private static func watch(_ pieces: [[UInt8]], stays: Bool = true) -> HTTPResponse {
        HTTPResponse(
            200, headers: ["content-type": "application/json", "content-encoding": "gzip"],
            body: .stream { writer in
                for piece in pieces { try await writer.write(piece) }
                if stays { try await Task.sleep(for: .seconds(3_600)) }
            })
    }

    /// The names that an informer has once it has as many as this.
    private static func names(_ count: Int, _ server: ScriptedServer) async -> [String] {
        let informer = Informer<JSON>(server.client, .pods)
        let changes = informer.store.changes()
        await informer.start()
        for await _ in changes where informer.store.list().count >= count { break }
        await informer.stop()
        return informer.store.list().map(\.meta.name).sorted()
    }

    private static func flushed(_ events: [[UInt8]]) throws -> [[UInt8]] {
        let gzip = try GzipWriter()
        return events.map { gzip.write($0) }
    }

    @Test("a watch is read event by event, however it is cut", arguments: [1, 2, 7, 1_000])
    func watch(pieceSize: Int) async throws {
        let events = [
            Self.event("ADDED", "a", 1), Self.event("ADDED", "b", 2), Self.mark, Self.event("ADDED", "c", 4),
        ]
        let octets = try Self.flushed(events).flatMap { $0 }
        let pieces = stride(from: 0, to: octets.count, by: pieceSize).map {
            Array(octets[$0..<min(octets.count, $0 + pieceSize)])
        }
        let asked = Lock<[String?]>([])
        let server = try await ScriptedServer { request, _ in
            asked.withLock { $0.append(request.headers["accept-encoding"]) }
            return Self.watch(pieces)
        }
        #expect(await Self.names(3, server) == ["a", "b", "c"])
        #expect(asked.withLock { $0 } == ["gzip"])
        await server.stop()
    }

    @Test("what comes before damage counts, and the watch goes on from there")
    func damage() async throws {
        let good = try Self.flushed([Self.event("ADDED", "a", 1), Self.mark, Self.event("ADDED", "b", 4)])
        let server = try await ScriptedServer { request, number in
            switch number {
            case 1: return Self.watch(good + [[UInt8](repeating: 0xff, count: 64)])
            default:
                guard request.query("resourceVersion") == "4" else { return HTTPResponse(500) }
                return Self.watch((try? Self.flushed([Self.event("ADDED", "c", 5)])) ?? [])
            }
        }
        #expect(await Self.names(3, server) == ["a", "b", "c"])
        await server.stop()
    }

    @Test("a watch that ends without the end of its gzip is a watch that has ended")
    func truncated() async throws {
        let server = try await ScriptedServer { _, number in
            let events =
                number == 1
                ? [Self.event("ADDED", "a", 1), Self.mark] : [Self.event("ADDED", "b", 4)]
            return Self.watch((try? Self.flushed(events)) ?? [], stays: number > 1)
        }
        #expect(await Self.names(2, server) == ["a", "b"])
        await server.stop()
    }

    @Test("an event that is larger than an event may be is refused before it is made")
    func bomb() async throws {
        let bomb = try Gzip.compress([UInt8](repeating: 32, count: 64 << 20), level: 6)
        let server = try await ScriptedServer { request, number in
            if number == 1 { return Self.watch([bomb]) }
            return Self.watch((try? Self.flushed([Self.event("ADDED", "a", 1), Self.mark])) ?? [])
        }
        #expect(await Self.names(1, server) == ["a"])
        await server.stop()
    }

    /// A page as informers read it.
    private func page(_ server: ScriptedServer) async throws -> ObjectList<Pod> {
        try await server.client.page(.pods, namespace: "", query: [:], ObjectReader<Pod>(.pods)) { $0 }
    }

    @Test("a list is read whole, and one that is cut off, damaged or of another coding is an error")
    func list() async throws {
        let items = (0..<3_000).map {
            #"{"metadata":{"name":"p\#($0)","namespace":"n"},"spec":{"containers":[]}}"#
        }
        let text =
            #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":["#
            + items.joined(separator: ",") + "]}"
        let packed = try Gzip.compress(Array(text.utf8), level: 1)
        let coding = Lock((name: "gzip", octets: packed))
        let server = try await ScriptedServer { _, _ in
            let coding = coding.withLock { $0 }
            return HTTPResponse(
                200, headers: ["content-type": "application/json", "content-encoding": coding.name],
                body: .bytes(coding.octets))
        }
        let list = try await page(server)
        #expect(list.items.count == 3_000 && list.items.last?.metadata.name == "p2999")
        var damaged = packed
        damaged[packed.count / 2] ^= 0xff
        for (name, octets) in [("gzip", Array(packed.dropLast())), ("gzip", damaged), ("br", packed)] {
            coding.withLock { $0 = (name, octets) }
            await #expect(throws: KubernetesError.self) { try await page(server) }
        }
        await server.stop()
    }
}
