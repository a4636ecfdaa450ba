// What a .proto file says, for tools that ask a server for it. scripts/generate-messages makes these values of the files
// that our servers speak of; protoc is no part of the build.

/// A .proto file of syntax proto3 (google.protobuf.FileDescriptorProto).
package struct ProtoFile: Sendable, Equatable {
    /// The path by which others import it.
    package var name: String
    /// As in `package`.
    package var package: String
    /// The names of the files that it imports.
    package var imports: [String] = []
    /// Its messages.
    package var messages: [ProtoMessage] = []
    /// Its enums outside of messages.
    package var enums: [ProtoEnum] = []
    /// Its services.
    package var services: [ProtoService] = []

    /// A file.
    package init(
        _ name: String, package: String, imports: [String] = [], messages: [ProtoMessage] = [],
        enums: [ProtoEnum] = [], services: [ProtoService] = []
    ) {
        self.name = name
        self.package = package
        self.imports = imports
        self.messages = messages
        self.enums = enums
        self.services = services
    }
}

/// A message (google.protobuf.DescriptorProto).
package struct ProtoMessage: Sendable, Equatable {
    /// Without the package.
    package var name: String
    /// In their order in the file.
    package var fields: [ProtoField]
    /// The names of oneofs, in their order.
    package var oneofs: [String]
    /// Messages inside.
    package var messages: [ProtoMessage]
    /// Enums inside.
    package var enums: [ProtoEnum]
    /// Whether it is the entry of a map.
    package var isMapEntry = false

    /// A message.
    package init(
        _ name: String, _ fields: [ProtoField] = [], oneofs: [String] = [], messages: [ProtoMessage] = [],
        enums: [ProtoEnum] = []
    ) {
        self.name = name
        self.fields = fields
        self.oneofs = oneofs
        self.messages = messages
        self.enums = enums
    }

    /// The entry of a map from strings to messages.
    package static func mapEntry(_ name: String, to value: String) -> ProtoMessage {
        var entry = ProtoMessage(name, [.init("key", 1, .string), .init("value", 2, .message(value))])
        entry.isMapEntry = true
        return entry
    }
}

/// A field (google.protobuf.FieldDescriptorProto).
package struct ProtoField: Sendable, Equatable {
    /// A field's type; those that the files here use.
    package enum Kind: Sendable, Equatable {
        case double
        case float
        case int64
        case uint64
        case int32
        case bool
        case string
        case bytes
        case uint32
        /// By its name in the file's package, or its full name with a dot before it: `.package.Name`.
        case message(String)
        /// By its name in the file's package, or its full name with a dot before it.
        case enumeration(String)

        /// google.protobuf.FieldDescriptorProto.Type
        var number: Int {
            switch self {
            case .double: 1
            case .float: 2
            case .int64: 3
            case .uint64: 4
            case .int32: 5
            case .bool: 8
            case .string: 9
            case .message: 11
            case .bytes: 12
            case .uint32: 13
            case .enumeration: 14
            }
        }

        /// The name of a message's or enum's type.
        var typeName: String? {
            switch self {
            case .message(let name), .enumeration(let name): name
            case .double, .float, .int64, .uint64, .int32, .bool, .string, .bytes, .uint32: nil
            }
        }
    }

    /// The field's name.
    package var name: String
    /// 1 to 536,870,911.
    package var number: Int
    /// Its type.
    package var kind: Kind
    /// Whether there may be many.
    package var isRepeated: Bool
    /// The oneof that it belongs to, counted from 0.
    package var oneof: Int?

    /// A field.
    package init(_ name: String, _ number: Int, _ kind: Kind, isRepeated: Bool = false, oneof: Int? = nil) {
        self.name = name
        self.number = number
        self.kind = kind
        self.isRepeated = isRepeated
        self.oneof = oneof
    }
}

/// An enum (google.protobuf.EnumDescriptorProto).
package struct ProtoEnum: Sendable, Equatable {
    /// Without what it stands in.
    package var name: String
    /// The values by number, in order from 0.
    package var values: [String]

    /// An enum whose values count from 0.
    package init(_ name: String, _ values: [String]) {
        self.name = name
        self.values = values
    }
}

/// A service (google.protobuf.ServiceDescriptorProto).
package struct ProtoService: Sendable, Equatable {
    /// A method.
    package struct Method: Sendable, Equatable {
        /// Its name.
        package var name: String
        /// The request's name in the file's package, or its full name with a dot before it.
        package var input: String
        /// The response's name in the file's package, or its full name with a dot before it.
        package var output: String
        /// Whether requests are a stream.
        package var isClientStreaming: Bool
        /// Whether responses are a stream.
        package var isServerStreaming: Bool

        /// A method.
        package init(
            _ name: String, _ input: String, _ output: String, clientStreaming: Bool = false,
            serverStreaming: Bool = false
        ) {
            self.name = name
            self.input = input
            self.output = output
            isClientStreaming = clientStreaming
            isServerStreaming = serverStreaming
        }
    }

    /// Without the package.
    package var name: String
    /// Its methods.
    package var methods: [Method]

    /// A service.
    package init(_ name: String, _ methods: [Method]) {
        self.name = name
        self.methods = methods
    }
}
