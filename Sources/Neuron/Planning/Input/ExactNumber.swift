// Sizes are read into integers, never through floating point: two halves must make a whole.

/// A number as it is written, times a power of ten.
struct ExactNumber: Equatable {
    /// The digits.
    var digits: Int
    /// Digits behind the point.
    var decimals: Int

    /// Reads `12`, `7.4`, `.5`; nil for anything else, for a sign, for more than 15 digits.
    init?(_ text: some StringProtocol) {
        var digits = 0
        var decimals = 0
        var count = 0
        var hasPoint = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
                continue
            }
            guard (48...57).contains(byte), count < 15 else { return nil }
            digits = digits * 10 + Int(byte - 48)
            count += 1
            if hasPoint { decimals += 1 }
        }
        guard count > 0 else { return nil }
        self.digits = digits
        self.decimals = decimals
    }

    /// The number times `factor`, rounded up; nil where that is beyond 2^62.
    func times(_ factor: Int) -> Int? {
        var divisor = 1
        for _ in 0..<decimals { divisor *= 10 }
        let product = UInt64(digits).multipliedFullWidth(by: UInt64(max(factor, 0)))
        guard product.high < UInt64(divisor) else { return nil }
        let (quotient, rest) = UInt64(divisor).dividingFullWidth(product)
        guard quotient < 1 << 62 else { return nil }
        return Int(quotient) + (rest > 0 ? 1 : 0)
    }

    /// Nearly the number, to print or to reckon with.
    var value: Double {
        var value = Double(digits)
        for _ in 0..<decimals { value /= 10 }
        return value
    }
}

/// An amount of memory in octets.
enum MemorySize {
    private static let units: [(String, Int)] = [
        ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("tib", 1 << 40), ("ki", 1 << 10),
        ("mi", 1 << 20),
        ("gi", 1 << 30), ("ti", 1 << 40), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000), ("k", 1_000), ("m", 1_000_000), ("g", 1_000_000_000), ("b", 1),
    ]

    /// Reads `800MB`, `7.4 GB`, `1.5Gi`; a number alone is in GB, as in the seed's tables. nil for anything else.
    static func octets(_ text: String) -> Int? {
        let lower = text.lowercased()
        for (suffix, factor) in units where lower.hasSuffix(suffix) {
            return ExactNumber(String(lower.dropLast(suffix.count)).trimmed())?.times(factor)
        }
        return ExactNumber(lower)?.times(1_000_000_000)
    }

    /// `7.4 GB`: three significant digits or so.
    static func text(_ octets: Int) -> String {
        if octets >= 1_000_000_000 { return Money.decimal(Double(octets) / 1e9, 2, trim: true) + " GB" }
        return Money.decimal(Double(octets) / 1e6, 1, trim: true) + " MB"
    }
}
