// Every way in which a command line can be wrong, each with the mend.

/// Why a command cannot be run as it was given. Programs end with `exitCode` after printing it.
package enum ArgumentError: Error, Equatable {
    /// sysexits.h, EX_USAGE: the command was used incorrectly.
    package static let exitCode: Int32 = 64

    /// There is no such flag; `nearest` is the known one that looks most like it.
    case unknownOption(String, nearest: String?)
    /// There is no such command.
    case unknownCommand(String, known: [String], nearest: String?)
    /// No command was given where one is needed.
    case missingCommand(known: [String])
    /// The flag needs a value and is the last word.
    case missingValue(String, placeholder: String)
    /// A required flag or word was not given.
    case missing(String)
    /// A word too many.
    case unexpected(String)
    /// The text is no value of this flag.
    case invalid(origin: String, text: String, reason: String)
    /// The settings file has a key that is no flag's name.
    case unknownSetting(String, origin: String, nearest: String?)
    /// A line of the settings file is no flat `key: value`.
    case malformedSettings(origin: String, line: Int, reason: String)
}

extension ArgumentError: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .unknownOption(let option, let nearest):
            "unknown flag \(option)" + Self.hint(nearest)
        case .unknownCommand(let command, let known, let nearest):
            "unknown command \"\(command)\"" + (nearest.map { Self.hint($0) } ?? Self.list(known))
        case .missingCommand(let known):
            "a command is missing" + Self.list(known)
        case .missingValue(let option, let placeholder):
            "\(option) needs a value: \(option) \(placeholder)"
        case .missing(let spelling):
            "\(spelling) is missing and has no default: give it a value"
        case .unexpected(let word):
            "unexpected argument \"\(word)\": no more are taken"
        case .invalid(let origin, let text, let reason):
            "\(origin) is \"\(text)\", but it \(reason)"
        case .unknownSetting(let key, let origin, let nearest):
            "unknown setting \(key) in \(origin)" + Self.hint(nearest)
        case .malformedSettings(let origin, let line, let reason):
            "line \(line) of \(origin) \(reason)"
        }
    }

    private static func hint(_ nearest: String?) -> String {
        nearest.map { ": did you mean \($0)?" } ?? ""
    }

    private static func list(_ known: [String]) -> String {
        ": there is \(known.joined(separator: ", "))"
    }
}
