// What a field of a log line can be. A value writes itself in the form that reads best: a duration as 12ms.

internal import Text

/// A value of a log field.
public protocol LogValue: Sendable {
    /// As text, not yet quoted.
    var logText: String { get }
    /// Is the text a number or a literal of JSON as it stands?
    var isJSONLiteral: Bool { get }
}

extension LogValue {
    /// Most values are text.
    public var isJSONLiteral: Bool { false }
}

extension LogValue where Self: FixedWidthInteger {
    /// In decimal.
    public var logText: String { String(self) }
    /// A number.
    public var isJSONLiteral: Bool { true }
}

extension Int: LogValue {}
extension Int32: LogValue {}
extension Int64: LogValue {}
extension UInt32: LogValue {}
extension UInt64: LogValue {}

extension String: LogValue {
    /// The string itself.
    public var logText: String { self }
}

extension Bool: LogValue {
    /// true or false.
    public var logText: String { self ? "true" : "false" }
    /// A literal.
    public var isJSONLiteral: Bool { true }
}

extension Double: LogValue {
    /// At most three decimals.
    public var logText: String {
        guard isFinite, magnitude < 1e15 else { return "\(self)" }
        let rounded = (self * 1_000).rounded() / 1_000
        return rounded == rounded.rounded() ? String(Int64(rounded)) : "\(rounded)"
    }
    /// A number, unless it is none.
    public var isJSONLiteral: Bool { isFinite }
}

extension Duration: LogValue {
    /// With the unit that leaves a number above 1: 850us, 12ms, 1.5s.
    public var logText: String {
        let total = inSeconds
        if total.magnitude >= 1 { return total.logText + "s" }
        let milliseconds = total * 1e3
        if milliseconds.magnitude >= 10 { return "\(Int64(milliseconds.rounded()))ms" }
        if milliseconds.magnitude >= 1 { return ((milliseconds * 10).rounded() / 10).logText + "ms" }
        return "\(Int64((total * 1e6).rounded()))us"
    }
}

extension Array: LogValue where Element: LogValue {
    /// With commas between.
    public var logText: String { map(\.logText).joined(separator: ",") }
}

extension Optional: LogValue where Wrapped: LogValue {
    /// The value, or a dash.
    public var logText: String { map(\.logText) ?? "-" }
    /// As the value is.
    public var isJSONLiteral: Bool { map(\.isJSONLiteral) ?? false }
}
