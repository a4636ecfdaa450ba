// Kubernetes writes times as RFC 3339 in UTC: Time in whole seconds, MicroTime with six digits. Lease and Event objects
// are refused with any other form.

internal import SystemIO

/// A point in time, as Kubernetes objects carry it.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    package var microseconds: Int64

    /// A time by its distance from the epoch.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// The wall clock.
    package static var now: Timestamp { Timestamp(microseconds: WallClock.now / 1000) }

    /// As `metav1.Time`: `2026-01-01T00:00:00Z`.
    package var seconds: String { WallClock.timestamp(nanoseconds) }

    /// As `metav1.MicroTime`: `2026-01-01T00:00:00.000000Z`.
    package var micro: String { WallClock.timestamp(nanoseconds, digits: 6) }

    /// By time.
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    private var nanoseconds: Int64 {
        let (product, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (microseconds < 0 ? .min : .max) : product
    }
}
