// Time-outs run on the monotonic clock, stamps on the wall clock; nothing here needs Foundation.

internal import CLinux
internal import Glibc

/// Nanoseconds that never jump.
public enum MonotonicClock {
    /// Nanoseconds since an arbitrary point, the boot of the machine.
    public static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// The same as a duration: only differences mean anything.
    public static var time: Duration { .nanoseconds(Int64(clamping: now)) }
}

/// The time of day.
public enum WallClock {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// RFC 3339 in UTC, as Kubernetes writes times.
    ///
    /// - Parameters:
    ///   - nanoseconds: since 1970.
    ///   - digits: of the fraction, 0 to 9; `metav1.Time` has 0, `MicroTime` 6.
    public static func timestamp(_ nanoseconds: Int64 = now, digits: Int = 0) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let moment =
            rest < 0
            ? RFC3339(seconds: seconds - 1, nanoseconds: rest + 1_000_000_000)
            : RFC3339(seconds: seconds, nanoseconds: rest)
        return moment.text(digits: digits)
    }

    /// Reads an RFC 3339 time as nanoseconds since 1970; nil where it is none, or none of the years 1678 to 2262,
    /// whose nanoseconds 64 bits can count.
    public static func parse(_ text: String) -> Int64? {
        guard let moment = RFC3339(text) else { return nil }
        let (nanoseconds, overflow) = moment.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = nanoseconds.addingReportingOverflow(moment.nanoseconds)
        return overflow || carry ? nil : sum
    }
}

extension Duration {
    /// Whole nanoseconds, at least 0, at most what fits.
    public var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (high, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = high.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        return overflow || carry ? .max : sum
    }
}
