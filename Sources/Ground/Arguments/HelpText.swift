// Help is made from the declarations and nothing else, so that it cannot say what is not so.

struct HelpText {
    private static let width = 100

    let path: [Command]

    private var command: Command { path[path.count - 1] }
    private var name: String { path.map(\.name).joined(separator: " ") }

    var text: String {
        var text = "\(command.summary)\n"
        if !command.details.isEmpty { text += "\n" + Self.wrap(command.details, indent: 0) }
        text += "\nUsage:\n"
        if command.action != nil { text += "  \(name)\(usage)\n" }
        if !command.subcommands.isEmpty { text += "  \(name) COMMAND [flags]\n" }
        text += Self.table("Commands", command.subcommands.map { ($0.name, $0.summary) })
        let arguments = path.flatMap(\.arguments).map(\.specification)
        text += Self.table(
            "Arguments", arguments.filter { $0.kind == .positional }.map { ($0.name, $0.help) })
        let flags = arguments.filter { $0.kind != .positional }.map { (Self.spelling($0), Self.explain($0)) }
        text += Self.table(
            "Flags",
            flags + [
                ("-h, --help", "Print this help and end"), ("    --version", "Print the version and end"),
            ])
        if !command.examples.isEmpty {
            text += "\nExamples:\n"
            for example in command.examples { text += "  # \(example.effect)\n  \(example.line)\n" }
        }
        return text
    }

    private var usage: String {
        var usage = ""
        for argument in path.flatMap(\.arguments).map(\.specification) {
            let word =
                argument.kind == .option ? "\(argument.spelling) \(argument.placeholder)" : argument.name
            let dots = argument.isRepeated ? "..." : ""
            if argument.isRequired {
                usage += " \(word)\(dots)"
            } else if argument.kind == .positional {
                usage += " [\(word)\(dots)]"
            }
        }
        return usage + " [flags]"
    }

    private static func spelling(_ argument: ArgumentSpecification) -> String {
        let short = argument.short.map { "-\($0), " } ?? "    "
        return short + argument.spelling + (argument.placeholder.isEmpty ? "" : " \(argument.placeholder)")
    }

    private static func explain(_ argument: ArgumentSpecification) -> String {
        var text = argument.help
        if argument.isRequired { text += " (required)" }
        if argument.isRepeated { text += " (may be given more than once)" }
        if let value = argument.defaultText { text += " (default \(value.isEmpty ? "none" : value))" }
        if let variable = argument.environment { text += " [$\(variable)]" }
        return text
    }

    private static func table(_ title: String, _ rows: [(String, String)]) -> String {
        guard !rows.isEmpty else { return "" }
        let column = min(36, 4 + (rows.map(\.0.count).max() ?? 0))
        var text = "\n\(title):\n"
        for (left, right) in rows {
            let lines = wrap(right, indent: column)
            if left.count + 4 > column {
                text += "  \(left)\n\(lines)"
            } else {
                text += "  \(left)" + lines.dropFirst(2 + left.count)
            }
        }
        return text
    }

    /// The words in lines of at most `width` columns, each after `indent` blanks and with its line end.
    private static func wrap(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, indent + line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        lines.append(line)
        return lines.map { margin + $0 + "\n" }.joined()
    }
}
