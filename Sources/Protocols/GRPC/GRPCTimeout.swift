// The time a client gives to a call, as it stands in grpc-timeout (doc/PROTOCOL-HTTP2.md): at most eight digits and a
// unit.

/// grpc-timeout to and from a duration.
enum GRPCTimeout {
    /// Nil for what is no time-out.
    static func decode(_ text: String) -> Duration? {
        guard (2...9).contains(text.utf8.count), let unit = text.utf8.last,
            text.utf8.dropLast().allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
            let value = Int64(text.dropLast())
        else { return nil }
        switch unit {
        case UInt8(ascii: "H"): return .seconds(value * 3600)
        case UInt8(ascii: "M"): return .seconds(value * 60)
        case UInt8(ascii: "S"): return .seconds(value)
        case UInt8(ascii: "m"): return .milliseconds(value)
        case UInt8(ascii: "u"): return .microseconds(value)
        case UInt8(ascii: "n"): return .nanoseconds(value)
        default: return nil
        }
    }

    /// The finest unit that fits, rounded up; at least one nanosecond.
    static func encode(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0, seconds > 0 || attoseconds >= 1_000_000_000 else { return "1n" }
        let largest: Int64 = 99_999_999
        let units: [(perSecond: Int64, letter: String)] = [
            (1_000_000_000, "n"), (1_000_000, "u"), (1000, "m"), (1, "S"),
        ]
        for unit in units where seconds <= largest / unit.perSecond {
            let attosecondsPerUnit = 1_000_000_000_000_000_000 / unit.perSecond
            let fraction = attoseconds / attosecondsPerUnit + (attoseconds % attosecondsPerUnit == 0 ? 0 : 1)
            let value = seconds * unit.perSecond + fraction
            if value <= largest { return "\(value)\(unit.letter)" }
        }
        if seconds / 60 < largest { return "\(seconds / 60 + 1)M" }
        return "\(min(largest, seconds / 3600 + 1))H"
    }
}
