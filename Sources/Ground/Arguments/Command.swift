// A command: what it is called, what it takes, what it does. Every executable of the project is one, so that all of
// them read arguments, complain and explain themselves in the same way.

/// A command of a program, or the program itself.
///
///     let root = Option("sysfs-root", default: "/sys", environment: "GANGLION_SYSFS_ROOT", help: "Where ...")
///     let json = Flag("json", help: "Print JSON")
///
///     let command = Command(
///         "ganglion", summary: "NeuronCores on Kubernetes",
///         arguments: [root],
///         subcommands: [
///             Command("ls", summary: "List the chips", arguments: [json]) { values in
///                 print(values[root], values[json])
///             }
///         ])
///     await command.main()
///
/// Options of a command may be given to the commands below it as well, before or after their names.
package struct Command: Sendable {
    /// What the command does; an error that it throws is printed as one line, and the exit code is 1.
    package typealias Action = @Sendable (ArgumentValues) async throws -> Void

    /// The word that chooses it.
    package let name: String
    /// One sentence, without a full stop.
    package let summary: String
    /// More for help: a few sentences or nothing.
    package let details: String
    /// What it takes.
    package let arguments: [any ArgumentDeclaration]
    /// Command lines with what they do.
    package let examples: [Example]
    /// The commands below it.
    package let subcommands: [Command]
    /// What it does with its values; nil for one that only has commands below it.
    package let action: Action?

    /// A command line with what it does.
    package struct Example: Sendable {
        let line: String
        let effect: String

        /// An example for help.
        package init(_ line: String, _ effect: String) {
            self.line = line
            self.effect = effect
        }
    }

    /// A command; it has subcommands, or does something itself.
    package init(
        _ name: String, summary: String, details: String = "", arguments: [any ArgumentDeclaration] = [],
        examples: [Example] = [], subcommands: [Command] = [], action: Action? = nil
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.arguments = arguments
        self.examples = examples
        self.subcommands = subcommands
        self.action = action
    }

    /// Whose settings these are, for a file of flat `name: value` lines.
    package struct Settings: Sendable {
        let origin: String
        /// By option name.
        package let values: [String: String]

        /// Settings by option name, from the file at `origin`.
        package init(origin: String, values: [String: String]) {
            self.origin = origin
            self.values = values
        }
    }

    /// The name of the command that `words` lead to, as one spells it: `ganglion fake create`.
    func spelling(in words: [String]) -> String {
        var command = self
        var names = [name]
        for word in words {
            guard let next = command.subcommands.first(where: { $0.name == word }) else { continue }
            command = next
            names.append(next.name)
        }
        return names.joined(separator: " ")
    }

    /// What a command line asks for.
    package enum Request: Sendable {
        /// Run `command` with `values`.
        case run(Command, ArgumentValues)
        /// Print this and end well: help or the version.
        case show(String)
    }

    /// Reads a command line.
    ///
    /// What is given on the command line counts before the environment, that before the settings, those before the
    /// default.
    ///
    /// - Parameters:
    ///   - words: without the program's own name.
    ///   - version: what `--version` prints.
    ///   - environment: looks up a variable.
    ///   - settings: what a settings file says; each key must be the name of an option or flag.
    package func parse(
        _ words: [String], version: String = Product.version, environment: (String) -> String? = { _ in nil },
        settings: Settings? = nil
    ) throws(ArgumentError) -> Request {
        var parser = Parser(root: self)
        guard try parser.read(words) else {
            return .show(parser.wantsVersion ? "\(name) \(version)\n" : parser.help())
        }
        return .run(parser.command, try parser.values(environment: environment, settings: settings))
    }
}

/// What this build is.
package enum Product {
    /// The version of all executables.
    package static let version = "0.1.0"
}
