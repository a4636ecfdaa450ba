// grpc/testing/messages.proto of gRPC: the messages and fields that the interop cases use, with the numbers of that file.
//
// Made from Proto/grpc/testing/messages.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import GRPCServices

extension ProtoFile {
    /// `grpc/testing/messages.proto`
    package static let messages = ProtoFile(
        "grpc/testing/messages.proto", package: "grpc.testing",
        messages: [
            ProtoMessage("BoolValue", [.init("value", 1, .bool)]),
            ProtoMessage("Payload", [.init("type", 1, .enumeration("PayloadType")), .init("body", 2, .bytes)]),
            ProtoMessage("EchoStatus", [.init("code", 1, .int32), .init("message", 2, .string)]),
            ProtoMessage("SimpleRequest",
                [
                    .init("response_type", 1, .enumeration("PayloadType")),
                    .init("response_size", 2, .int32),
                    .init("payload", 3, .message("Payload")),
                    .init("response_compressed", 6, .message("BoolValue")),
                    .init("response_status", 7, .message("EchoStatus")),
                    .init("expect_compressed", 8, .message("BoolValue")),
                ]),
            ProtoMessage("SimpleResponse", [.init("payload", 1, .message("Payload"))]),
            ProtoMessage("StreamingInputCallRequest",
                [
                    .init("payload", 1, .message("Payload")),
                    .init("expect_compressed", 2, .message("BoolValue")),
                ]),
            ProtoMessage("StreamingInputCallResponse", [.init("aggregated_payload_size", 1, .int32)]),
            ProtoMessage("ResponseParameters",
                [
                    .init("size", 1, .int32),
                    .init("interval_us", 2, .int32),
                    .init("compressed", 3, .message("BoolValue")),
                ]),
            ProtoMessage("StreamingOutputCallRequest",
                [
                    .init("response_type", 1, .enumeration("PayloadType")),
                    .init("response_parameters", 2, .message("ResponseParameters"), isRepeated: true),
                    .init("payload", 3, .message("Payload")),
                    .init("response_status", 7, .message("EchoStatus")),
                ]),
            ProtoMessage("StreamingOutputCallResponse", [.init("payload", 1, .message("Payload"))]),
        ],
        enums: [
            ProtoEnum("PayloadType", ["COMPRESSABLE"]),
        ])
}
