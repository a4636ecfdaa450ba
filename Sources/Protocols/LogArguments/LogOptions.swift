// Every program's log is turned up and shaped the same way. Apart from the log itself, so that who only logs does not link
// the command line.

package import Arguments
package import Observability

extension LogLevel: ArgumentChoice {}
extension LogFormat: ArgumentChoice {}

/// The command line's options for logging.
package enum LogOptions {
    /// `--log-level`, or GANGLION_LOG_LEVEL.
    package static let level = Option(
        "log-level", default: LogLevel.info, environment: "GANGLION_LOG_LEVEL", help: "The least level to log"
    )
    /// `--log-format`, or GANGLION_LOG_FORMAT.
    package static let format = Option(
        "log-format", default: LogFormat.text, environment: "GANGLION_LOG_FORMAT",
        help: "The form of log lines")

    /// Both, for a command's list of arguments.
    package static let all: [any ArgumentDeclaration] = [level, format]

    /// A logger to standard error as the command line wants it.
    package static func logger(_ values: ArgumentValues) -> Logger {
        Logger(level: values[level], format: values[format])
    }
}
