// Vectors are lists of thousands of numbers, and a string made for each of them costs more than its digits. Numbers whose
// digits are written out without an exponent go straight into the document; the few others are left to the library.

/// The decimal of fewest digits that means a number of single precision, of those the nearest to it.
struct ShortestDecimal {
    /// Octets of the longest: a sign, "0.000", nine digits.
    static let longest = 16

    private let isNegative: Bool
    private var digits: UInt32
    /// The power of ten that the digits are multiplied with, -12 to 8.
    private var exponent = 0

    /// The powers of five up to the twelfth.
    private static let powersOfFive: [UInt64] = [
        1, 5, 25, 125, 625, 3_125, 15_625, 78_125, 390_625, 1_953_125, 9_765_625, 48_828_125, 244_140_625,
    ]

    /// - Returns: nil for magnitudes from 2^24 on or below 2^-13, but for 0, and for what is no number.
    init?(_ number: Float) {
        let magnitude = number.magnitude
        guard magnitude < 0x1p24 else { return nil }
        isNegative = number.sign == .minus
        digits = UInt32(magnitude)
        guard Float(digits) != magnitude else { return }
        guard magnitude >= 0x1p-13 else { return nil }
        // With `scale` digits behind the point it has nine or ten digits in all: 1233 / 4096 is a little below the logarithm
        // of 2, and the fraction is cut off downwards. All that follows is in units of 2^-shift of the last of these digits.
        let binary = Int(magnitude.exponent)
        let decimal = (binary * 1_233) >> 12
        let scale = 8 - decimal
        let shift = UInt64(17 - binary + decimal)
        let mantissa = UInt64(magnitude.significandBitPattern) | 1 << 23
        let five = Self.powersOfFive[scale]
        let value = 4 * mantissa * five
        // Half way to the neighbours is what is still read as this number, and the ends are where it is even. The neighbour
        // below a power of two is half as far.
        let above = value + 2 * five
        let below = value - (mantissa == 1 << 23 ? 1 : 2) * five
        let fraction = 1 << shift - 1 as UInt64
        var high = above >> shift
        var low = (below + fraction) >> shift
        if mantissa & 1 == 1 {
            if above & fraction == 0 { high -= 1 }
            if below & fraction == 0 { low += 1 }
        }
        var unit = 1 << shift as UInt64
        exponent = -scale
        while high / 10 >= (low + 9) / 10 {
            high /= 10
            low = (low + 9) / 10
            unit *= 10
            exponent += 1
        }
        guard low < high else {
            digits = UInt32(low)
            return
        }
        // Of two that are as near the even one, as the library does.
        let (whole, rest) = value.quotientAndRemainder(dividingBy: unit)
        let isNext = rest > unit / 2 || rest == unit / 2 && whole & 1 == 1
        digits = UInt32(min(max(isNext ? whole + 1 : whole, low), high))
    }

    /// Appends it, with at least one digit on each side of the point.
    func write(into output: inout OutputSpan<UInt8>) {
        // From the lowest octet on: the first digit is there at last.
        var text: UInt128 = 0
        var count = 0
        var rest = digits
        repeat {
            text = text << 8 | UInt128(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
            count += 1
        } while rest > 0
        func append(_ count: Int, _ output: inout OutputSpan<UInt8>) {
            for _ in 0..<count {
                output.append(UInt8(truncatingIfNeeded: text))
                text >>= 8
            }
        }
        let zero = UInt8(ascii: "0")
        if isNegative { output.append(UInt8(ascii: "-")) }
        let whole = count + exponent
        if whole <= 0 { output.append(zero) }
        append(min(max(whole, 0), count), &output)
        for _ in 0..<max(exponent, 0) { output.append(zero) }
        output.append(UInt8(ascii: "."))
        for _ in 0..<max(-whole, 0) { output.append(zero) }
        append(min(-exponent, count), &output)
        if exponent >= 0 { output.append(zero) }
    }
}
