// Resource quantities ("4", "1500m", "2Gi", "1e3"): scheduling adds them up and validation prints them in their canonical
// form, as k8s.io/apimachinery resource.Quantity does.

/// A Kubernetes resource quantity, exact to a thousandth.
package struct ResourceQuantity: Hashable, Comparable, Sendable {
    /// The amount in thousandths.
    package var milli: Int64
    /// Whether it was written with a binary suffix (Ki, Mi, ...), which its canonical form keeps.
    var binary: Bool

    /// A quantity of so many thousandths.
    package init(milli: Int64, binary: Bool = false) {
        self.milli = milli
        self.binary = binary
    }

    /// Smaller before larger.
    package static func < (left: ResourceQuantity, right: ResourceQuantity) -> Bool {
        left.milli < right.milli
    }

    private static let suffixes: [(String, Int64, Bool)] = [
        ("Ki", 1 << 10, true), ("Mi", 1 << 20, true), ("Gi", 1 << 30, true), ("Ti", 1 << 40, true),
        ("Pi", 1 << 50, true), ("k", 1_000, false), ("M", 1_000_000, false), ("G", 1_000_000_000, false),
        ("T", 1_000_000_000_000, false), ("P", 1_000_000_000_000_000, false),
    ]

    /// Reads a quantity; nil for text that is none or does not fit. Amounts below a thousandth are rounded up.
    package init?(_ text: String) {
        var digits = Substring(text)
        var scale: Int64 = 1_000
        binary = false
        if let (suffix, factor, isBinary) = Self.suffixes.first(where: { text.hasSuffix($0.0) }) {
            digits = digits.dropLast(suffix.count)
            let (product, overflow) = factor.multipliedReportingOverflow(by: 1_000)
            guard !overflow else { return nil }
            scale = product
            binary = isBinary
        } else if text.hasSuffix("m") {
            digits = digits.dropLast()
            scale = 1
        }
        var exponent = 0
        if let mark = digits.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let value = Int(digits[digits.index(after: mark)...]), (-18...18).contains(value) else {
                return nil
            }
            exponent = value
            digits = digits[..<mark]
        }
        var negative = false
        if let first = digits.first, first == "-" || first == "+" {
            negative = first == "-"
            digits = digits.dropFirst()
        }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !digits.isEmpty, digits != "." else { return nil }
        let fraction = parts.count > 1 ? parts[1] : ""
        let all = whole + fraction
        guard all.allSatisfy({ $0.isASCII && $0.isNumber }), all.count <= 18, let value = Int64(all) else {
            return nil
        }
        var power = exponent - fraction.count
        var result = value
        let (scaled, overflow) = result.multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        result = scaled
        while power > 0 {
            let (next, overflow) = result.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            result = next
            power -= 1
        }
        var remainder = false
        while power < 0 {
            remainder = remainder || result % 10 != 0
            result /= 10
            power += 1
        }
        if remainder { result += 1 }
        milli = negative ? -result : result
    }

    /// The canonical form: the largest suffix that keeps the number whole.
    package var text: String {
        if milli % 1_000 != 0 { return "\(milli)m" }
        let value = milli / 1_000
        if value == 0 { return "0" }
        let table = Self.suffixes.filter { $0.2 == binary }.reversed()
        for (suffix, factor, _) in table where value % factor == 0 { return "\(value / factor)\(suffix)" }
        return "\(value)"
    }

    /// The amount rounded up to whole units.
    package var roundedUp: Int64 { milli / 1_000 + (milli % 1_000 > 0 ? 1 : 0) }

    /// The sum, kept inside 64 bits.
    package static func + (left: ResourceQuantity, right: ResourceQuantity) -> ResourceQuantity {
        let (sum, overflow) = left.milli.addingReportingOverflow(right.milli)
        return ResourceQuantity(milli: overflow ? .max : sum, binary: left.binary || right.binary)
    }

    /// The difference, kept inside 64 bits.
    package static func - (left: ResourceQuantity, right: ResourceQuantity) -> ResourceQuantity {
        let (difference, overflow) = left.milli.subtractingReportingOverflow(right.milli)
        return ResourceQuantity(milli: overflow ? .min : difference, binary: left.binary || right.binary)
    }
}
