import GanglionCommands
import Testing

@testable import Arguments

/// A command with the words that lead to it.
struct Named: CustomTestStringConvertible, Sendable {
    var words: [String]
    var command: Command

    var testDescription: String { words.joined(separator: " ") }

    /// The command and all below it.
    static func all(_ command: Command, _ words: [String] = []) -> [Named] {
        let words = words + [command.name]
        return [Named(words: words, command: command)] + command.subcommands.flatMap { all($0, words) }
    }
}

@Suite("The command line")
struct HelpTests {
    @Test("every command explains itself", arguments: Named.all(GanglionCommand.command))
    func help(named: Named) throws {
        let request = try GanglionCommand.command.parse(Array(named.words.dropFirst()) + ["--help"])
        guard case .show(let text) = request else {
            Issue.record("\(named.words) runs instead of explaining itself")
            return
        }
        #expect(text.contains(named.words.joined(separator: " ")))
        #expect(!named.command.summary.isEmpty && !named.command.summary.hasSuffix("."))
    }

    @Test("no two commands beside each other have one name", arguments: Named.all(GanglionCommand.command))
    func names(named: Named) {
        let names = named.command.subcommands.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(
        "every example is a command line that is accepted",
        arguments: (GanglionCommand.programs.flatMap { Named.all($0) } + Named.all(GanglionCommand.command))
            .flatMap { named in named.command.examples.map(\.line) })
    func examples(line: String) throws {
        // What a shell would make of it: variables before, redirections and further commands behind.
        let words = line.split(separator: " ").map(String.init).drop {
            $0.contains("=") && !$0.hasPrefix("-")
        }
        .prefix { !["|", ">", "&", "&&", "2>"].contains($0) }
        let programs = GanglionCommand.programs + [GanglionCommand.command]
        let program = try #require(programs.first { $0.name == words.first }, "\(line): no such program")
        _ = try program.parse(Array(words.dropFirst()))
    }
}
