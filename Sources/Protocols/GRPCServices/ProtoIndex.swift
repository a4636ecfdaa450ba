// Which file says what: the names that reflection is asked for.

/// Files by name and by what they define.
struct ProtoIndex: Sendable {
    private struct Entry: Sendable {
        var octets: [UInt8]
        var imports: [String]
    }

    private var files: [String: Entry] = [:]
    private var symbols: [String: String] = [:]
    private var messages: Set<String> = []

    /// Of two files with one name, the first counts.
    init(_ files: [ProtoFile]) {
        for file in files where self.files[file.name] == nil {
            self.files[file.name] = Entry(octets: file.serialized(), imports: file.imports)
            add(file)
        }
    }

    /// The file that defines a message, field, enum, value, service or method by its full name.
    func file(defining symbol: String) -> String? { symbols[symbol] }

    /// Whether there is such a file.
    func hasFile(_ name: String) -> Bool { files[name] != nil }

    /// Whether there is such a message.
    func hasMessage(_ name: String) -> Bool { messages.contains(name) }

    /// A file and those that it stands on, as google.protobuf.FileDescriptorProto.
    ///
    /// - Parameter sent: names of files that are left out, to which those given are added.
    func descriptors(_ name: String, sent: inout Set<String>) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var waiting = [name]
        while let next = waiting.popLast() {
            guard let entry = files[next], sent.insert(next).inserted else { continue }
            result.append(entry.octets)
            waiting += entry.imports.reversed()
        }
        return result
    }

    private mutating func add(_ file: ProtoFile) {
        for message in file.messages { add(message, in: file.package, of: file.name) }
        for type in file.enums { add(type, in: file.package, of: file.name) }
        for service in file.services {
            let name = "\(file.package).\(service.name)"
            symbols[name] = file.name
            for method in service.methods { symbols["\(name).\(method.name)"] = file.name }
        }
    }

    private mutating func add(_ message: ProtoMessage, in scope: String, of file: String) {
        let name = "\(scope).\(message.name)"
        symbols[name] = file
        messages.insert(name)
        for field in message.fields { symbols["\(name).\(field.name)"] = file }
        for oneof in message.oneofs { symbols["\(name).\(oneof)"] = file }
        for nested in message.messages { add(nested, in: name, of: file) }
        for nested in message.enums { add(nested, in: name, of: file) }
    }

    /// The values of an enum are named beside it, not inside (descriptor.proto, as in C++).
    private mutating func add(_ type: ProtoEnum, in scope: String, of file: String) {
        symbols["\(scope).\(type.name)"] = file
        for value in type.values { symbols["\(scope).\(value)"] = file }
    }
}
