// YAML as people write it: block style, long text folded, quotes only where a reader would take a string for something else.

/// A document or a part of one.
package indirect enum YAML {
    /// A string.
    case text(String)
    /// A number, a truth value or an empty object, as it stands.
    case plain(String)
    /// An object, in this order.
    case map([(key: String, value: YAML)])
    /// A list, one entry below the other.
    case list([YAML])
    /// A list of short strings in one line.
    case words([String])

    /// Columns of a line at most, where there is a place to break it.
    private static let width = 110

    /// The document's lines.
    package func lines(indentation: Int = 0) -> [String] {
        switch self {
        case .map(let members):
            return members.flatMap { Self.lines("\($0.key):", $0.value, indentation: indentation) }
        case .list(let entries):
            return entries.flatMap { entry in
                var lines = entry.lines(indentation: indentation + 2)
                lines[0] = Self.space(indentation) + "- " + lines[0].dropFirst(indentation + 2)
                return lines
            }
        case .text, .plain, .words:
            return [Self.space(indentation) + (inline ?? "")]
        }
    }

    private static func lines(_ key: String, _ value: YAML, indentation: Int) -> [String] {
        let begin = space(indentation) + key
        switch value {
        case .text(let text):
            let line = begin + " " + quoted(text)
            // A sentence on a line of its own is read more easily than one in quotes.
            guard line.count > width, text.contains(" ") else { return [line] }
            return [begin + " >-"] + folded(text, indentation: indentation + 2)
        case .plain, .words: return [begin + " " + (value.inline ?? "")]
        // A list stands below its key without a further step, as kubectl prints it.
        case .list: return [begin] + value.lines(indentation: indentation)
        case .map: return [begin] + value.lines(indentation: indentation + 2)
        }
    }

    private var inline: String? {
        switch self {
        case .text(let text): Self.quoted(text)
        case .plain(let text): text
        case .words(let words):
            "[" + words.map { Self.quoted($0, inFlow: true) }.joined(separator: ", ") + "]"
        case .map, .list: nil
        }
    }

    /// Lines that YAML joins with one space each.
    private static func folded(_ text: String, indentation: Int) -> [String] {
        var lines: [String] = []
        var line = space(indentation)
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > width, line.count > indentation {
                lines.append(line)
                line = space(indentation)
            }
            line += (line.count > indentation ? " " : "") + word
        }
        return lines + [line]
    }

    /// The string, in quotes where it would be read as something else.
    ///
    /// - Parameter inFlow: whether it stands between brackets, where commas count.
    private static func quoted(_ text: String, inFlow: Bool = false) -> String {
        let isWord = text.first.map { $0.isLetter || $0 == "." || $0 == "/" } ?? false
        let others = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        let isPlain =
            isWord && !others.contains(text.lowercased()) && !text.contains(": ") && !text.contains(" #")
            && !text.hasSuffix(":") && !(inFlow && text.contains { "[]{},".contains($0) })
        if isPlain { return text }
        let escaped = text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
        return "\"\(escaped)\""
    }

    private static func space(_ count: Int) -> String { String(repeating: " ", count: count) }
}
