// Structured logging: one event a line, fields instead of sentences, so that a log can be searched and counted.
// Standard error takes each line in one write, so lines of several threads do not mix.

internal import Glibc
internal import Synchronization
internal import SystemIO

/// How much a line matters.
public enum LogLevel: String, CaseIterable, Comparable, CustomStringConvertible, Sendable {
    /// For whoever looks for a fault.
    case debug
    /// What has happened that an operator wants to know.
    case info
    /// Something is wrong, and the program goes on and mends it or waits.
    case warning
    /// Something that was asked for could not be done.
    case error

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    /// The raw value.
    public var description: String { rawValue }
    /// By how much it matters.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// Writes events.
///
///     log.info("registered", ["resource": name, "devices": 24, "took": clock.now - start])
///
/// Copies share one output, so `level` can be changed for all of them while the program runs.
public struct Logger: Sendable {
    /// Fields in the order in which they are written.
    public typealias Fields = KeyValuePairs<String, any LogValue>

    private let output: Output
    private let fields: [(String, any LogValue)]

    /// Where lines go, and which.
    private final class Output: Sendable {
        let level: Atomic<UInt8>
        let format: LogFormat
        let write: @Sendable ([UInt8]) -> Void

        init(_ level: LogLevel, _ format: LogFormat, _ write: @escaping @Sendable ([UInt8]) -> Void) {
            self.level = Atomic(Self.code(level))
            self.format = format
            self.write = write
        }

        static func code(_ level: LogLevel) -> UInt8 {
            UInt8(truncatingIfNeeded: LogLevel.allCases.firstIndex(of: level) ?? 0)
        }
    }

    /// A logger.
    ///
    /// - Parameters:
    ///   - level: the least level that is written.
    ///   - format: text for people, JSON for machines.
    ///   - write: takes a whole line with its line end; standard error when left out.
    public init(
        level: LogLevel = .info, format: LogFormat = .text,
        write: @escaping @Sendable ([UInt8]) -> Void = Logger.standardError
    ) {
        output = Output(level, format, write)
        fields = []
    }

    private init(_ output: Output, _ fields: [(String, any LogValue)]) {
        self.output = output
        self.fields = fields
    }

    /// A logger that writes nothing.
    public static let silent = Logger(level: .error, write: { _ in })

    /// The least level that is written, by this logger and by all that come from the same one.
    public var level: LogLevel {
        get { LogLevel.allCases[Int(output.level.load(ordering: .relaxed))] }
        nonmutating set { output.level.store(Output.code(newValue), ordering: .relaxed) }
    }

    /// A logger that writes these fields with every event.
    public func with(_ more: Fields) -> Logger {
        Logger(output, fields + more.map { ($0.key, $0.value) })
    }

    /// For whoever looks for a fault. Nothing is computed when the level is off.
    public func debug(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        log(.debug, message(), fields())
    }
    /// What has happened that an operator wants to know.
    public func info(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        log(.info, message(), fields())
    }
    /// Something is wrong, and the program goes on.
    public func warning(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        log(.warning, message(), fields())
    }
    /// Something that was asked for could not be done.
    public func error(_ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]) {
        log(.error, message(), fields())
    }

    /// Writes an event if its level is on.
    public func log(
        _ level: LogLevel, _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Fields = [:]
    ) {
        guard Output.code(level) >= output.level.load(ordering: .relaxed) else { return }
        let all = self.fields + fields().map { ($0.key, $0.value) }
        let line = LogLine(
            time: WallClock.timestamp(WallClock.now, digits: 3), level: level, message: message(), fields: all
        )
        output.write(line.bytes(output.format))
    }

    /// Writes to standard error, in one piece unless the system takes only part of it.
    public static let standardError: @Sendable ([UInt8]) -> Void = { bytes in
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                buffer.baseAddress.map { write(STDERR_FILENO, $0 + written, buffer.count - written) } ?? -1
            }
            if count < 0, errno == EINTR { continue }
            // Nobody reads: a program does not stop for its log.
            guard count > 0 else { return }
            written += count
        }
    }
}
