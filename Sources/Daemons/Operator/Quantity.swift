// Kubernetes quantities (`500m`, `32Gi`, `4`), as far as a scheduler compares them.

internal import JSON

/// An amount in thousandths.
struct Quantity: Hashable, Comparable, Sendable {
    /// Thousandths; amounts beyond 64 bits are cut off.
    var thousandths: Int64

    /// An amount in thousandths.
    init(thousandths: Int64) { self.thousandths = thousandths }

    /// Reads a quantity as it stands in an object; nil where it is none or negative.
    init?(_ json: JSON?) {
        switch json {
        case .int(let value) where value >= 0:
            let (product, overflow) = value.multipliedReportingOverflow(by: 1000)
            thousandths = overflow ? .max : product
        case .double(let value) where value >= 0:
            thousandths = Self.clamped(value * 1000)
        case .string(let text):
            guard let value = Self.parse(text) else { return nil }
            thousandths = value
        default:
            return nil
        }
    }

    /// Whole units, rounded down.
    var units: Int { Int(clamping: thousandths / 1000) }

    /// By amount.
    static func < (left: Quantity, right: Quantity) -> Bool { left.thousandths < right.thousandths }

    /// The sum, cut off at 64 bits.
    static func + (left: Quantity, right: Quantity) -> Quantity {
        let (sum, overflow) = left.thousandths.addingReportingOverflow(right.thousandths)
        return Quantity(thousandths: overflow ? .max : sum)
    }

    private static let factors: [String: Double] = [
        "": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776,
        "Pi": 1_125_899_906_842_624,
        "Ei": 1_152_921_504_606_846_976,
    ]

    private static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(digits.count)
        if suffix.isEmpty, let whole = Int64(digits) {
            let (product, overflow) = whole.multipliedReportingOverflow(by: 1000)
            return overflow ? .max : product
        }
        guard let number = Double(digits) else { return nil }
        if let factor = factors[String(suffix)] { return clamped((number * factor * 1000).rounded(.up)) }
        guard suffix.first == "e" || suffix.first == "E", let scaled = Double(text), scaled >= 0 else {
            return nil
        }
        return clamped((scaled * 1000).rounded(.up))
    }

    private static func clamped(_ value: Double) -> Int64 {
        value.isFinite && value < 9.2e18 ? Int64(value) : .max
    }
}
