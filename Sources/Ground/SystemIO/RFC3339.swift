// Kubernetes writes every time as RFC 3339. The calendar stands here once, so that nobody needs a date library, and
// with checked arithmetic, since times arrive from an API server.

/// A time of day as text: `2026-11-21T12:50:57.123456Z`.
public struct RFC3339: Hashable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    public var seconds: Int64
    /// Nanoseconds after `seconds`, 0 to 999,999,999.
    public var nanoseconds: Int64

    /// A moment by its seconds since 1970 and the nanoseconds after them.
    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Reads a time of the years 0 to 9999 with any fraction and offset (RFC 3339 §5.6); nil for anything else.
    ///
    /// Digits of the fraction after the ninth are dropped; the second may be 60 (§5.7).
    public init?(_ text: String) {
        var reader = Reader(Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T", or: "t"), let hour = reader.number(2),
            reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            (1...12).contains(month), (1...Self.days(of: month, in: year)).contains(day), hour < 24,
            minute < 60,
            second < 61, let nanoseconds = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let time = hour * 3_600 + minute * 60 + second - offset
        self.init(
            seconds: Int64(Self.days(year: year, month: month, day: day) * 86_400 + time),
            nanoseconds: nanoseconds)
    }

    /// The time in UTC.
    ///
    /// - Parameter digits: of the fraction, 0 to 9; `metav1.Time` has 0, `MicroTime` 6.
    public func text(digits: Int = 0) -> String {
        let days = seconds.dividedDown(by: 86_400)
        let rest = seconds - days * 86_400
        let (year, month, day) = Self.date(days: days)
        var text = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        text += "T\(padded(rest / 3_600, 2)):\(padded(rest / 60 % 60, 2)):\(padded(rest % 60, 2))"
        if digits > 0 { text += "." + padded(nanoseconds, 9).prefix(digits) }
        return text + "Z"
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

extension RFC3339 {
    /// How many days a month has in the Gregorian calendar.
    private static func days(of month: Int, in year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Howard Hinnant's `days_from_civil`: days since 1970-01-01 of the proleptic Gregorian calendar.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Howard Hinnant's `civil_from_days`, the inverse.
    private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days + 719_468
        let era = z.dividedDown(by: 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let mp = (5 * dayOfYear + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * mp + 2) / 5 + 1)
    }

    /// Takes the parts of a time from its octets.
    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        private mutating func digit() -> Int? {
            guard position < bytes.count, (0x30...0x39).contains(bytes[position]) else { return nil }
            defer { position += 1 }
            return Int(bytes[position] - 0x30)
        }

        /// Exactly `count` digits.
        mutating func number(_ count: Int) -> Int? {
            var value = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        mutating func take(_ character: Unicode.Scalar, or other: Unicode.Scalar? = nil) -> Bool {
            guard position < bytes.count else { return false }
            let scalar = Unicode.Scalar(bytes[position])
            guard scalar == character || scalar == other else { return false }
            position += 1
            return true
        }

        /// Nanoseconds; 0 where there is no fraction, nil for a point without digits.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            guard var value = digit().map(Int64.init) else { return nil }
            value *= 100_000_000
            var scale: Int64 = 10_000_000
            while let digit = digit() {
                value += Int64(digit) * scale
                scale /= 10
            }
            return value
        }

        /// Seconds east of Greenwich; nil where there is no offset.
        mutating func offset() -> Int? {
            if take("Z", or: "z") { return 0 }
            let west = take("-")
            guard west || take("+"), let hours = number(2), take(":"), let minutes = number(2) else {
                return nil
            }
            return (hours * 60 + minutes) * (west ? -60 : 60)
        }
    }
}

extension Int64 {
    /// The quotient rounded towards minus infinity; `divisor` is positive.
    fileprivate func dividedDown(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
