// The XML of S3 and STS: elements and text, no attributes that matter, never a document type. A tree would be as large as
// the listing; what is wanted of one is its leaves with their paths.

/// Reads the leaves of a document.
enum XMLText {
    /// Tells of each element when it ends: its path from the document's element down, and its text, which is empty where it
    /// holds elements.
    ///
    /// - Returns: false for what is no such XML.
    static func leaves(_ octets: [UInt8], visit: ([Substring], String) -> Void) -> Bool {
        let text = String(decoding: octets, as: UTF8.self)
        var rest = text[...]
        var path: [Substring] = []
        var content = ""
        var isLeaf = false
        while let open = rest.firstIndex(of: "<") {
            content += unescaped(rest[..<open])
            rest = rest[rest.index(after: open)...]
            if rest.hasPrefix("!--") {
                guard let end = rest.firstRange(of: "-->") else { return false }
                rest = rest[end.upperBound...]
                continue
            }
            if rest.hasPrefix("![CDATA[") {
                guard let end = rest.firstRange(of: "]]>") else { return false }
                content += rest.dropFirst(8)[..<end.lowerBound]
                rest = rest[end.upperBound...]
                continue
            }
            guard !rest.hasPrefix("!"), let close = rest.firstIndex(of: ">") else { return false }
            let tag = rest[..<close]
            rest = rest[rest.index(after: close)...]
            if tag.hasPrefix("?") { continue }
            if tag.hasPrefix("/") {
                guard path.last == tag.dropFirst().prefix(while: { $0 != " " }) else { return false }
                visit(path, isLeaf ? content : "")
                path.removeLast()
                isLeaf = false
            } else {
                guard path.count < 32 else { return false }
                let name = tag.prefix { $0 != " " && $0 != "/" && $0 != "\n" }
                path.append(name)
                isLeaf = true
                if tag.hasSuffix("/") {
                    visit(path, "")
                    path.removeLast()
                    isLeaf = false
                }
            }
            content = ""
        }
        return path.isEmpty
    }

    /// The text of the first leaf of a name, wherever it is.
    static func first(_ name: String, of octets: [UInt8]) -> String? {
        var found: String?
        _ = leaves(octets) { path, text in
            if found == nil, path.last == Substring(name) { found = text }
        }
        return found
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            rest = rest[mark...]
            guard let end = rest.firstIndex(of: ";"), let character = character(rest[..<end].dropFirst())
            else {
                result.append("&")
                rest = rest.dropFirst()
                continue
            }
            result.unicodeScalars.append(character)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> Unicode.Scalar? {
        switch name {
        case "lt": "<"
        case "gt": ">"
        case "amp": "&"
        case "quot": "\""
        case "apos": "'"
        case _ where name.hasPrefix("#x"): UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
        case _ where name.hasPrefix("#"): UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
        default: nil
        }
    }
}
