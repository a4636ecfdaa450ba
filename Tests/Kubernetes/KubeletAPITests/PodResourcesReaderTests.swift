// One connection to a kubelet for as long as it is well, over a real socket.

import GRPC
import SystemIO
import TestSupport
import Testing

@testable import KubeletAPI

@Suite("Reading the kubelet's pod resources", .timeLimit(.minutes(5)))
struct PodResourcesReaderTests {
    private let socket = Scratch.socket()
    /// What the kubelet answers; nil for the refusal of too many calls.
    private let answer = Lock<[PodResourcesAPI.PodResources]?>([])

    private func kubelet() async throws -> GRPCServer {
        var router = GRPCRouter()
        router.unary(PodResourcesAPI.Method.list) {
            [answer] (_: PodResourcesAPI.ListPodResourcesRequest, _) in
            guard let pods = answer.withLock({ $0 }) else {
                throw GRPCStatus(.resourceExhausted, "rejected by rate limit")
            }
            return PodResourcesAPI.ListPodResourcesResponse(podResources: pods)
        }
        let server = GRPCServer(router: router)
        try await server.listen(on: .unix(socket))
        return server
    }

    @Test("says which account is the first of a connection, and connects anew when it is gone")
    func connections() async throws {
        let reader = PodResourcesReader(socket: socket)
        let away = await #expect(throws: PodResourcesFault.self) { try await reader.read() }
        #expect(away?.reason == "KubeletUnreachable")
        let first = try await kubelet()
        #expect(try await reader.read().isFirst)
        answer.withLock { $0 = [PodResourcesAPI.PodResources(name: "p", namespace: "n")] }
        let account = try await reader.read()
        #expect(!account.isFirst)
        #expect(account.pods.map(\.name) == ["p"])
        await first.shutdown(grace: .zero)
        await #expect(throws: (any Error).self) { try await reader.read() }
        let second = try await kubelet()
        #expect(try await reader.read().isFirst)
        await reader.close()
        #expect(try await reader.read().isFirst)
        await reader.close()
        await second.shutdown(grace: .zero)
        try? Files.remove(socket)
    }

    @Test("keeps the connection where the kubelet refuses for too many calls")
    func refused() async throws {
        let server = try await kubelet()
        let reader = PodResourcesReader(socket: socket)
        #expect(try await reader.read().isFirst)
        answer.withLock { $0 = nil }
        let error = await #expect(throws: PodResourcesFault.self) { try await reader.read() }
        #expect(error == .refused("RESOURCE_EXHAUSTED: rejected by rate limit"))
        #expect(error?.reason == "KubeletRefuses")
        answer.withLock { $0 = [] }
        #expect(try await !reader.read().isFirst)
        await reader.close()
        await server.shutdown(grace: .zero)
        try? Files.remove(socket)
    }

    /// Pods that make an account of about so many octets.
    private func pods(octets: Int) -> [PodResourcesAPI.PodResources] {
        let name = String(repeating: "x", count: 1_013)
        return (0..<octets / 1_024).map { _ in PodResourcesAPI.PodResources(name: name, namespace: "ns") }
    }

    @Test("takes what the kubelet's own helper takes, 16 MiB, and names what is beyond it for what it is")
    func large() async throws {
        let server = try await kubelet()
        let reader = PodResourcesReader(socket: socket)
        answer.withLock { $0 = pods(octets: 15 << 20) }
        #expect(try await reader.read().pods.count == 15 << 10)
        answer.withLock { $0 = pods(octets: 17 << 20) }
        let error = await #expect(throws: PodResourcesFault.self) { try await reader.read() }
        #expect(error?.reason == "PodResourcesTooLarge")
        #expect(error?.description.hasSuffix("octets is larger than the limit of 16777216") == true)
        answer.withLock { $0 = [] }
        #expect(try await !reader.read().isFirst, "the connection is well")
        await reader.close()
        await server.shutdown(grace: .zero)
        try? Files.remove(socket)
    }
}
