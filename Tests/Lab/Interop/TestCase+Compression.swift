// The four cases with compressed messages. Whether a server looks at the compression of requests is asked first, with one
// that is not compressed and says that it is.

internal import GRPC

extension TestCase {
    private func unary(
        _ client: GRPCClient, _ request: SimpleRequest, _ compression: GRPCCompressionUse
    ) async throws -> GRPCResponse<SimpleResponse> {
        var request = request
        request.responseSize = 314_159
        request.payload = Payload(zeros: 271_828)
        let response = try await client.unaryCall(
            TestService.path("UnaryCall"), request, of: SimpleResponse.self, compression: compression)
        try expect(response.message.payload?.body.count, 314_159)
        return response
    }

    func compressesRequests(_ client: GRPCClient) async throws {
        try await expectEnd(.invalidArgument) {
            _ = try await unary(client, SimpleRequest(expectCompressed: true), .never)
        }
        _ = try await unary(client, SimpleRequest(expectCompressed: true), .always)
        _ = try await unary(client, SimpleRequest(expectCompressed: false), .never)
    }

    func takesCompressed(_ client: GRPCClient) async throws {
        for choice in [true, false] {
            let response = try await unary(
                client, SimpleRequest(responseCompressed: BoolValue(value: choice)), .never)
            try expect(response.isCompressed, choice)
        }
    }

    func compressesStream(_ client: GRPCClient) async throws {
        try await expectEnd(.invalidArgument) {
            let _: StreamingInputCallResponse = try await client.clientStreaming(
                TestService.path("StreamingInputCall")
            ) { (requests: GRPCRequestWriter<StreamingInputCallRequest>) in
                try await requests.write(
                    StreamingInputCallRequest(zeros: 27_182, expectCompressed: true), compression: .never)
            }
        }
        let response: StreamingInputCallResponse = try await client.clientStreaming(
            TestService.path("StreamingInputCall"), compression: .always
        ) { (requests: GRPCRequestWriter<StreamingInputCallRequest>) in
            try await requests.write(StreamingInputCallRequest(zeros: 27_182, expectCompressed: true))
            try await requests.write(
                StreamingInputCallRequest(zeros: 45_904, expectCompressed: false), compression: .never)
        }
        try expect(response.aggregatedPayloadSize, 73_086)
    }

    func takesCompressedStream(_ client: GRPCClient) async throws {
        var request = StreamingOutputCallRequest(sizes: [])
        request.responseParameters = [
            ResponseParameters(size: 31_415, compressed: true),
            ResponseParameters(size: 92_653, compressed: false),
        ]
        let responses = try await client.serverStreaming(
            TestService.path("StreamingOutputCall"), request, of: StreamingOutputCallResponse.self)
        var iterator = responses.makeAsyncIterator()
        for (size, isCompressed) in [(31_415, true), (92_653, false)] {
            try expect(try await iterator.next()?.payload?.body.count, size)
            try expect(await responses.isLastCompressed, isCompressed)
        }
        try expect(try await iterator.next(), nil)
    }
}
