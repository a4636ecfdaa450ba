// What the text of an argument can become. A type says itself how it is read and what help calls it.

/// A value that can be given on a command line, in the environment or in a settings file.
package protocol ArgumentValue: Sendable {
    /// Reads the value.
    ///
    /// - Throws: `InvalidArgument`, whose reason completes the sentence "`--flag text`: it ...".
    init(argument: String) throws(InvalidArgument)

    /// The value as it would be given: what help shows as the default.
    var argumentText: String { get }

    /// What help calls the value, in capitals.
    static var placeholder: String { get }
}

/// Why a text is not a value.
package struct InvalidArgument: Error, Equatable, Sendable {
    /// What the text must be: "must be a whole number".
    package var reason: String

    /// An error with a reason of the form "must be ...".
    package init(_ reason: String) { self.reason = reason }
}

extension String: ArgumentValue {
    /// Every text is a string.
    package init(argument: String) { self = argument }
    /// The string itself.
    package var argumentText: String { self }
    /// TEXT
    package static var placeholder: String { "TEXT" }
}

extension Int: ArgumentValue {
    /// A decimal number.
    package init(argument: String) throws(InvalidArgument) {
        guard let value = Int(argument) else { throw InvalidArgument("must be a whole number") }
        self = value
    }
    /// In decimal.
    package var argumentText: String { String(self) }
    /// N
    package static var placeholder: String { "N" }
}

extension Double: ArgumentValue {
    /// A finite number.
    package init(argument: String) throws(InvalidArgument) {
        guard let value = Double(argument), value.isFinite else { throw InvalidArgument("must be a number") }
        self = value
    }
    /// In decimal.
    package var argumentText: String {
        self == rounded() && abs(self) < 1e15 ? String(Int(self)) : String(self)
    }
    /// NUMBER
    package static var placeholder: String { "NUMBER" }
}

extension Bool: ArgumentValue {
    /// true, yes, on or 1; false, no, off or 0.
    package init(argument: String) throws(InvalidArgument) {
        switch argument.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: throw InvalidArgument("must be true or false")
        }
    }
    /// true or false.
    package var argumentText: String { self ? "true" : "false" }
    /// BOOL
    package static var placeholder: String { "BOOL" }
}

extension Duration: ArgumentValue {
    /// A number with a unit: 250ms, 1.5s, 2m, 1h; not negative, at most ten years.
    package init(argument: String) throws(InvalidArgument) {
        let units: [(String, Double)] = [("ms", 1e-3), ("us", 1e-6), ("s", 1), ("m", 60), ("h", 3_600)]
        let reason = "must be a time with its unit, like 250ms, 10s, 2m or 1h"
        guard let (unit, seconds) = units.first(where: { argument.hasSuffix($0.0) }),
            let number = Double(argument.dropLast(unit.count)), number >= 0, number * seconds <= 315_360_000
        else { throw InvalidArgument(reason) }
        self = .seconds(number * seconds)
    }
    /// In the largest unit that gives a whole number.
    package var argumentText: String {
        let (seconds, attoseconds) = components
        if attoseconds != 0 {
            let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
            return microseconds % 1_000 == 0 ? "\(microseconds / 1_000)ms" : "\(microseconds)us"
        }
        if seconds != 0, seconds % 3_600 == 0 { return "\(seconds / 3_600)h" }
        if seconds != 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
    /// TIME
    package static var placeholder: String { "TIME" }
}

/// A value out of a fixed list: an enum of strings.
package protocol ArgumentChoice: ArgumentValue, CaseIterable, RawRepresentable<String> {}

extension ArgumentChoice {
    /// One of the raw values, exactly.
    package init(argument: String) throws(InvalidArgument) {
        guard let value = Self(rawValue: argument) else {
            throw InvalidArgument("must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = value
    }
    /// The raw value.
    package var argumentText: String { rawValue }
    /// The list: `debug|info|error`
    package static var placeholder: String { allCases.map(\.rawValue).joined(separator: "|") }
}
