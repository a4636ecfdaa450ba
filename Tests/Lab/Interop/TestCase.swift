// The cases of doc/interop-test-descriptions.md and doc/http2-interop-test-descriptions.md, as a client sees them. Those
// that need a cloud's credentials are not here.

internal import Arguments
package import GRPC
internal import SystemIO

/// A case of the gRPC interop tests.
package enum TestCase: String, ArgumentChoice, Sendable {
    case emptyUnary = "empty_unary"
    case cacheableUnary = "cacheable_unary"
    case largeUnary = "large_unary"
    case clientCompressedUnary = "client_compressed_unary"
    case serverCompressedUnary = "server_compressed_unary"
    case clientStreaming = "client_streaming"
    case clientCompressedStreaming = "client_compressed_streaming"
    case serverStreaming = "server_streaming"
    case serverCompressedStreaming = "server_compressed_streaming"
    case pingPong = "ping_pong"
    case emptyStream = "empty_stream"
    case customMetadata = "custom_metadata"
    case statusCodeAndMessage = "status_code_and_message"
    case specialStatusMessage = "special_status_message"
    case unimplementedMethod = "unimplemented_method"
    case unimplementedService = "unimplemented_service"
    case cancelAfterBegin = "cancel_after_begin"
    case cancelAfterFirstResponse = "cancel_after_first_response"
    case timeoutOnSleepingServer = "timeout_on_sleeping_server"
    case goAway = "goaway"
    case resetAfterHeader = "rst_after_header"
    case resetDuringData = "rst_during_data"
    case resetAfterData = "rst_after_data"
    case ping
    case maximumStreams = "max_streams"
    case framePadding = "data_frame_padding"
    case noFramePadding = "no_df_padding_sanity_test"

    /// Those that need a server that misbehaves as the case wants.
    package static let faults: [TestCase] = [
        .goAway, .resetAfterHeader, .resetDuringData, .resetAfterData, .ping, .maximumStreams, .framePadding,
        .noFramePadding,
    ]
    /// Those that any server has to pass.
    package static let regular = allCases.filter { !faults.contains($0) }

    private typealias Duplex = GRPCBidirectionalCall<StreamingOutputCallRequest, StreamingOutputCallResponse>

    /// Runs the case.
    ///
    /// - Throws: `TestCaseFailure` where the server does other than the case wants, `GRPCStatus` where a call fails.
    package func run(_ channel: GRPCChannel) async throws {
        switch self {
        case .goAway: try await meetsGoAway(channel)
        case .resetAfterHeader, .resetDuringData, .resetAfterData: try await meetsReset(channel)
        case .ping: try await meetsPings(channel)
        case .maximumStreams: try await waitsForStreams(channel)
        case .framePadding, .noFramePadding: try await takesSmallFrames(channel)
        default: try await run(try await channel.client())
        }
    }

    private func run(_ client: GRPCClient) async throws {
        switch self {
        case .emptyUnary: let _: Empty = try await client.unary(TestService.path("EmptyCall"), Empty())
        case .cacheableUnary: try await cacheable(client)
        case .largeUnary:
            let request = SimpleRequest(responseSize: 314_159, payload: Payload(zeros: 271_828))
            let response: SimpleResponse = try await client.unary(TestService.path("UnaryCall"), request)
            try expect(response.payload?.body.count, 314_159)
        case .clientCompressedUnary: try await compressesRequests(client)
        case .serverCompressedUnary: try await takesCompressed(client)
        case .clientCompressedStreaming: try await compressesStream(client)
        case .serverCompressedStreaming: try await takesCompressedStream(client)
        case .clientStreaming: try await clientStreams(client)
        case .serverStreaming: try await serverStreams(client)
        case .pingPong: try await pingPongs(client)
        case .emptyStream:
            let call: Duplex = try await client.bidirectional(TestService.path("FullDuplexCall"))
            await call.finish()
            for try await _ in call.responses { throw TestCaseFailure("a response came to no request") }
        case .customMetadata: try await echoesMetadata(client)
        case .statusCodeAndMessage: try await echoesStatus(client, "test status message")
        case .specialStatusMessage:
            try await echoesStatus(client, "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")
        case .unimplementedMethod:
            try await expectEnd(.unimplemented) {
                let _: Empty = try await client.unary(TestService.path("UnimplementedCall"), Empty())
            }
        case .unimplementedService:
            try await expectEnd(.unimplemented) {
                let _: Empty = try await client.unary(
                    "/grpc.testing.UnimplementedService/UnimplementedCall", Empty())
            }
        case .cancelAfterBegin: try await cancelsAtOnce(client)
        case .cancelAfterFirstResponse: try await cancelsLater(client)
        case .goAway, .resetAfterHeader, .resetDuringData, .resetAfterData, .ping, .maximumStreams,
            .framePadding, .noFramePadding:
            break
        case .timeoutOnSleepingServer:
            try await expectEnd(.deadlineExceeded) {
                let call: Duplex = try await client.bidirectional(
                    TestService.path("FullDuplexCall"), timeout: .milliseconds(1))
                try await call.write(StreamingOutputCallRequest(sizes: [], payload: Payload(zeros: 27_182)))
                for try await _ in call.responses {}
            }
        }
    }

    private func cacheable(_ client: GRPCClient) async throws {
        var metadata = GRPCMetadata()
        try metadata.add("x-user-ip", "1.2.3.4")
        for _ in 0..<2 {
            let _: SimpleResponse = try await client.unary(
                TestService.path("CacheableUnaryCall"), SimpleRequest(responseSize: 10), metadata: metadata)
        }
    }

    private func clientStreams(_ client: GRPCClient) async throws {
        let response: StreamingInputCallResponse = try await client.clientStreaming(
            TestService.path("StreamingInputCall")
        ) { (requests: GRPCRequestWriter<StreamingInputCallRequest>) in
            for size in [27_182, 8, 1_828, 45_904] {
                try await requests.write(StreamingInputCallRequest(zeros: size))
            }
        }
        try expect(response.aggregatedPayloadSize, 74_922)
    }

    private func serverStreams(_ client: GRPCClient) async throws {
        var sizes: [Int] = []
        let responses = try await client.serverStreaming(
            TestService.path("StreamingOutputCall"),
            StreamingOutputCallRequest(sizes: [31_415, 9, 2_653, 58_979]),
            of: StreamingOutputCallResponse.self)
        for try await response in responses { sizes.append(response.payload?.body.count ?? 0) }
        try expect(sizes, [31_415, 9, 2_653, 58_979])
    }

    private func pingPongs(_ client: GRPCClient) async throws {
        let call: Duplex = try await client.bidirectional(TestService.path("FullDuplexCall"))
        var responses = call.responses.makeAsyncIterator()
        for (size, answer) in [(27_182, 31_415), (8, 9), (1_828, 2_653), (45_904, 58_979)] {
            try await call.write(
                StreamingOutputCallRequest(sizes: [Int32(answer)], payload: Payload(zeros: size)))
            try expect(try await responses.next()?.payload?.body.count, answer)
        }
        await call.finish()
        try expect(try await responses.next(), nil)
    }

    private func echoesMetadata(_ client: GRPCClient) async throws {
        var metadata = GRPCMetadata()
        try metadata.add(TestService.echoInitial, "test_initial_metadata_value")
        try metadata.add(TestService.echoTrailing, [0xab, 0xab, 0xab])
        let response = try await client.unaryCall(
            TestService.path("UnaryCall"),
            SimpleRequest(responseSize: 314_159, payload: Payload(zeros: 271_828)), of: SimpleResponse.self,
            metadata: metadata)
        try expect(response.initialMetadata[TestService.echoInitial], "test_initial_metadata_value")
        try expect(response.trailingMetadata.binary(TestService.echoTrailing), [[0xab, 0xab, 0xab]])

        let call: Duplex = try await client.bidirectional(
            TestService.path("FullDuplexCall"), metadata: metadata)
        try await call.write(StreamingOutputCallRequest(sizes: [314_159], payload: Payload(zeros: 271_828)))
        await call.finish()
        try expect(
            try await call.responses.initialMetadata[TestService.echoInitial], "test_initial_metadata_value")
        for try await _ in call.responses {}
        try expect(
            await call.responses.trailingMetadata.binary(TestService.echoTrailing), [[0xab, 0xab, 0xab]])
    }

    private func echoesStatus(_ client: GRPCClient, _ message: String) async throws {
        let status = EchoStatus(code: 2, message: message)
        try await expectEnd(.unknown, message) {
            let _: SimpleResponse = try await client.unary(
                TestService.path("UnaryCall"), SimpleRequest(responseStatus: status))
        }
        guard self == .statusCodeAndMessage else { return }
        try await expectEnd(.unknown, message) {
            let call: Duplex = try await client.bidirectional(TestService.path("FullDuplexCall"))
            try await call.write(StreamingOutputCallRequest(sizes: [], status: status))
            await call.finish()
            for try await _ in call.responses {}
        }
    }

    private func cancelsAtOnce(_ client: GRPCClient) async throws {
        let task = Task {
            let _: StreamingInputCallResponse = try await client.clientStreaming(
                TestService.path("StreamingInputCall")
            ) { (requests: GRPCRequestWriter<StreamingInputCallRequest>) in
                withUnsafeCurrentTask { $0?.cancel() }
            }
        }
        try await expectEnd(.cancelled) { try await task.value }
    }

    private func cancelsLater(_ client: GRPCClient) async throws {
        let call: Duplex = try await client.bidirectional(TestService.path("FullDuplexCall"))
        var responses = call.responses.makeAsyncIterator()
        try await call.write(StreamingOutputCallRequest(sizes: [31_415], payload: Payload(zeros: 27_182)))
        try expect(try await responses.next()?.payload?.body.count, 31_415)
        call.cancel()
        try await expectEnd(.cancelled) { _ = try await responses.next() }
    }

    func expect<Value: Equatable>(_ value: Value, _ wanted: Value) throws {
        guard value == wanted else { throw TestCaseFailure("\(value) came, \(wanted) was to come") }
    }

    func expectEnd(
        _ code: GRPCStatus.Code, _ message: String? = nil, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let status as GRPCStatus {
            guard status.code == code, message == nil || status.message == message else {
                throw TestCaseFailure("the call ended with \(status), \(code) was to come")
            }
            return
        }
        throw TestCaseFailure("the call ended well, \(code) was to come")
    }
}

/// What a server did other than a case wants.
package struct TestCaseFailure: Error, Equatable, CustomStringConvertible {
    /// One sentence.
    package let description: String

    init(_ description: String) { self.description = description }
}
