// From JSON to the same octets, in one pass: what is not kept is stepped over and never becomes a value.

internal import SystemIO

/// Reads JSON where it stands.
struct JSONWalk {
    let base: UnsafeRawBufferPointer
    var offset: Int
    let end: Int

    init(_ base: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.base = base
        let range = range.clamped(to: 0..<base.count)
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The octet that comes next; 0 at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while offset < end {
            let octet = base[offset]
            if octet > 0x20 { return octet }
            guard octet == 0x20 || octet == 0x0a || octet == 0x0d || octet == 0x09 else { return octet }
            offset += 1
        }
        return 0
    }

    @inline(__always)
    mutating func take(_ octet: UInt8) -> Bool {
        guard peek() == octet else { return false }
        offset += 1
        return true
    }

    /// What stands between the quotes; whether it has escapes.
    @inline(__always)
    mutating func string() -> (range: Range<Int>, isPlain: Bool)? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = offset
        var isPlain = true
        while offset < end {
            let octet = base[offset]
            if octet == UInt8(ascii: "\"") {
                offset += 1
                return (start..<offset - 1, isPlain)
            }
            if octet == UInt8(ascii: "\\") {
                isPlain = false
                offset += 2
            } else {
                guard octet >= 0x20 else { return nil }
                offset += 1
            }
        }
        return nil
    }

    /// Steps over a value of any depth. What is in it is not looked at further than to its end.
    mutating func skip() -> Bool {
        var depth = 0
        while true {
            let octet = peek()
            switch octet {
            case UInt8(ascii: "\""): if string() == nil { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return false }
                depth -= 1
                offset += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return false }
                offset += 1
                continue
            default:
                guard octet > 0x20 else { return false }
                while offset < end, Self.isOfWord(base[offset]) { offset += 1 }
            }
            if depth == 0 { return true }
        }
    }

    private static func isOfWord(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            false
        default: octet > 0x20
        }
    }

    /// Whether `null` comes next, which is stepped over.
    @inline(__always)
    mutating func takesNull() -> Bool {
        guard peek() == UInt8(ascii: "n"), end - offset >= 4, base[offset + 1] == UInt8(ascii: "u") else {
            return false
        }
        offset += 4
        return true
    }

    /// A whole number.
    mutating func integer() -> Int64? {
        let isNegative = take(UInt8(ascii: "-"))
        var result: Int64 = 0
        let start = offset
        while offset < end, base[offset] >= 0x30, base[offset] <= 0x39 {
            let (product, overflows) = result.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int64(base[offset] - 0x30))
            guard !overflows, !overflowsToo else { return nil }
            result = sum
            offset += 1
        }
        // A fraction or an exponent is for the thorough reader.
        guard offset > start, offset == end || ![0x2e, 0x65, 0x45].contains(base[offset]) else { return nil }
        return isNegative ? -result : result
    }

    mutating func boolean() -> Bool? {
        let word = peek()
        let length = word == UInt8(ascii: "t") ? 4 : word == UInt8(ascii: "f") ? 5 : 0
        guard length > 0, end - offset >= length else { return nil }
        offset += length
        guard base[offset - 1] == UInt8(ascii: "e") else { return nil }
        return length == 4
    }
}

