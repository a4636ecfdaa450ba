// Kubernetes writes moments as RFC 3339 in UTC: Time in whole seconds, MicroTime with six digits. Leases and events of
// events.k8s.io are refused with any other form.

internal import SystemIO

/// A point in time, as Kubernetes objects carry it.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    /// A moment by its distance from the epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Reads RFC 3339 of the years 0 to 9999 with any fraction and offset; nil for anything else.
    public init?(_ text: String) {
        guard let moment = RFC3339(text) else { return nil }
        microseconds = moment.seconds * 1_000_000 + moment.nanoseconds / 1_000
    }

    /// The wall clock.
    public static var now: Timestamp { Timestamp(microseconds: WallClock.now / 1_000) }

    /// As `metav1.Time`: `2026-01-01T00:00:00Z`.
    public var text: String { moment.text() }

    /// As `metav1.MicroTime`: `2026-01-01T00:00:00.000000Z`.
    public var microText: String { moment.text(digits: 6) }

    /// Whole seconds since 1970, rounded down.
    public var seconds: Int64 { moment.seconds }

    /// This moment as `metav1.Time` has it: without what is less than a second.
    public var wholeSeconds: Timestamp { Timestamp(microseconds: seconds &* 1_000_000) }

    /// This moment moved by whole seconds, which may be negative.
    public func adding(seconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds &+ seconds &* 1_000_000)
    }

    /// By time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    private var moment: RFC3339 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0
            ? RFC3339(seconds: quotient - 1, nanoseconds: (remainder + 1_000_000) * 1_000)
            : RFC3339(seconds: quotient, nanoseconds: remainder * 1_000)
    }
}

extension Timestamp: Codable {
    /// Reads RFC 3339.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let moment = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is no time as RFC 3339 has them")
        }
        self = moment
    }

    /// As `metav1.Time`, in whole seconds.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A moment that is written with six digits of a second.
@propertyWrapper
public struct MicroTime: Codable, Hashable, Sendable, DefaultInitializable {
    /// The moment, nil where it is not set.
    public var wrappedValue: Timestamp?

    /// Not set.
    public init() {}

    /// The moment, nil where it is not set.
    public init(wrappedValue: Timestamp?) { self.wrappedValue = wrappedValue }

    /// Reads RFC 3339.
    public init(from decoder: any Decoder) throws { wrappedValue = try Timestamp(from: decoder) }

    /// As `metav1.MicroTime`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue?.microText)
    }
}
