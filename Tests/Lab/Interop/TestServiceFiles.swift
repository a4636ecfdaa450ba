// What grpc/testing/test.proto and its two imports say, as far as the test service knows them.

package import GRPCServices

extension TestService {
    /// The files, for reflection.
    package static let files: [ProtoFile] = [test, messages, empty]

    private static let empty = ProtoFile(
        "grpc/testing/empty.proto", package: "grpc.testing", messages: [ProtoMessage("Empty")])

    private static func type(_ name: String) -> ProtoField.Kind { .message(".grpc.testing.\(name)") }

    private static let messages = ProtoFile(
        "grpc/testing/messages.proto", package: "grpc.testing",
        messages: [
            ProtoMessage("BoolValue", [.init("value", 1, .bool)]),
            ProtoMessage(
                "Payload",
                [.init("type", 1, .enumeration(".grpc.testing.PayloadType")), .init("body", 2, .bytes)]),
            ProtoMessage("EchoStatus", [.init("code", 1, .int32), .init("message", 2, .string)]),
            ProtoMessage(
                "SimpleRequest",
                [
                    .init("response_type", 1, .enumeration(".grpc.testing.PayloadType")),
                    .init("response_size", 2, .int32), .init("payload", 3, type("Payload")),
                    .init("response_compressed", 6, type("BoolValue")),
                    .init("response_status", 7, type("EchoStatus")),
                    .init("expect_compressed", 8, type("BoolValue")),
                ]),
            ProtoMessage("SimpleResponse", [.init("payload", 1, type("Payload"))]),
            ProtoMessage(
                "StreamingInputCallRequest",
                [.init("payload", 1, type("Payload")), .init("expect_compressed", 2, type("BoolValue"))]),
            ProtoMessage("StreamingInputCallResponse", [.init("aggregated_payload_size", 1, .int32)]),
            ProtoMessage(
                "ResponseParameters",
                [
                    .init("size", 1, .int32), .init("interval_us", 2, .int32),
                    .init("compressed", 3, type("BoolValue")),
                ]),
            ProtoMessage(
                "StreamingOutputCallRequest",
                [
                    .init("response_type", 1, .enumeration(".grpc.testing.PayloadType")),
                    .init("response_parameters", 2, type("ResponseParameters"), isRepeated: true),
                    .init("payload", 3, type("Payload")), .init("response_status", 7, type("EchoStatus")),
                ]),
            ProtoMessage("StreamingOutputCallResponse", [.init("payload", 1, type("Payload"))]),
        ], enums: [ProtoEnum("PayloadType", ["COMPRESSABLE"])])

    private static let test: ProtoFile = {
        let input = ".grpc.testing.StreamingInputCall"
        let output = ".grpc.testing.StreamingOutputCall"
        return ProtoFile(
            "grpc/testing/test.proto", package: "grpc.testing",
            imports: ["grpc/testing/empty.proto", "grpc/testing/messages.proto"],
            services: [
                ProtoService(
                    "TestService",
                    [
                        .init("EmptyCall", ".grpc.testing.Empty", ".grpc.testing.Empty"),
                        .init("UnaryCall", ".grpc.testing.SimpleRequest", ".grpc.testing.SimpleResponse"),
                        .init(
                            "CacheableUnaryCall", ".grpc.testing.SimpleRequest",
                            ".grpc.testing.SimpleResponse"),
                        .init(
                            "StreamingOutputCall", "\(output)Request", "\(output)Response",
                            serverStreaming: true),
                        .init(
                            "StreamingInputCall", "\(input)Request", "\(input)Response",
                            clientStreaming: true),
                        .init(
                            "FullDuplexCall", "\(output)Request", "\(output)Response", clientStreaming: true,
                            serverStreaming: true),
                        .init(
                            "HalfDuplexCall", "\(output)Request", "\(output)Response", clientStreaming: true,
                            serverStreaming: true),
                        .init("UnimplementedCall", ".grpc.testing.Empty", ".grpc.testing.Empty"),
                    ])
            ])
    }()
}
