// grpc.testing.TestService as doc/interop-test-descriptions.md of gRPC describes it, for clients of other
// implementations.

package import GRPC
package import GRPCServices
package import SystemIO

/// The service of the gRPC interop tests.
package enum TestService {
    /// The files that describe the service, for reflection.
    package static let files: [ProtoFile] = [.test, .messages, .empty]

    /// `/grpc.testing.TestService/METHOD`
    static func path(_ method: String) -> String { "/grpc.testing.TestService/" + method }

    /// What a client may ask for in one response, in octets: what clients take by default.
    static let responseLimit: Int32 = 4_194_304
    static let echoInitial = "x-grpc-test-echo-initial"
    static let echoTrailing = "x-grpc-test-echo-trailing-bin"

    /// The methods of the service, of health checking and of reflection.
    package static func router(_ health: HealthService) -> GRPCRouter {
        var router = GRPCRouter()
        register(in: &router)
        health.register(in: &router)
        ReflectionService(files: files + [HealthService.file]).register(in: &router)
        return router
    }

    /// Adds the methods; UnimplementedCall is left out on purpose.
    package static func register(in router: inout GRPCRouter, loop: EventLoop = .shared) {
        router.unary(path("EmptyCall")) { (_: Empty, context) in
            try echoMetadata(context)
            return Empty()
        }
        for method in ["UnaryCall", "CacheableUnaryCall"] {
            router.unary(path(method)) { (request: SimpleRequest, context) in
                try echoMetadata(context)
                try expect(request.expectCompressed, context.isRequestCompressed)
                compress(request.responseCompressed, context)
                try echo(request.responseStatus)
                return SimpleResponse(zeros: try size(request.responseSize))
            }
        }
        router.clientStreaming(path("StreamingInputCall")) {
            (requests: GRPCRequestStream<StreamingInputCallRequest>, context) in
            try echoMetadata(context)
            var response = StreamingInputCallResponse()
            for try await request in requests {
                try expect(request.expectCompressed, await requests.isLastCompressed)
                response.aggregatedPayloadSize &+= Int32(clamping: request.payload?.body.count ?? 0)
            }
            return response
        }
        router.serverStreaming(path("StreamingOutputCall")) {
            (
                request: StreamingOutputCallRequest, context,
                writer: GRPCResponseWriter<StreamingOutputCallResponse>
            ) in
            try echoMetadata(context)
            try await answer(request, context, writer, loop)
        }
        for method in ["FullDuplexCall", "HalfDuplexCall"] {
            router.bidirectional(path(method)) {
                (
                    requests: GRPCRequestStream<StreamingOutputCallRequest>, context,
                    writer: GRPCResponseWriter<StreamingOutputCallResponse>
                ) in
                try echoMetadata(context)
                for try await request in requests { try await answer(request, context, writer, loop) }
            }
        }
    }

    private static func answer(
        _ request: StreamingOutputCallRequest, _ context: GRPCServerContext,
        _ writer: GRPCResponseWriter<StreamingOutputCallResponse>, _ loop: EventLoop
    ) async throws {
        try echo(request.responseStatus)
        for parameters in request.responseParameters {
            if parameters.intervalMicroseconds > 0 {
                await pause(.microseconds(Int(parameters.intervalMicroseconds)), loop)
                try Task.checkCancellation()
            }
            compress(parameters.compressed, context)
            try await writer.write(StreamingOutputCallResponse(zeros: try size(parameters.size)))
        }
    }

    private static func expect(_ expected: BoolValue?, _ isCompressed: Bool) throws {
        guard let expected, expected.value != isCompressed else { return }
        throw GRPCStatus(
            .invalidArgument,
            isCompressed ? "the request is compressed and should not be" : "the request is not compressed")
    }

    private static func compress(_ choice: BoolValue?, _ context: GRPCServerContext) {
        guard let choice else { return }
        context.response.compression = choice.value ? .always : .never
    }

    private static func pause(_ duration: Duration, _ loop: EventLoop) async {
        await withCheckedContinuation { waiter in loop.schedule(after: duration) { waiter.resume() } }
    }

    private static func size(_ asked: Int32) throws -> Int {
        guard (0...responseLimit).contains(asked) else {
            throw GRPCStatus(
                .invalidArgument, "a response of \(asked) octets was asked for, 0 to \(responseLimit) can be")
        }
        return Int(asked)
    }

    private static func echo(_ status: EchoStatus?) throws {
        guard let status, status.code != 0 else { return }
        let code = GRPCStatus.Code(rawValue: UInt8(clamping: status.code)) ?? .unknown
        throw GRPCStatus(code, status.message)
    }

    private static func echoMetadata(_ context: GRPCServerContext) throws {
        if let value = context.metadata[echoInitial] {
            var metadata = GRPCMetadata()
            try metadata.add(echoInitial, value)
            context.response.initial = metadata
        }
        if let value = context.metadata.binary(echoTrailing).first {
            var metadata = GRPCMetadata()
            try metadata.add(echoTrailing, value)
            context.response.trailing = metadata
        }
    }
}
