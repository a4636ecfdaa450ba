// Who a request belongs to, as W3C's Trace Context has it: logged beside what has gone wrong, so that it is found from the
// client's side.

/// The trace of a request.
struct TraceContext: Equatable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    let trace: String
    /// The caller's span: 16 hexadecimal digits, not all zero.
    let span: String

    /// Reads the field `traceparent`; nil for what is none, which is taken as if it were not there (§3.2.2.3 and §4.3).
    init?(_ text: String?) {
        guard let text else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff",
            parts[0] != "00" || parts.count == 4, Self.isHexadecimal(parts[1], 32),
            Self.isHexadecimal(parts[2], 16), Self.isHexadecimal(parts[3], 2),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        trace = String(parts[1])
        span = String(parts[2])
    }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
    }
}
