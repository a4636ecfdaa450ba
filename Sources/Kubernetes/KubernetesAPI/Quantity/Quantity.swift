// Amounts of resources: "4", "1500m", "2Gi", "1e3" (apimachinery resource.Quantity). They are exact: a number and a power of
// ten, so that a sum of a thousand requests is what the scheduler says it is.

/// A Kubernetes quantity.
///
/// Two quantities are equal when they are the same amount, however they are written. No amount has more than nine decimal
/// places: what is finer is rounded away from zero, as in Kubernetes.
public struct Quantity: Sendable {
    /// How a quantity is written.
    public enum Format: UInt8, Sendable {
        /// With `n`, `u`, `m`, `k`, `M`, `G`, `T`, `P`, `E`.
        case decimal
        /// With `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`.
        case binary
        /// With `e3`.
        case exponent
    }

    /// The amount is `number` × 10^`scale`; `number` does not end in a zero, except that zero is 0 × 10^0.
    let number: Int64
    /// At least -9.
    let scale: Int8
    /// How it was written, which its canonical form keeps.
    public let format: Format

    /// The quantity `0`.
    public static let zero = Quantity(0)

    /// A whole amount.
    public init(_ amount: Int, format: Format = .decimal) {
        self.init(Int128(amount), scale: 0, format: format)
    }

    /// An amount in thousandths.
    public init(milli: Int64, format: Format = .decimal) {
        self.init(Int128(milli), scale: -3, format: format)
    }

    /// The amount in its normal form. One that has more digits than fit is rounded away from zero, one that is larger than
    /// anything is the largest.
    init(_ amount: Int128, scale: Int, format: Format) {
        var amount = amount
        var scale = scale
        let isNegative = amount < 0
        var isCut = false
        while amount != 0,
            scale < -9 || amount % 10 == 0 || amount > Int128(Int64.max) || amount < Int128(Int64.min)
        {
            let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: 10)
            isCut = isCut || remainder != 0
            amount = quotient
            scale += 1
            // Rounded once, when nothing more is dropped: 1.9999 is 2, not 2.1.
            let isEnough =
                scale >= -9 && amount <= Int128(Int64.max) - 1 && amount >= Int128(Int64.min) + 1
            if isCut, isEnough {
                amount += isNegative ? -1 : 1
                isCut = false
            }
        }
        if amount == 0 {
            amount = isCut ? (isNegative ? -1 : 1) : 0
            scale = isCut ? -9 : 0
        }
        self.number = Int64(clamping: amount)
        self.scale = Int8(clamping: scale)
        self.format = format
    }

    /// Whether it is nothing.
    public var isZero: Bool { number == 0 }

    /// Whether it is an integer that fits 64 bits.
    public var isWhole: Bool { self == Quantity(Int(value)) }

    /// The amount in whole units, rounded away from zero, kept inside 64 bits (Go's `Value`).
    public var value: Int64 { scaled(by: 0) }

    /// The amount in thousandths, rounded away from zero, kept inside 64 bits (Go's `MilliValue`).
    public var milliValue: Int64 { scaled(by: 3) }

    /// The amount times 10^`digits`, rounded away from zero, kept inside 64 bits.
    private func scaled(by digits: Int) -> Int64 {
        let power = Int(scale) + digits
        guard power < 0 else {
            let product = Self.times(Int128(number), power)
            return product.map { Int64(clamping: $0) } ?? (number < 0 ? .min : .max)
        }
        let divisor = Self.times(1, -power) ?? 1
        let (quotient, remainder) = Int128(number).quotientAndRemainder(dividingBy: divisor)
        return Int64(clamping: remainder == 0 ? quotient : quotient + (number < 0 ? -1 : 1))
    }

    /// `number` × 10^`power`, nil where it does not fit 128 bits.
    static func times(_ number: Int128, _ power: Int) -> Int128? {
        var product = number
        for _ in 0..<power {
            let (next, overflow) = product.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            product = next
        }
        return product
    }
}

extension Quantity: Hashable, Comparable {
    /// By amount.
    public static func == (left: Quantity, right: Quantity) -> Bool {
        left.number == right.number && left.scale == right.scale
    }

    /// By amount.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(scale)
    }

    /// By amount.
    public static func < (left: Quantity, right: Quantity) -> Bool {
        let common = min(left.scale, right.scale)
        let first = times(Int128(left.number), Int(left.scale) - Int(common))
        let second = times(Int128(right.number), Int(right.scale) - Int(common))
        // Only the one of the larger scale is multiplied; where it does not fit it is larger than any other.
        if let first, let second { return first < second }
        return first == nil ? left.number < 0 : right.number > 0
    }
}

extension Quantity: AdditiveArithmetic {
    /// The sum, written as the first is, or as the second where the first is nothing.
    public static func + (left: Quantity, right: Quantity) -> Quantity {
        let format = left.isZero ? right.format : left.format
        let common = min(left.scale, right.scale)
        guard let first = times(Int128(left.number), Int(left.scale) - Int(common)),
            let second = times(Int128(right.number), Int(right.scale) - Int(common))
        else {
            // Beside such an amount the other is not even a digit.
            return left.scale > right.scale ? left : right
        }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return Quantity(overflow ? (first < 0 ? .min : .max) : sum, scale: Int(common), format: format)
    }

    /// The difference.
    public static func - (left: Quantity, right: Quantity) -> Quantity { left + -right }

    /// The amount with the other sign.
    public static prefix func - (quantity: Quantity) -> Quantity {
        Quantity(-Int128(quantity.number), scale: Int(quantity.scale), format: quantity.format)
    }
}

extension Quantity: ExpressibleByIntegerLiteral {
    /// A whole amount.
    public init(integerLiteral value: Int) { self.init(value) }
}
