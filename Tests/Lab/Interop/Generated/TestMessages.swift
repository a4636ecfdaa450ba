// grpc/testing/test.proto of gRPC: the service that the interop cases call.
//
// Made from Proto/grpc/testing/test.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

/// Every kind of call.
package enum TestMethod {
    /// Nothing to nothing.
    package static let emptyCall = "/grpc.testing.TestService/EmptyCall"
    /// A payload for a payload.
    package static let unaryCall = "/grpc.testing.TestService/UnaryCall"
    /// A call whose answer may be kept.
    package static let cacheableUnaryCall = "/grpc.testing.TestService/CacheableUnaryCall"
    /// A stream of payloads as they were asked for.
    package static let streamingOutputCall = "/grpc.testing.TestService/StreamingOutputCall"
    /// The size of all that was sent.
    package static let streamingInputCall = "/grpc.testing.TestService/StreamingInputCall"
    /// Payloads for each request as it comes.
    package static let fullDuplexCall = "/grpc.testing.TestService/FullDuplexCall"
    /// Payloads for all requests once they have come.
    package static let halfDuplexCall = "/grpc.testing.TestService/HalfDuplexCall"
    /// What no server has.
    package static let unimplementedCall = "/grpc.testing.TestService/UnimplementedCall"
}
