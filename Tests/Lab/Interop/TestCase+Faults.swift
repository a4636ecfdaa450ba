// The eight cases of doc/http2-interop-test-descriptions.md. What is special about them is the server: it says GOAWAY,
// resets, pads and so on, and the client has to take it well.

internal import GRPC

extension TestCase {
    private func large(_ channel: GRPCChannel) async throws {
        let request = SimpleRequest(responseSize: 314_159, payload: Payload(zeros: 271_828))
        let response: SimpleResponse = try await channel.unary(TestService.path("UnaryCall"), request)
        try expect(response.payload?.body.count, 314_159)
    }

    func meetsGoAway(_ channel: GRPCChannel) async throws {
        for _ in 0..<2 { try await large(channel) }
    }

    func meetsReset(_ channel: GRPCChannel) async throws {
        // The code of the reset is NO_ERROR, which says nothing about a call: PROTOCOL-HTTP2.md makes it INTERNAL.
        try await expectEnd(.internal) { try await large(channel) }
    }

    func meetsPings(_ channel: GRPCChannel) async throws { try await large(channel) }

    func waitsForStreams(_ channel: GRPCChannel) async throws {
        // The first call lets the limit arrive.
        try await large(channel)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { try await large(channel) } }
            try await group.waitForAll()
        }
    }

    func takesSmallFrames(_ channel: GRPCChannel) async throws { try await large(channel) }
}
