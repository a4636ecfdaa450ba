// What grpc/reflection/v1/reflection.proto says; v1alpha says the same under another name.

extension ReflectionService {
    /// The file of a version: `v1` or `v1alpha`.
    static func file(_ version: String) -> ProtoFile {
        let package = "grpc.reflection.\(version)"
        func type(_ name: String) -> ProtoField.Kind { .message(".\(package).\(name)") }
        return ProtoFile(
            "grpc/reflection/\(version)/reflection.proto", package: package,
            messages: [
                ProtoMessage(
                    "ServerReflectionRequest",
                    [
                        .init("host", 1, .string),
                        .init("file_by_filename", 3, .string, oneof: 0),
                        .init("file_containing_symbol", 4, .string, oneof: 0),
                        .init("file_containing_extension", 5, type("ExtensionRequest"), oneof: 0),
                        .init("all_extension_numbers_of_type", 6, .string, oneof: 0),
                        .init("list_services", 7, .string, oneof: 0),
                    ], oneofs: ["message_request"]),
                ProtoMessage(
                    "ExtensionRequest",
                    [.init("containing_type", 1, .string), .init("extension_number", 2, .int32)]),
                ProtoMessage(
                    "ServerReflectionResponse",
                    [
                        .init("valid_host", 1, .string),
                        .init("original_request", 2, type("ServerReflectionRequest")),
                        .init("file_descriptor_response", 4, type("FileDescriptorResponse"), oneof: 0),
                        .init(
                            "all_extension_numbers_response", 5, type("ExtensionNumberResponse"), oneof: 0),
                        .init("list_services_response", 6, type("ListServiceResponse"), oneof: 0),
                        .init("error_response", 7, type("ErrorResponse"), oneof: 0),
                    ], oneofs: ["message_response"]),
                ProtoMessage(
                    "FileDescriptorResponse", [.init("file_descriptor_proto", 1, .bytes, isRepeated: true)]),
                ProtoMessage(
                    "ExtensionNumberResponse",
                    [
                        .init("base_type_name", 1, .string),
                        .init("extension_number", 2, .int32, isRepeated: true),
                    ]),
                ProtoMessage(
                    "ListServiceResponse", [.init("service", 1, type("ServiceResponse"), isRepeated: true)]),
                ProtoMessage("ServiceResponse", [.init("name", 1, .string)]),
                ProtoMessage(
                    "ErrorResponse", [.init("error_code", 1, .int32), .init("error_message", 2, .string)]),
            ],
            services: [
                ProtoService(
                    "ServerReflection",
                    [
                        .init(
                            "ServerReflectionInfo", ".\(package).ServerReflectionRequest",
                            ".\(package).ServerReflectionResponse", clientStreaming: true,
                            serverStreaming: true)
                    ])
            ])
    }
}
