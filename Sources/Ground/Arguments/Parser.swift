// One pass over the words, then one over the declarations. Options may stand anywhere; `--` ends them.

internal import Text

struct Parser {
    /// The commands from the program's down to the one that was chosen.
    private(set) var path: [Command]
    private(set) var wantsVersion = false
    private var given: [String: [GivenText]] = [:]
    private var words: [String] = []

    init(root: Command) { path = [root] }

    /// The command that was chosen. The path is never empty.
    var command: Command { path[path.count - 1] }

    /// What may be given: everything on the path.
    private var declarations: [any ArgumentDeclaration] { path.flatMap(\.arguments) }

    private var options: [ArgumentSpecification] {
        declarations.map(\.specification).filter { $0.kind != .positional }
    }

    /// Reads all words.
    ///
    /// - Returns: false when help or the version was asked for, and nothing else matters.
    mutating func read(_ arguments: [String]) throws(ArgumentError) -> Bool {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "--" {
                words += rest
                return true
            }
            if word.hasPrefix("-"), word.count > 1, !Self.isNumber(word) {
                guard try readOption(word, &rest) else { return false }
            } else if let next = command.subcommands.first(where: { $0.name == word }) {
                path.append(next)
            } else if words.isEmpty, word == "help", !command.subcommands.isEmpty {
                for name in rest {
                    guard let next = command.subcommands.first(where: { $0.name == name }) else { break }
                    path.append(next)
                }
                return false
            } else {
                if command.action == nil { throw unknownCommand(word) }
                words.append(word)
            }
        }
        return true
    }

    /// `-1` is a value, not an option.
    private static func isNumber(_ word: String) -> Bool { Double(word) != nil }

    private mutating func readOption(
        _ word: String, _ rest: inout ArraySlice<String>
    ) throws(ArgumentError) -> Bool {
        let (name, attached) = Self.split(word)
        if name == "--help" || name == "-h" { return false }
        if name == "--version" {
            wantsVersion = true
            return false
        }
        let match = options.first { "--\($0.name)" == name || $0.short.map { "-\($0)" } == name }
        guard let option = match else {
            let known = options.map { "--\($0.name)" } + ["--help", "--version"]
            throw .unknownOption(name, nearest: nearest(to: name, among: known))
        }
        var text = attached
        if text == nil { text = option.kind == .flag ? "true" : rest.popFirst() }
        guard let text else { throw .missingValue(name, placeholder: option.placeholder) }
        given[option.spelling, default: []].append(GivenText(text: text, origin: name))
        return true
    }

    /// `--name=value`, `-nvalue` or just the name.
    private static func split(_ word: String) -> (name: String, value: String?) {
        if word.hasPrefix("--") {
            guard let equals = word.firstIndex(of: "=") else { return (word, nil) }
            return (String(word[..<equals]), String(word[word.index(after: equals)...]))
        }
        guard word.count > 2 else { return (word, nil) }
        let value = word.dropFirst(2)
        return (String(word.prefix(2)), String(value.hasPrefix("=") ? value.dropFirst() : value))
    }

    private func unknownCommand(_ word: String) -> ArgumentError {
        let known = command.subcommands.map(\.name)
        return .unknownCommand(word, known: known, nearest: nearest(to: word, among: known))
    }

    /// The value of every declaration.
    mutating func values(
        environment: (String) -> String?, settings: Command.Settings?
    ) throws(ArgumentError) -> ArgumentValues {
        guard command.action != nil else {
            throw .missingCommand(known: command.subcommands.map(\.name))
        }
        try checkSettings(settings)
        var values: [String: any Sendable] = [:]
        for declaration in declarations {
            let texts = texts(for: declaration.specification, environment, settings)
            values[declaration.specification.spelling] = try declaration.resolve(texts)
        }
        if let word = words.first { throw .unexpected(word) }
        return ArgumentValues(path: path.map(\.name), values: values)
    }

    private mutating func texts(
        for argument: ArgumentSpecification, _ environment: (String) -> String?, _ settings: Command.Settings?
    ) -> [GivenText] {
        if argument.kind == .positional {
            let count = argument.isRepeated ? words.count : min(1, words.count)
            defer { words.removeFirst(count) }
            return words.prefix(count).map { GivenText(text: $0, origin: argument.name) }
        }
        if let texts = given[argument.spelling] { return texts }
        if let variable = argument.environment, let text = environment(variable), !text.isEmpty {
            return Self.list(text, argument, origin: "the environment variable \(variable)")
        }
        if let settings, let text = settings.values[argument.name] {
            return Self.list(text, argument, origin: "\(argument.name) in \(settings.origin)")
        }
        return []
    }

    /// Where an option can be given only once, several values are separated by commas.
    private static func list(_ text: String, _ argument: ArgumentSpecification, origin: String) -> [GivenText]
    {
        guard argument.isRepeated else { return [GivenText(text: text, origin: origin)] }
        return text.split(separator: ",").map { GivenText(text: String($0), origin: origin) }
    }

    private func checkSettings(_ settings: Command.Settings?) throws(ArgumentError) {
        guard let settings else { return }
        let known = options.map(\.name)
        for key in settings.values.keys.sorted() where !known.contains(key) {
            throw .unknownSetting(key, origin: settings.origin, nearest: nearest(to: key, among: known))
        }
    }

    /// The help of the command that was chosen.
    func help() -> String { HelpText(path: path).text }
}
