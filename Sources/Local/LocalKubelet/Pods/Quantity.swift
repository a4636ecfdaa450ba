// Kubernetes writes amounts as "500m", "1Gi", "2e3". The kubelet needs them to add up what pods ask for.

/// Amounts in thousandths, so that half a CPU is whole.
enum Quantity {
    private static let suffixes: [(String, Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("Pi", 1_125_899_906_842_624), ("Ei", 1_152_921_504_606_846_976), ("n", 1e-9), ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]

    /// The amount in thousandths, rounded up and at most what fits; nil where the text is no quantity.
    static func thousandths(_ text: String) -> Int64? {
        var number = text[...]
        var factor = 1.0
        if let found = suffixes.first(where: { text.hasSuffix($0.0) }) {
            number = text.dropLast(found.0.count)
            factor = found.1
        }
        guard let first = number.first, first.isNumber || "+-.".contains(first),
            let value = Double(number), value.isFinite
        else { return nil }
        let result = (value * factor * 1000).rounded(.up)
        if result >= 9.2e18 { return .max }
        return result <= -9.2e18 ? .min : Int64(result)
    }

    /// The amount in whole units, rounded up as Go's `Quantity.Value` does; nil where the text is no
    /// quantity.
    static func value(_ text: String) -> Int? {
        guard let thousandths = thousandths(text) else { return nil }
        let (quotient, remainder) = thousandths.quotientAndRemainder(dividingBy: 1000)
        return Int(quotient) + (remainder > 0 ? 1 : 0)
    }
}
