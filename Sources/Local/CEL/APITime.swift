// Kubernetes times are RFC 3339 in UTC: seconds in object metadata, microseconds in leases and events.

internal import SystemIO

/// A moment in microseconds since 1970, UTC.
package struct APITime: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package var microseconds: Int64

    /// A moment by its microseconds since 1970.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// The present moment of the system's clock.
    package static var now: APITime { APITime(microseconds: WallClock.now / 1_000) }

    /// Earlier before later.
    package static func < (left: APITime, right: APITime) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Whole seconds since 1970.
    package var seconds: Int64 { microseconds / 1_000_000 }

    /// This moment moved by whole seconds, which may be negative.
    package func adding(seconds: Int64) -> APITime {
        APITime(microseconds: microseconds &+ seconds &* 1_000_000)
    }

    /// `2026-11-21T12:50:57Z`, the form of metav1.Time.
    package var text: String { moment.text() }

    /// `2026-11-21T12:50:57.000000Z`, the form of metav1.MicroTime.
    package var microText: String { moment.text(digits: 6) }

    private var moment: RFC3339 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0
            ? RFC3339(seconds: quotient - 1, nanoseconds: (remainder + 1_000_000) * 1_000)
            : RFC3339(seconds: quotient, nanoseconds: remainder * 1_000)
    }

    /// Reads RFC 3339 of the years 0 to 9999 with any fraction and offset; nil for anything else.
    package init?(_ text: String) {
        guard let moment = RFC3339(text) else { return nil }
        microseconds = moment.seconds * 1_000_000 + moment.nanoseconds / 1_000
    }

    /// How kubectl writes an age: `5s`, `3m12s`, `4h`, `2d3h`, `1y20d` (k8s.io/apimachinery duration.HumanDuration).
    package static func humanDuration(seconds: Int64) -> String {
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return seconds % 60 == 0 ? "\(minutes)m" : "\(minutes)m\(seconds % 60)s" }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return minutes % 60 == 0 ? "\(hours)h" : "\(hours)h\(minutes % 60)m" }
        if hours < 48 { return "\(hours)h" }
        if hours < 192 { return hours % 24 == 0 ? "\(hours / 24)d" : "\(hours / 24)d\(hours % 24)h" }
        if hours < 24 * 365 * 2 { return "\(hours / 24)d" }
        let days = hours / 24
        if days < 365 * 8 { return days % 365 == 0 ? "\(days / 365)y" : "\(days / 365)y\(days % 365)d" }
        return "\(days / 365)y"
    }
}
