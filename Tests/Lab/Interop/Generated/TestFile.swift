// grpc/testing/test.proto of gRPC: the service that the interop cases call.
//
// Made from Proto/grpc/testing/test.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import GRPCServices

extension ProtoFile {
    /// `grpc/testing/test.proto`
    package static let test = ProtoFile(
        "grpc/testing/test.proto", package: "grpc.testing",
        imports: [
            "grpc/testing/empty.proto",
            "grpc/testing/messages.proto",
        ],
        services: [
            ProtoService("TestService",
                [
                    .init("EmptyCall", "Empty", "Empty"),
                    .init("UnaryCall", "SimpleRequest", "SimpleResponse"),
                    .init("CacheableUnaryCall", "SimpleRequest", "SimpleResponse"),
                    .init("StreamingOutputCall", "StreamingOutputCallRequest", "StreamingOutputCallResponse", serverStreaming: true),
                    .init("StreamingInputCall", "StreamingInputCallRequest", "StreamingInputCallResponse", clientStreaming: true),
                    .init("FullDuplexCall", "StreamingOutputCallRequest", "StreamingOutputCallResponse", clientStreaming: true, serverStreaming: true),
                    .init("HalfDuplexCall", "StreamingOutputCallRequest", "StreamingOutputCallResponse", clientStreaming: true, serverStreaming: true),
                    .init("UnimplementedCall", "Empty", "Empty"),
                ]),
        ])
}
