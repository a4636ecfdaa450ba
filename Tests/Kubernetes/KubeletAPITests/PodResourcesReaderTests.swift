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
        await #expect(throws: SystemError.self) { try await reader.read() }
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
        let error = await #expect(throws: GRPCStatus.self) { try await reader.read() }
        #expect(error?.code == .resourceExhausted)
        answer.withLock { $0 = [] }
        #expect(try await !reader.read().isFirst)
        await reader.close()
        await server.shutdown(grace: .zero)
        try? Files.remove(socket)
    }
}
