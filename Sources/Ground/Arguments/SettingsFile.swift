// A settings file is what a ConfigMap holds well: flat `key: value` lines. They are valid YAML, so every tool can write
// them, and need no YAML library to be read. Whatever is more than a flat scalar is an error, never a guess.

extension Command.Settings {
    /// The most octets of a settings file.
    package static let maximumSize = 64 << 10

    /// Reads flat `key: value` lines: blank lines, `#` comments and a `---` before the first are skipped, a value may
    /// stand in single or double quotes, and one that is left out counts as not given.
    ///
    /// - Parameter origin: the file's name for errors.
    /// - Throws: `ArgumentError.malformedSettings` with the line's number.
    package init(origin: String, parsing text: String) throws(ArgumentError) {
        var values: [String: String] = [:]
        // Scalars, not characters: a line end of two octets is one character and ends no line.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            func fail(_ reason: String) -> ArgumentError {
                .malformedSettings(origin: origin, line: index + 1, reason: reason)
            }
            let content = Self.trimmed(String(line))
            if content.isEmpty || content.hasPrefix("#") || (content == "---" && values.isEmpty) { continue }
            guard line.first != " ", line.first != "\t", !content.hasPrefix("- ") else {
                throw fail("is indented or a list: write one \"key: value\" to a line")
            }
            guard let colon = content.firstIndex(of: ":") else {
                throw fail("has no colon: write \"key: value\"")
            }
            let key = Self.trimmed(String(content[..<colon]))
            let rest = content[content.index(after: colon)...]
            guard rest.isEmpty || rest.first == " " || rest.first == "\t" else {
                throw fail("has no blank after the colon: write \"key: value\"")
            }
            let value: String
            do throws(InvalidArgument) {
                value = try Self.scalar(Self.trimmed(String(rest)))
            } catch {
                throw fail(error.reason)
            }
            guard values[key] == nil else { throw fail("gives \(key) a second time: remove one") }
            values[key] = value
        }
        self.init(origin: origin, values: values.filter { !$0.value.isEmpty })
    }

    private static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }
        let scalars = text.unicodeScalars.drop(while: isBlank)
        guard let last = scalars.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(String.UnicodeScalarView(scalars[...last]))
    }

    /// A flat scalar: plain, or in quotes.
    private static func scalar(_ text: String) throws(InvalidArgument) -> String {
        guard let first = text.unicodeScalars.first else { return "" }
        if first == "\"" || first == "'" { return try quoted(text, by: first) }
        if "[]{}|>&*!%@`".unicodeScalars.contains(first) {
            throw InvalidArgument("has a value that begins with \(first): put it in quotes")
        }
        var plain = ""
        var last: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "#", last == " " || last == "\t" { break }
            plain.unicodeScalars.append(scalar)
            last = scalar
        }
        return trimmed(plain)
    }

    /// In single quotes only '' is special, in double quotes only \" and \\ are taken.
    private static func quoted(
        _ text: String, by quote: Unicode.Scalar
    ) throws(InvalidArgument) -> String {
        var value = ""
        var rest = text.unicodeScalars.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\\", quote == "\"" {
                guard let next = rest.popFirst(), next == "\"" || next == "\\" else {
                    throw InvalidArgument("has an escape that is not read: only \\\" and \\\\ are")
                }
                value.unicodeScalars.append(next)
            } else if scalar == quote {
                if quote == "'", rest.first == "'" {
                    rest.removeFirst()
                    value.unicodeScalars.append(quote)
                    continue
                }
                let after = trimmed(String(String.UnicodeScalarView(rest)))
                guard after.isEmpty || after.hasPrefix("#") else {
                    throw InvalidArgument("goes on after the closing quote: remove what follows it")
                }
                return value
            } else {
                value.unicodeScalars.append(scalar)
            }
        }
        throw InvalidArgument("has a quote that is not closed: close it on the same line")
    }
}
