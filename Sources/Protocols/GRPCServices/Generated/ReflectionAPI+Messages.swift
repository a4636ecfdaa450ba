// grpc/reflection/v1/reflection.proto of gRPC, its names, numbers and types; those of v1alpha are the same octets under
// the name of another package.
//
// Made from Proto/grpc/reflection/v1/reflection.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// Server reflection of gRPC, v1.
package enum ReflectionAPI {
    /// Tells clients what a server serves.
    package enum Method {
        /// A stream of questions to a stream of answers, one for each.
        package static let serverReflectionInfo = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    }

    /// A question.
    package struct ServerReflectionRequest: FieldMessage {
        /// What is asked; an empty string is a question all the same.
        package enum MessageRequest: Equatable, Sendable {
            /// The file of this name.
            case fileByFilename(String)
            /// The file that defines this service, method, message, field, enum or value.
            case fileContainingSymbol(String)
            /// The file that defines an extension.
            case fileContainingExtension(ExtensionRequest)
            /// The extensions of this message.
            case allExtensionNumbersOfType(String)
            /// The services; the text says nothing.
            case listServices(String)
        }

        /// The host that is asked; it comes back with the answer.
        package var host: String = ""
        /// What is asked; an empty string is a question all the same.
        package var messageRequest: MessageRequest? = nil

        package init() {}

        package init(host: String = "", messageRequest: MessageRequest? = nil) {
            self.host = host
            self.messageRequest = messageRequest
        }

        /// The file of this name.
        ///
        /// Nil while `messageRequest` is another; to set nil changes nothing.
        package var fileByFilename: String? {
            get { if case .fileByFilename(let value) = messageRequest { value } else { nil } }
            set { if let newValue { messageRequest = .fileByFilename(newValue) } }
        }

        /// The file that defines this service, method, message, field, enum or value.
        ///
        /// Nil while `messageRequest` is another; to set nil changes nothing.
        package var fileContainingSymbol: String? {
            get { if case .fileContainingSymbol(let value) = messageRequest { value } else { nil } }
            set { if let newValue { messageRequest = .fileContainingSymbol(newValue) } }
        }

        /// The file that defines an extension.
        ///
        /// Nil while `messageRequest` is another; to set nil changes nothing.
        package var fileContainingExtension: ExtensionRequest? {
            get { if case .fileContainingExtension(let value) = messageRequest { value } else { nil } }
            set { if let newValue { messageRequest = .fileContainingExtension(newValue) } }
        }

        /// The extensions of this message.
        ///
        /// Nil while `messageRequest` is another; to set nil changes nothing.
        package var allExtensionNumbersOfType: String? {
            get { if case .allExtensionNumbersOfType(let value) = messageRequest { value } else { nil } }
            set { if let newValue { messageRequest = .allExtensionNumbersOfType(newValue) } }
        }

        /// The services; the text says nothing.
        ///
        /// Nil while `messageRequest` is another; to set nil changes nothing.
        package var listServices: String? {
            get { if case .listServices(let value) = messageRequest { value } else { nil } }
            set { if let newValue { messageRequest = .listServices(newValue) } }
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &host)
            try wire.field(3, &fileByFilename)
            try wire.field(4, &fileContainingSymbol)
            try wire.field(5, &fileContainingExtension)
            try wire.field(6, &allExtensionNumbersOfType)
            try wire.field(7, &listServices)
        }
    }

    /// Names an extension of a message.
    package struct ExtensionRequest: FieldMessage {
        /// The message's full name.
        package var containingType: String = ""
        /// The extension's number.
        package var extensionNumber: Int32 = 0

        package init() {}

        package init(containingType: String = "", extensionNumber: Int32 = 0) {
            self.containingType = containingType
            self.extensionNumber = extensionNumber
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &containingType)
            try wire.field(2, &extensionNumber)
        }
    }

    /// The answer to a question.
    package struct ServerReflectionResponse: FieldMessage {
        /// The answer.
        package enum MessageResponse: Equatable, Sendable {
            /// To a question for a file.
            case fileDescriptorResponse(FileDescriptorResponse)
            /// To the question for a message's extensions.
            case allExtensionNumbersResponse(ExtensionNumberResponse)
            /// To the question for services.
            case listServicesResponse(ListServiceResponse)
            /// To a question that has no other answer.
            case errorResponse(ErrorResponse)
        }

        /// The host that was asked.
        package var validHost: String = ""
        /// The question.
        package var originalRequest: ServerReflectionRequest? = nil
        /// The answer.
        package var messageResponse: MessageResponse? = nil

        package init() {}

        package init(
            validHost: String = "", originalRequest: ServerReflectionRequest? = nil,
            messageResponse: MessageResponse? = nil
        ) {
            self.validHost = validHost
            self.originalRequest = originalRequest
            self.messageResponse = messageResponse
        }

        /// To a question for a file.
        ///
        /// Nil while `messageResponse` is another; to set nil changes nothing.
        package var fileDescriptorResponse: FileDescriptorResponse? {
            get { if case .fileDescriptorResponse(let value) = messageResponse { value } else { nil } }
            set { if let newValue { messageResponse = .fileDescriptorResponse(newValue) } }
        }

        /// To the question for a message's extensions.
        ///
        /// Nil while `messageResponse` is another; to set nil changes nothing.
        package var allExtensionNumbersResponse: ExtensionNumberResponse? {
            get { if case .allExtensionNumbersResponse(let value) = messageResponse { value } else { nil } }
            set { if let newValue { messageResponse = .allExtensionNumbersResponse(newValue) } }
        }

        /// To the question for services.
        ///
        /// Nil while `messageResponse` is another; to set nil changes nothing.
        package var listServicesResponse: ListServiceResponse? {
            get { if case .listServicesResponse(let value) = messageResponse { value } else { nil } }
            set { if let newValue { messageResponse = .listServicesResponse(newValue) } }
        }

        /// To a question that has no other answer.
        ///
        /// Nil while `messageResponse` is another; to set nil changes nothing.
        package var errorResponse: ErrorResponse? {
            get { if case .errorResponse(let value) = messageResponse { value } else { nil } }
            set { if let newValue { messageResponse = .errorResponse(newValue) } }
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &validHost)
            try wire.field(2, &originalRequest)
            try wire.field(4, &fileDescriptorResponse)
            try wire.field(5, &allExtensionNumbersResponse)
            try wire.field(6, &listServicesResponse)
            try wire.field(7, &errorResponse)
        }
    }

    /// Files.
    package struct FileDescriptorResponse: FieldMessage {
        /// A google.protobuf.FileDescriptorProto each: the file, and those that it imports and that were not sent before.
        package var fileDescriptorProto: [[UInt8]] = []

        package init() {}

        package init(fileDescriptorProto: [[UInt8]] = []) { self.fileDescriptorProto = fileDescriptorProto }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &fileDescriptorProto)
        }
    }

    /// The extensions of a message.
    package struct ExtensionNumberResponse: FieldMessage {
        /// The message's full name.
        package var baseTypeName: String = ""
        /// In no order. There are no extensions in proto3.
        package var extensionNumber: [Int32] = []

        package init() {}

        package init(baseTypeName: String = "", extensionNumber: [Int32] = []) {
            self.baseTypeName = baseTypeName
            self.extensionNumber = extensionNumber
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &baseTypeName)
            try wire.field(2, &extensionNumber)
        }
    }

    /// Services.
    package struct ListServiceResponse: FieldMessage {
        /// One for each.
        package var service: [ServiceResponse] = []

        package init() {}

        package init(service: [ServiceResponse] = []) { self.service = service }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &service)
        }
    }

    /// A service.
    package struct ServiceResponse: FieldMessage {
        /// Its full name.
        package var name: String = ""

        package init() {}

        package init(name: String = "") { self.name = name }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &name)
        }
    }

    /// Why there is no other answer.
    package struct ErrorResponse: FieldMessage {
        /// A code of gRPC.
        package var errorCode: Int32 = 0
        /// One sentence.
        package var errorMessage: String = ""

        package init() {}

        package init(errorCode: Int32 = 0, errorMessage: String = "") {
            self.errorCode = errorCode
            self.errorMessage = errorMessage
        }

        package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &errorCode)
            try wire.field(2, &errorMessage)
        }
    }
}
