// One executable may be several programs: each costs a name in the file system instead of another copy of the Swift
// runtime and of all libraries. The name that it was started by says which one it is, or its first argument does.

extension Command {
    /// The program that an executable is when it was started as `path`: the one of `programs` that has the file's
    /// name, or this one.
    ///
    /// - Parameter path: the process's first word, with or without directories.
    package func program(startedAs path: String?, among programs: [Command]) -> Command {
        let file = path?.split(separator: "/").last
        return programs.first { $0.name == file ?? "" } ?? self
    }

    /// The program as a command of another: `ganglion-operator` is `ganglion operator`, in its examples too.
    ///
    /// - Parameter program: the other's name; it goes from the beginning of this one's.
    package func subcommand(of program: String) -> Command {
        let word = name.hasPrefix(program + "-") ? String(name.dropFirst(program.count + 1)) : name
        let examples = examples.map { example in
            guard example.line.hasPrefix(name) else { return example }
            return Example("\(program) \(word)\(example.line.dropFirst(name.count))", example.effect)
        }
        return Command(
            word, summary: summary, details: details, arguments: arguments, examples: examples,
            subcommands: subcommands, action: action)
    }
}
