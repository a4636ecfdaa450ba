// Sizes as people write them: `64Gi`, `500M`, `1024`.

/// Counts of octets.
enum OctetCount {
    private static let units: [(String, Int)] = [
        ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40), ("k", 1_000), ("M", 1_000_000),
        ("G", 1_000_000_000), ("T", 1_000_000_000_000),
    ]

    /// Reads a whole number with one of Kubernetes' units, or none.
    ///
    /// - Returns: nil for what is none, or more than 2^62.
    static func parse(_ text: String) -> Int? {
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Int(text.dropLast(unit?.0.count ?? 0)), number >= 0 else { return nil }
        let (octets, overflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
        return overflow || octets > 1 << 62 ? nil : octets
    }
}
