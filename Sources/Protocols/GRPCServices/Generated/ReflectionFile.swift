// grpc/reflection/v1/reflection.proto of gRPC, its names, numbers and types; those of v1alpha are the same octets under
// the name of another package.
//
// Made from Proto/grpc/reflection/v1/reflection.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

extension ProtoFile {
    /// `grpc/reflection/v1/reflection.proto`
    package static let reflection = ProtoFile(
        "grpc/reflection/v1/reflection.proto", package: "grpc.reflection.v1",
        messages: [
            ProtoMessage("ServerReflectionRequest",
                [
                    .init("host", 1, .string),
                    .init("file_by_filename", 3, .string, oneof: 0),
                    .init("file_containing_symbol", 4, .string, oneof: 0),
                    .init("file_containing_extension", 5, .message("ExtensionRequest"), oneof: 0),
                    .init("all_extension_numbers_of_type", 6, .string, oneof: 0),
                    .init("list_services", 7, .string, oneof: 0),
                ],
                oneofs: [
                    "message_request",
                ]),
            ProtoMessage("ExtensionRequest",
                [
                    .init("containing_type", 1, .string),
                    .init("extension_number", 2, .int32),
                ]),
            ProtoMessage("ServerReflectionResponse",
                [
                    .init("valid_host", 1, .string),
                    .init("original_request", 2, .message("ServerReflectionRequest")),
                    .init("file_descriptor_response", 4, .message("FileDescriptorResponse"), oneof: 0),
                    .init("all_extension_numbers_response", 5, .message("ExtensionNumberResponse"), oneof: 0),
                    .init("list_services_response", 6, .message("ListServiceResponse"), oneof: 0),
                    .init("error_response", 7, .message("ErrorResponse"), oneof: 0),
                ],
                oneofs: [
                    "message_response",
                ]),
            ProtoMessage("FileDescriptorResponse",
                [
                    .init("file_descriptor_proto", 1, .bytes, isRepeated: true),
                ]),
            ProtoMessage("ExtensionNumberResponse",
                [
                    .init("base_type_name", 1, .string),
                    .init("extension_number", 2, .int32, isRepeated: true),
                ]),
            ProtoMessage("ListServiceResponse",
                [
                    .init("service", 1, .message("ServiceResponse"), isRepeated: true),
                ]),
            ProtoMessage("ServiceResponse", [.init("name", 1, .string)]),
            ProtoMessage("ErrorResponse",
                [
                    .init("error_code", 1, .int32),
                    .init("error_message", 2, .string),
                ]),
        ],
        services: [
            ProtoService("ServerReflection",
                [
                    .init("ServerReflectionInfo", "ServerReflectionRequest", "ServerReflectionResponse", clientStreaming: true, serverStreaming: true),
                ]),
        ])
}
