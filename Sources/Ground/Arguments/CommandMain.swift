// From the process's arguments to its exit code.

internal import Glibc

extension Command {
    /// Runs what the process was asked to do and ends it.
    ///
    /// Exit codes: 0, also for help and the version; 64 for a command line that is wrong; 1 for an error that the
    /// action throws, which is printed as one line on standard error.
    package func main() async -> Never {
        let words = Array(CommandLine.arguments.dropFirst())
        let request: Request
        do throws(ArgumentError) {
            request = try parse(words, environment: Self.environment)
        } catch {
            Self.complain("\(name): \(error)\nRun \"\(spelling(in: words)) --help\" for what it takes.")
            exit(ArgumentError.exitCode)
        }
        switch request {
        case .show(let text):
            print(text, terminator: "")
        case .run(let command, let values):
            do {
                try await command.action?(values)
            } catch let error as ArgumentError {
                Self.complain("\(name): \(error)")
                exit(ArgumentError.exitCode)
            } catch {
                Self.complain("\(name): \(error)")
                exit(1)
            }
        }
        exit(0)
    }

    /// The value of an environment variable of this process, or nil.
    package static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
