// What the built-in kinds are made of: their fields by the names that JSON has and by the numbers that protobuf has. The real
// server has Go types for that, and every body goes through them; here it is a table that is generated from those types. A
// line is a message and its fields, `NAME=NUMBER` and what the field holds:
//
//     ?  its zero value is kept (a pointer, or without omitempty)      ~  embedded: its fields stand among the others
//     s string  b octets  B bool  i int32  l int64  d double           s:NAME  a string type of that name
//     T time  M time with microseconds  Q quantity  I int or string    @NAME  another message
//     R any JSON  A schema or list  O schema or bool  S schema or strings    [ a list, { a map of what follows
//
// A line that begins with blanks continues the one before.

/// The types of the built-in kinds.
package enum BuiltInTypes {
    /// What a field holds.
    package indirect enum Value: Equatable, Sendable {
        case string(goType: String)
        case octets
        case bool
        case int32
        case int64
        case double
        case time
        case microTime
        case quantity
        case intOrString
        case anything
        case schemaOrList
        case schemaOrBool
        case schemaOrStrings
        case list(Value)
        case map(Value)
        case message(String)
    }

    /// One field of a message.
    package struct Field: Equatable, Sendable {
        /// In JSON; empty for an embedded message.
        package var name: String
        /// In protobuf.
        package var number: Int
        /// Whether "", 0 and false are more than the absence of a value.
        package var keepsZero: Bool
        /// Whether the fields of what it holds stand among the others in JSON.
        package var isEmbedded: Bool
        package var value: Value

        /// A field made of its parts.
        package init(name: String, number: Int, keepsZero: Bool, isEmbedded: Bool, value: Value) {
            self.name = name
            self.number = number
            self.keepsZero = keepsZero
            self.isEmbedded = isEmbedded
            self.value = value
        }
    }

    /// A message.
    package struct Message: Equatable, Sendable {
        /// As Go calls it, without its package.
        package var goName: String
        /// By number.
        package var numbers: [Int: Field] = [:]
        /// By name, those of embedded messages among them.
        package var names: [String: Field] = [:]

        /// A message made of its parts.
        package init(goName: String, numbers: [Int: Field] = [:], names: [String: Field] = [:]) {
            self.goName = goName
            self.numbers = numbers
            self.names = names
        }
    }

    /// All messages.
    package static let messages: [String: Message] = read(table)

    /// The message of a kind; nil for kinds that are not built in.
    package static func message(of kind: String, group: String) -> Message? {
        let package = group.split(separator: ".").first.map(String.init) ?? ""
        return messages["\(package).\(kind)"] ?? messages[kind]
    }

    private static func read(_ table: String) -> [String: Message] {
        var lines: [[Substring]] = []
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix(" "), !lines.isEmpty {
                lines[lines.count - 1] += words
            } else {
                lines.append(words)
            }
        }
        var messages: [String: Message] = [:]
        for words in lines {
            guard let name = words.first else { continue }
            var message = Message(goName: String(name.split(separator: ".").last ?? name))
            for word in words.dropFirst() {
                guard let field = Field(word) else { continue }
                message.numbers[field.number] = field
                if !field.isEmbedded { message.names[field.name] = field }
            }
            messages[String(name)] = message
        }
        // An embedded message has none of its own.
        let bare = messages
        for (name, message) in bare {
            for field in message.numbers.values where field.isEmbedded {
                guard case .message(let inner) = field.value, let names = bare[inner]?.names else { continue }
                messages[name]?.names.merge(names) { own, _ in own }
            }
        }
        return messages
    }
}

extension BuiltInTypes.Field {
    fileprivate init?(_ word: Substring) {
        guard let equals = word.lastIndex(of: "=") else { return nil }
        var rest = word[word.index(after: equals)...]
        let digits = rest.prefix { $0.isNumber }
        rest = rest.dropFirst(digits.count)
        guard let number = Int(digits) else { return nil }
        self.number = number
        isEmbedded = rest.first == "~"
        keepsZero = rest.first == "?"
        if isEmbedded || keepsZero { rest = rest.dropFirst() }
        name = isEmbedded ? "" : String(word[..<equals])
        guard let value = BuiltInTypes.Value(rest) else { return nil }
        self.value = value
    }
}

extension BuiltInTypes.Value {
    fileprivate init?(_ code: Substring) {
        let rest = code.dropFirst()
        switch code.first {
        case "s": self = .string(goType: rest.first == ":" ? String(rest.dropFirst()) : "")
        case "b": self = .octets
        case "B": self = .bool
        case "i": self = .int32
        case "l": self = .int64
        case "d": self = .double
        case "T": self = .time
        case "M": self = .microTime
        case "Q": self = .quantity
        case "I": self = .intOrString
        case "R": self = .anything
        case "A": self = .schemaOrList
        case "O": self = .schemaOrBool
        case "S": self = .schemaOrStrings
        case "[":
            guard let element = Self(rest) else { return nil }
            self = .list(element)
        case "{":
            guard let element = Self(rest) else { return nil }
            self = .map(element)
        case "@": self = .message(String(rest))
        default: return nil
        }
    }

    /// The schema of a custom resource, of which three kinds of values may be one.
    package static let schema = Self.message("JSONSchemaProps")

    /// As Go calls the type.
    package var goType: String {
        switch self {
        case .string(let name): name.isEmpty ? "string" : name.contains(".") ? name : "v1.\(name)"
        case .octets: "[]uint8"
        case .bool: "bool"
        case .int32: "int32"
        case .int64: "int64"
        case .double: "float64"
        case .time: "v1.Time"
        case .microTime: "v1.MicroTime"
        case .quantity: "resource.Quantity"
        case .intOrString: "intstr.IntOrString"
        case .anything: "v1.JSON"
        case .schemaOrList, .schemaOrBool, .schemaOrStrings: "v1.JSONSchemaProps"
        case .list(let element): "[]\(element.goType)"
        case .map(let element): "map[string]\(element.goType)"
        case .message(let name): "v1.\(name.split(separator: ".").last ?? "")"
        }
    }
}
