// A JSON body as the real server's decoder sees it (sigs.k8s.io/json into Go types): a value of another type ends it with the
// decoder's words, a field that the type does not have is dropped, and named for those who asked for strict validation.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI
internal import KubernetesWire
internal import SystemIO

/// A value that does not fit its field, in the decoder's words.
struct TypeFault: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// Decodes one body.
struct TypedDecoding {
    /// The paths of fields that there are not, in the order of the names.
    private(set) var unknown: [String] = []

    /// Where a value stands.
    private struct Place {
        /// The Go type of the innermost message, and the path of fields: what type faults name.
        var structure = ""
        var fields: [String] = []
        /// With indices and keys of maps: what unknown fields are named by.
        var path = ""
    }

    /// Removes the fields that a kind does not have.
    ///
    /// - Parameter field: where the message stands, if it is not the object itself.
    /// - Throws: the first fault of a value that the kind has.
    mutating func decode(
        _ object: inout JSON, as message: BuiltInTypes.Message, at field: String? = nil
    ) throws(TypeFault) {
        let place = Place(fields: field.map { [$0] } ?? [], path: field ?? "")
        try fields(&object, message, place, ignoring: field == nil ? ["apiVersion", "kind"] : [])
    }

    private mutating func fields(
        _ object: inout JSON, _ message: BuiltInTypes.Message, _ place: Place, ignoring: Set<String> = []
    ) throws(TypeFault) {
        guard case .object(var members) = object else { return }
        object = .null
        for name in members.keys.sorted() where !ignoring.contains(name) {
            guard let field = message.names[name] else {
                members[name] = nil
                unknown.append(place.path.isEmpty ? name : "\(place.path).\(name)")
                continue
            }
            guard var value = members[name], !value.isNull else { continue }
            let inner = Place(
                structure: message.goName, fields: place.fields + [name],
                path: place.path.isEmpty ? name : "\(place.path).\(name)")
            try self.value(&value, field.value, inner)
            members[name] = value
        }
        object = .object(members)
    }

    private mutating func value(
        _ value: inout JSON, _ type: BuiltInTypes.Value, _ place: Place
    ) throws(TypeFault) {
        switch type {
        case .string: guard value.string != nil else { throw mismatch(value, type, place) }
        case .bool: guard value.bool != nil else { throw mismatch(value, type, place) }
        case .double: guard value.double != nil else { throw mismatch(value, type, place) }
        case .int32, .int64:
            let allowed = type == .int32 ? Int(Int32.min)...Int(Int32.max) : Int.min...Int.max
            guard let number = value.int, allowed.contains(number) else { throw mismatch(value, type, place) }
        case .octets:
            guard let text = value.string else { throw mismatch(value, type, place) }
            if Base64.decode(text) == nil {
                throw TypeFault(description: "illegal base64 data at input byte \(Self.base64Fault(text))")
            }
        case .time, .microTime:
            guard let text = value.string else {
                throw TypeFault(
                    description: "json: cannot unmarshal \(value.goKind) into Go value of type string")
            }
            if !text.isEmpty, Timestamp(text) == nil {
                throw Self.timeFault(text, isPrecise: type == .microTime)
            }
        case .quantity:
            guard let text = value.string ?? value.double.map({ _ in value.text() }), Quantity(text) != nil
            else {
                throw TypeFault(
                    description: "quantities must match the regular expression "
                        + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
            }
        case .intOrString:
            guard value.string != nil || value.int.flatMap(Int32.init(exactly:)) != nil else {
                throw TypeFault(
                    description: "json: cannot unmarshal \(value.goKind) into Go value of type int32")
            }
        case .anything: break
        case .schemaOrList:
            try self.value(&value, value.array == nil ? .schema : .list(.schema), place)
        case .schemaOrBool: if value.bool == nil { try self.value(&value, .schema, place) }
        case .schemaOrStrings:
            try self.value(&value, value.array == nil ? .schema : .list(.string(goType: "")), place)
        case .list(let element):
            guard case .array(var elements) = value else { throw mismatch(value, type, place) }
            value = .null
            for index in elements.indices where !elements[index].isNull {
                var inner = place
                inner.path += "[\(index)]"
                try self.value(&elements[index], element, inner)
            }
            value = .array(elements)
        case .map(let element):
            guard case .object(var members) = value else { throw mismatch(value, type, place) }
            value = .null
            for key in members.keys.sorted() {
                guard var member = members[key], !member.isNull else { continue }
                var inner = place
                inner.path += ".\(key)"
                try self.value(&member, element, inner)
                members[key] = member
            }
            value = .object(members)
        case .message(let name):
            guard value.object != nil else { throw mismatch(value, type, place) }
            if let message = BuiltInTypes.messages[name] { try fields(&value, message, place) }
        }
    }

    private func mismatch(_ value: JSON, _ type: BuiltInTypes.Value, _ place: Place) -> TypeFault {
        let field = "\(place.structure).\(place.fields.joined(separator: "."))"
        return TypeFault(
            description: "json: cannot unmarshal \(value.goKind) into Go struct field \(field) of type "
                + type.goType)
    }

    /// As Go's time.Parse says it: the rest from where it stops, and what it wanted there.
    private static func timeFault(_ text: String, isPrecise: Bool) -> TypeFault {
        let layout = isPrecise ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00"
        let hasDate = text.utf8.count > 10 && Timestamp(text.prefix(10) + "T00:00:00Z") != nil
        let rest = hasDate ? String(text.dropFirst(10)) : text
        return TypeFault(
            description: "parsing time \(quoted(text)) as \"\(layout)\": cannot parse \(quoted(rest)) as "
                + (hasDate ? "\"T\"" : "\"2006\""))
    }

    /// Where Go's decoder stops (encoding/base64, decodeQuantum).
    private static func base64Fault(_ text: String) -> Int {
        let octets = Array(text.utf8)
        let isDigit = { (octet: UInt8) in
            // Letters, and / with the digits behind it, and +.
            (65...90).contains(octet) || (97...122).contains(octet) || (47...57).contains(octet)
                || octet == 43
        }
        guard let stop = octets.firstIndex(where: { !isDigit($0) }) else { return octets.count / 4 * 4 }
        // The first of two signs of padding, and nothing behind it.
        let isHalf = octets[stop] == UInt8(ascii: "=") && stop % 4 == 2
        return isHalf && stop + 1 == octets.count ? octets.count : stop
    }
}

extension JSON {
    /// What Go's decoder calls a value; a number of the wrong width with its digits.
    fileprivate var goKind: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "number"
        case .double: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
