// The messages of grpc/reflection/v1/reflection.proto; those of v1alpha are the same octets.

package import Protobuf

/// grpc.reflection.v1.ServerReflectionRequest
package struct ReflectionRequest: Message {
    /// oneof message_request; an empty string is a question all the same.
    package enum Question: Equatable, Sendable {
        case fileByName(String)
        case fileContainingSymbol(String)
        case fileContainingExtension(type: String, number: Int32)
        case allExtensionNumbers(type: String)
        case listServices(String)
    }

    /// string host
    package var host = ""
    /// What is asked; nil for nothing that has a name here.
    package var question: Question?

    /// The default.
    package init() {}

    /// A question.
    package init(_ question: Question?) { self.question = question }

    /// ExtensionRequest
    private struct Extension: FieldMessage {
        var type = ""
        var number: Int32 = 0

        init() {}
        init(_ type: String, _ number: Int32) {
            self.type = type
            self.number = number
        }

        mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &type)
            try wire.field(2, &number)
        }
    }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, host)
        switch question {
        case .fileByName(let name): writer.write(3, Optional(name))
        case .fileContainingSymbol(let symbol): writer.write(4, Optional(symbol))
        case .fileContainingExtension(let type, let number):
            writer.write(5, Optional(Extension(type, number)))
        case .allExtensionNumbers(let type): writer.write(6, Optional(type))
        case .listServices(let text): writer.write(7, Optional(text))
        case nil: break
        }
    }

    /// Reads a field; of several questions the last counts, as in every oneof.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        var text = ""
        switch field.number {
        case 1: try reader.read(field, into: &host)
        case 3:
            try reader.read(field, into: &text)
            question = .fileByName(text)
        case 4:
            try reader.read(field, into: &text)
            question = .fileContainingSymbol(text)
        case 5:
            var request: Extension?
            try reader.read(field, into: &request)
            question = request.map { .fileContainingExtension(type: $0.type, number: $0.number) }
        case 6:
            try reader.read(field, into: &text)
            question = .allExtensionNumbers(type: text)
        case 7:
            try reader.read(field, into: &text)
            question = .listServices(text)
        default: break
        }
    }
}

/// grpc.reflection.v1.ServerReflectionResponse
package struct ReflectionResponse: Message {
    /// oneof message_response
    package enum Answer: Equatable, Sendable {
        /// google.protobuf.FileDescriptorProto each.
        case files([[UInt8]])
        /// There are no extensions in proto3: a type without numbers.
        case extensionNumbers(type: String)
        case services([String])
        /// A code of gRPC, and a sentence.
        case error(code: Int32, message: String)
    }

    /// string valid_host
    package var host = ""
    /// ServerReflectionRequest original_request
    package var request: ReflectionRequest?
    /// The answer.
    package var answer: Answer?

    /// The default.
    package init() {}

    /// The answer to a request.
    package init(_ answer: Answer, to request: ReflectionRequest) {
        self.answer = answer
        self.request = request
        host = request.host
    }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, host)
        writer.write(2, request)
        switch answer {
        case .files(let files): writer.write(4, Optional(FileList(files: files)))
        case .extensionNumbers(let type): writer.write(5, Optional(Name(type)))
        case .services(let names): writer.write(6, Optional(NameList(names: names.map { Name($0) })))
        case .error(let code, let message): writer.write(7, Optional(Fault(code: code, message: message)))
        case nil: break
        }
    }

    /// Reads a field; of several answers the last counts.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &host)
        case 2: try reader.read(field, into: &request)
        case 4:
            var list: FileList?
            try reader.read(field, into: &list)
            answer = list.map { .files($0.files) }
        case 5:
            var type: Name?
            try reader.read(field, into: &type)
            answer = type.map { .extensionNumbers(type: $0.name) }
        case 6:
            var list: NameList?
            try reader.read(field, into: &list)
            answer = list.map { .services($0.names.map(\.name)) }
        case 7:
            var fault: Fault?
            try reader.read(field, into: &fault)
            answer = fault.map { .error(code: $0.code, message: $0.message) }
        default: break
        }
    }
}

/// grpc.reflection.v1.FileDescriptorResponse
private struct FileList: Message {
    var files: [[UInt8]] = []

    func encode(to writer: inout ProtobufWriter) { for file in files { writer.write(1, file) } }

    mutating func decode(field: ProtobufField, from reader: inout ProtobufReader) throws(ProtobufError) {
        guard field.number == 1 else { return }
        var file: [UInt8] = []
        try reader.read(field, into: &file)
        files.append(file)
    }
}

/// grpc.reflection.v1.ServiceResponse, and ExtensionNumberResponse without numbers
private struct Name: FieldMessage {
    var name = ""

    init() {}
    init(_ name: String) { self.name = name }

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &name)
    }
}

/// grpc.reflection.v1.ListServiceResponse
private struct NameList: FieldMessage {
    var names: [Name] = []

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &names)
    }
}

/// grpc.reflection.v1.ErrorResponse
private struct Fault: FieldMessage {
    var code: Int32 = 0
    var message = ""

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &code)
        try wire.field(2, &message)
    }
}
