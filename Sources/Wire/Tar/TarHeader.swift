// A header is one block of fields of fixed places; pax lays attributes of any length over it, as lines `LENGTH KEY=VALUE`.

/// The fields of a header block.
struct TarHeader {
    let path: String
    let link: String
    let size: Int
    let mode: UInt32
    let flag: UInt8

    /// - Throws: `.malformed` for a wrong checksum, or a field that is no number.
    init(_ block: [UInt8]) throws(TarError) {
        var sum = 0
        for (index, octet) in block.enumerated() { sum += 148..<156 ~= index ? 32 : Int(octet) }
        guard try Self.number(block[148..<156], "checksum") == sum else {
            throw .malformed("the checksum of a header is wrong")
        }
        let name = Self.text(block[0..<100])
        // The prefix is ustar's; GNU's magic has other things there.
        let isPosix = block[257..<263].elementsEqual(Array("ustar\0".utf8))
        let prefix = isPosix ? Self.text(block[345..<500]) : ""
        path = prefix.isEmpty ? name : prefix + "/" + name
        link = Self.text(block[157..<257])
        size = try Self.number(block[124..<136], "size")
        mode = UInt32(try Self.number(block[100..<108], "mode") & 0o7777)
        flag = block[156]
    }

    /// The entry, with what extended headers have said.
    func entry(_ own: TarAttributes, _ global: TarAttributes) throws(TarError) -> TarEntry {
        let path = own.path ?? global.path ?? path
        let link = own.link ?? global.link ?? link
        let size = own.size ?? global.size ?? size
        guard !path.utf8.contains(0), !link.utf8.contains(0) else {
            throw .malformed("a name has a zero octet")
        }
        let kind: TarEntry.Kind
        switch flag {
        // Old archives mark a directory by its slash only.
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = path.hasSuffix("/") ? .directory : .file
        case UInt8(ascii: "1"): kind = .hardLink(link)
        case UInt8(ascii: "2"): kind = .symbolicLink(link)
        case UInt8(ascii: "5"): kind = .directory
        default: kind = .other(flag)
        }
        // Of all but files the size says nothing about octets that follow, but for kinds that nobody knows.
        let follows =
            switch kind {
            case .file: size
            case .other(let flag) where !(UInt8(ascii: "3")...UInt8(ascii: "6") ~= flag): size
            default: 0
            }
        return TarEntry(path: path, kind: kind, size: follows, mode: mode)
    }

    /// Up to the first zero octet; what is no UTF-8 is replaced.
    static func text(_ octets: ArraySlice<UInt8>) -> String {
        String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or GNU's base 256 where the highest bit is set.
    private static func number(_ field: ArraySlice<UInt8>, _ name: String) throws(TarError) -> Int {
        if let first = field.first, first & 0x80 != 0 {
            var value = Int(first & 0x3f)
            guard first & 0x40 == 0 else { throw .malformed("the \(name) of a header is negative") }
            for octet in field.dropFirst() {
                guard value < 1 << 54 else { throw .malformed("the \(name) of a header is too large") }
                value = value << 8 | Int(octet)
            }
            return value
        }
        var value = 0
        let digits = field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }
        for digit in digits {
            guard 48...55 ~= digit else { throw .malformed("the \(name) of a header is no number") }
            value = value << 3 | Int(digit - 48)
        }
        return value
    }
}

/// What extended headers say of an entry.
struct TarAttributes {
    var path: String?
    var link: String?
    var size: Int?

    /// Reads pax's lines.
    ///
    /// - Throws: `.malformed` for what is none, `.unsupported` for sparse files.
    mutating func read(_ octets: [UInt8]) throws(TarError) {
        var rest = octets[...]
        while !rest.isEmpty {
            guard let blank = rest.firstIndex(of: 32),
                let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
                length > blank - rest.startIndex + 1, length <= rest.count,
                rest[rest.startIndex + length - 1] == 10
            else { throw .malformed("an extended header has a line without its length") }
            let line = rest[(blank + 1)..<(rest.startIndex + length - 1)]
            rest = rest[(rest.startIndex + length)...]
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
                throw .malformed("an extended header has a line without a key")
            }
            let key = String(decoding: line[..<equals], as: UTF8.self)
            let value = String(decoding: line[(equals + 1)...], as: UTF8.self)
            switch key {
            case "path": path = value
            case "linkpath": link = value
            case "size":
                guard let number = Int(value), 0..<1 << 62 ~= number else {
                    throw .malformed("an extended header has a size that is none")
                }
                size = number
            case _ where key.hasPrefix("GNU.sparse."): throw .unsupported("a sparse file")
            default: break
            }
        }
    }
}
