// A file's description as octets, with the numbers of google/protobuf/descriptor.proto. That file is proto2, where a
// field that is set to 0 is not the same as one that is not set, so it has a writer of its own.

/// Writes fields, also those that are 0.
private struct DescriptorWriter {
    var octets: [UInt8] = []

    mutating func write(_ number: Int, _ value: Int) {
        varint(number << 3)
        varint(value)
    }

    mutating func write(_ number: Int, _ value: Bool) { if value { write(number, 1) } }

    mutating func write(_ number: Int, _ value: String) { write(number, Array(value.utf8)) }

    mutating func write(_ number: Int, _ value: [UInt8]) {
        varint(number << 3 | 2)
        varint(value.count)
        octets += value
    }

    mutating func write<Item>(_ number: Int, _ items: [Item], _ body: (Item) -> [UInt8]) {
        for item in items { write(number, body(item)) }
    }

    private mutating func varint(_ value: Int) {
        var value = UInt64(bitPattern: Int64(value))
        while value >= 0x80 {
            octets.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        octets.append(UInt8(truncatingIfNeeded: value))
    }
}

private func octets(_ body: (inout DescriptorWriter) -> Void) -> [UInt8] {
    var writer = DescriptorWriter()
    body(&writer)
    return writer.octets
}

extension ProtoFile {
    /// As google.protobuf.FileDescriptorProto.
    package func serialized() -> [UInt8] {
        octets { writer in
            writer.write(1, name)
            writer.write(2, package)
            writer.write(3, imports) { Array($0.utf8) }
            writer.write(4, messages) { $0.serialized(in: package) }
            writer.write(5, enums) { $0.serialized() }
            writer.write(6, services) { $0.serialized(in: package) }
            writer.write(12, "proto3")
        }
    }
}

/// A type's full name with a dot before it.
private func fullName(_ name: String, in package: String) -> String {
    name.hasPrefix(".") ? name : ".\(package).\(name)"
}

extension ProtoMessage {
    fileprivate func serialized(in package: String) -> [UInt8] {
        octets { writer in
            writer.write(1, name)
            writer.write(2, fields) { $0.serialized(in: package) }
            writer.write(3, messages) { $0.serialized(in: package) }
            writer.write(4, enums) { $0.serialized() }
            // MessageOptions.map_entry
            if isMapEntry { writer.write(7, octets { $0.write(7, true) }) }
            writer.write(8, oneofs) { name in octets { $0.write(1, name) } }
        }
    }
}

extension ProtoField {
    fileprivate func serialized(in package: String) -> [UInt8] {
        octets { writer in
            writer.write(1, name)
            writer.write(3, number)
            writer.write(4, isRepeated ? 3 : 1)
            writer.write(5, kind.number)
            if let typeName = kind.typeName { writer.write(6, fullName(typeName, in: package)) }
            if let oneof { writer.write(9, oneof) }
        }
    }
}

extension ProtoEnum {
    fileprivate func serialized() -> [UInt8] {
        octets { writer in
            writer.write(1, name)
            writer.write(2, Array(values.enumerated())) { value in
                octets {
                    $0.write(1, value.element)
                    $0.write(2, value.offset)
                }
            }
        }
    }
}

extension ProtoService {
    fileprivate func serialized(in package: String) -> [UInt8] {
        octets { writer in
            writer.write(1, name)
            writer.write(2, methods) { method in
                octets {
                    $0.write(1, method.name)
                    $0.write(2, fullName(method.input, in: package))
                    $0.write(3, fullName(method.output, in: package))
                    $0.write(5, method.isClientStreaming)
                    $0.write(6, method.isServerStreaming)
                }
            }
        }
    }
}
