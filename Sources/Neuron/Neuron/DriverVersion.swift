// The driver's version decides which files there are and who may read them.

/// A version of the Neuron driver, as `/sys/module/neuron/version` has it.
package struct DriverVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The numbers between the dots, one to eight of them.
    package let parts: [Int]

    /// A version written as its numbers.
    package init(_ parts: Int...) { self.parts = parts }

    /// Reads `2.24.7.0`; nil when it is not numbers between dots.
    package init?(_ text: String) {
        var parts: [Int] = []
        for piece in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard let number = decimal(piece, maximum: 999_999_999), parts.count < 8 else { return nil }
            parts.append(Int(number))
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
    }

    /// `2.24.7.0`
    package var description: String { parts.map(String.init).joined(separator: ".") }

    /// Whether `a` is older.
    package static func < (a: DriverVersion, b: DriverVersion) -> Bool {
        for index in 0..<max(a.parts.count, b.parts.count) {
            let left = index < a.parts.count ? a.parts[index] : 0
            let right = index < b.parts.count ? b.parts[index] : 0
            if left != right { return left < right }
        }
        return false
    }

    /// From here on every user may read `core_count` and `connected_devices`.
    package static let readableByAll = DriverVersion(2, 28)
    /// From here on Trainium2 and 3 have `health_status/unhealthy_components` and counters of corrected errors.
    package static let componentHealth = DriverVersion(2, 30, 2)
}

/// A number of digits only, up to `maximum`; nil for anything else.
func decimal(_ text: some StringProtocol, maximum: UInt64 = .max) -> UInt64? {
    guard (1...20).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
        let number = UInt64(text), number <= maximum
    else { return nil }
    return number
}