extension PackedWriter {
    /// Packs an object.
    ///
    /// - Returns: false where this is no JSON or not of the kind's shape.
    mutating func pack(
        json walk: inout JSONWalk, _ shape: MessageShape, _ selection: FieldSelection?, depth: Int,
        sharing table: inout SharedOctets
    ) -> Bool {
        guard depth < 100, walk.take(UInt8(ascii: "{")) else { return false }
        if walk.take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let (name, isPlain) = walk.string(), walk.take(UInt8(ascii: ":")) else { return false }
            let octets = UnsafeRawBufferPointer(rebasing: walk.base[name])
            guard isPlain, let named = shape.field(octets) else {
                guard walk.skip() else { return false }
                continue
            }
            let place = named.outer
            var child: FieldSelection?
            if let selection {
                guard selection.actions[place] != .drop else {
                    guard walk.skip() else { return false }
                    continue
                }
                child = selection.children[place]
            }
            if walk.takesNull() { continue }
            let field = shape.fields[place]
            if named.inner >= 0 {
                guard embedded(&walk, field, named.inner, child, depth: depth, sharing: &table) else {
                    return false
                }
            } else {
                let elements = selection?.elements[place] ?? []
                guard value(&walk, field, child, elements, depth: depth, sharing: &table) else {
                    return false
                }
            }
        } while walk.take(UInt8(ascii: ","))
        return walk.take(UInt8(ascii: "}"))
    }

    /// A field that stands among the others in JSON, and in a message of its own in protobuf.
    private mutating func embedded(
        _ walk: inout JSONWalk, _ outer: FieldShape, _ inner: Int, _ selection: FieldSelection?, depth: Int,
        sharing table: inout SharedOctets
    ) -> Bool {
        var child: FieldSelection?
        if let selection {
            guard selection.actions[inner] != .drop else { return walk.skip() }
            child = selection.children[inner]
        }
        let field = MessageShapes.all.shapes[outer.child].fields[inner]
        let mark = begin(outer.number)
        guard value(&walk, field, child, [], depth: depth + 1, sharing: &table) else { return false }
        end(mark, outer.number, sharing: &table, if: false)
        return true
    }

    private mutating func value(
        _ walk: inout JSONWalk, _ field: FieldShape, _ selection: FieldSelection?, _ elements: [[UInt8]],
        depth: Int, sharing table: inout SharedOctets
    ) -> Bool {
        guard field.kind != .skipped else { return walk.skip() }
        let isShared = field.isShared && depth <= 1
        switch field.share {
        case .one:
            return element(&walk, field, selection, elements, isShared, depth: depth, sharing: &table)
        case .list:
            guard walk.take(UInt8(ascii: "[")) else { return false }
            if walk.take(UInt8(ascii: "]")) { return true }
            repeat {
                guard element(&walk, field, selection, elements, isShared, depth: depth, sharing: &table)
                else {
                    return false
                }
            } while walk.take(UInt8(ascii: ","))
            return walk.take(UInt8(ascii: "]"))
        case .map:
            guard walk.take(UInt8(ascii: "{")) else { return false }
            if walk.take(UInt8(ascii: "}")) { return true }
            var key = field
            (key.kind, key.number, key.share, key.keepsZero) = (.string, 1, .one, true)
            var content = field
            (content.number, content.share, content.keepsZero) = (2, .one, true)
            repeat {
                let mark = begin(field.number)
                guard element(&walk, key, nil, [], false, depth: depth + 1, sharing: &table),
                    walk.take(UInt8(ascii: ":"))
                else { return false }
                if !walk.takesNull() {
                    guard element(&walk, content, nil, [], false, depth: depth + 1, sharing: &table) else {
                        return false
                    }
                }
                end(mark, field.number, sharing: &table, if: isShared)
            } while walk.take(UInt8(ascii: ","))
            return walk.take(UInt8(ascii: "}"))
        }
    }

    private mutating func element(
        _ walk: inout JSONWalk, _ field: FieldShape, _ selection: FieldSelection?, _ elements: [[UInt8]],
        _ isShared: Bool, depth: Int, sharing table: inout SharedOctets
    ) -> Bool {
        switch field.kind {
        case .string, .octets:
            guard let (range, isPlain) = walk.string() else { return false }
            if range.isEmpty, field.share == .one, !field.keepsZero { return true }
            let mark = begin(field.number)
            if field.kind == .octets {
                guard let octets = Base64.decode(String(decoding: walk.base[range], as: UTF8.self)) else {
                    return false
                }
                self.octets += octets
            } else if isPlain {
                octets.append(contentsOf: UnsafeRawBufferPointer(rebasing: walk.base[range]))
            } else {
                guard unescape(UnsafeRawBufferPointer(rebasing: walk.base[range])) else { return false }
            }
            end(mark, field.number, sharing: &table, if: isShared)
        case .bool:
            guard let value = walk.boolean() else { return false }
            if value || field.keepsZero || field.share == .list {
                tag(field.number, 0)
                octets.append(value ? 1 : 0)
            }
        case .int:
            guard let value = walk.integer() else { return false }
            if value != 0 || field.keepsZero || field.share == .list {
                tag(field.number, 0)
                varint(UInt64(bitPattern: value))
            }
        case .message:
            let mark = begin(field.number)
            guard
                pack(
                    json: &walk, MessageShapes.all.shapes[field.child], selection, depth: depth + 1,
                    sharing: &table)
            else {
                return false
            }
            if !elements.isEmpty, !begins(at: mark.start, with: elements) {
                drop(mark)
            } else {
                end(mark, field.number, sharing: &table, if: isShared)
            }
        case .time: return time(&walk, field)
        case .quantity: return quantity(&walk, field)
        case .intOrString: return intOrString(&walk, field)
        case .double, .skipped: return false
        }
        return true
    }

    private mutating func time(_ walk: inout JSONWalk, _ field: FieldShape) -> Bool {
        guard let (range, isPlain) = walk.string(), isPlain,
            let time = RFC3339(String(decoding: walk.base[range], as: UTF8.self))
        else { return false }
        let mark = begin(field.number)
        tag(1, 0)
        varint(UInt64(bitPattern: time.seconds))
        if time.nanoseconds != 0 {
            tag(2, 0)
            varint(UInt64(bitPattern: time.nanoseconds))
        }
        octets[mark.start - 1] = UInt8(octets.count - mark.start)
        return true
    }

    private mutating func quantity(_ walk: inout JSONWalk, _ field: FieldShape) -> Bool {
        let mark = begin(field.number)
        if walk.peek() == UInt8(ascii: "\"") {
            guard let (range, isPlain) = walk.string(), isPlain, range.count < 100 else { return false }
            octets.append(0x0a)
            octets.append(UInt8(range.count))
            octets.append(contentsOf: UnsafeRawBufferPointer(rebasing: walk.base[range]))
        } else {
            guard let value = walk.integer() else { return false }
            let text = Array(String(value).utf8)
            octets.append(0x0a)
            octets.append(UInt8(text.count))
            octets += text
        }
        octets[mark.start - 1] = UInt8(octets.count - mark.start)
        return true
    }

    private mutating func intOrString(_ walk: inout JSONWalk, _ field: FieldShape) -> Bool {
        let mark = begin(field.number)
        if walk.peek() == UInt8(ascii: "\"") {
            guard let (range, isPlain) = walk.string(), isPlain, range.count < 100 else { return false }
            octets += [8, 1, 0x1a, UInt8(range.count)]
            octets.append(contentsOf: UnsafeRawBufferPointer(rebasing: walk.base[range]))
        } else {
            guard let value = walk.integer() else { return false }
            octets += [8, 0]
            tag(2, 0)
            varint(UInt64(bitPattern: value))
        }
        octets[mark.start - 1] = UInt8(octets.count - mark.start)
        return true
    }

    /// Writes a string without its escapes (RFC 8259 §7); false for those that there are not.
    private mutating func unescape(_ text: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        func unit() -> UInt32? {
            guard offset + 4 <= text.count else { return nil }
            var value: UInt32 = 0
            for octet in text[offset..<offset + 4] {
                guard let digit = Character(Unicode.Scalar(octet)).hexDigitValue else { return nil }
                value = value << 4 | UInt32(digit)
            }
            offset += 4
            return value
        }
        while offset < text.count {
            let octet = text[offset]
            offset += 1
            guard octet == UInt8(ascii: "\\") else {
                octets.append(octet)
                continue
            }
            guard offset < text.count else { return false }
            let escape = text[offset]
            offset += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): octets.append(escape)
            case UInt8(ascii: "n"): octets.append(0x0a)
            case UInt8(ascii: "t"): octets.append(0x09)
            case UInt8(ascii: "r"): octets.append(0x0d)
            case UInt8(ascii: "b"): octets.append(0x08)
            case UInt8(ascii: "f"): octets.append(0x0c)
            case UInt8(ascii: "u"):
                guard var code = unit() else { return false }
                if 0xd800..<0xdc00 ~= code {
                    guard offset + 2 <= text.count, text[offset] == UInt8(ascii: "\\"),
                        text[offset + 1] == UInt8(ascii: "u")
                    else { return false }
                    offset += 2
                    guard let low = unit(), 0xdc00..<0xe000 ~= low else { return false }
                    code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
                }
                guard let scalar = Unicode.Scalar(code) else { return false }
                octets.append(contentsOf: String(Character(scalar)).utf8)
            default: return false
            }
        }
        return true
    }
}
