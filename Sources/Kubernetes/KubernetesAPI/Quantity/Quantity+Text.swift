// The grammar of quantities and their canonical form:
//
//     quantity = [sign] (digits | digits "." [digits] | "." digits) [suffix]
//     suffix   = "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei"
//              | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E"
//              | ("e" | "E") [sign] digits

extension Quantity {
    /// Powers of ten by suffix.
    private static let decimalSuffixes: [(text: String, power: Int)] = [
        ("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15),
        ("E", 18),
    ]
    /// Powers of 1024 by suffix.
    private static let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
    /// Digits that are kept of a number; no amount that means anything has more.
    private static let maximumDigits = 27

    /// Reads a quantity; nil for text that is none.
    public init?(_ text: String) {
        var rest = Substring(text).utf8
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix { $0.isDigit }
        rest = rest.dropFirst(whole.count)
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix { $0.isDigit }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !(whole.isEmpty && fraction.isEmpty), let suffix = Self.suffix(String(Substring(rest))) else {
            return nil
        }
        var amount: Int128 = 0
        var power = suffix.power
        var digits = 0
        var isCut = false
        for digit in whole.drop(while: { $0 == UInt8(ascii: "0") }) {
            guard digits < Self.maximumDigits else {
                power += 1
                continue
            }
            amount = amount * 10 + Int128(digit - UInt8(ascii: "0"))
            digits += 1
        }
        for digit in fraction {
            guard digits < Self.maximumDigits else {
                isCut = isCut || digit != UInt8(ascii: "0")
                continue
            }
            amount = amount * 10 + Int128(digit - UInt8(ascii: "0"))
            if amount != 0 { digits += 1 }
            power -= 1
        }
        if isCut { amount += 1 }
        for _ in 0..<suffix.binaryPower {
            let (product, overflow) = amount.multipliedReportingOverflow(by: 1024)
            if !overflow {
                amount = product
                continue
            }
            // Beyond anything that fits: drop digits, which are below the limit's last one.
            amount /= 10_000
            power += 4
            amount *= 1024
        }
        self = Self.capped(Quantity(isNegative ? -amount : amount, scale: power, format: suffix.format))
    }

    /// What is written with a binary suffix is at most 2^63-1.
    private static func capped(_ quantity: Quantity) -> Quantity {
        guard quantity.format == .binary else { return quantity }
        let limit = Quantity(Int128(Int64.max), scale: 0, format: quantity.format)
        // Less than one is written with a decimal suffix, whatever it was written with.
        if quantity < 1, quantity > 0 {
            return Quantity(Int128(quantity.number), scale: Int(quantity.scale), format: .decimal)
        }
        return quantity > limit ? limit : quantity < -limit ? -limit : quantity
    }

    private static func suffix(_ text: String) -> (power: Int, binaryPower: Int, format: Format)? {
        if let known = decimalSuffixes.first(where: { $0.text == text }) { return (known.power, 0, .decimal) }
        if let power = binarySuffixes.firstIndex(of: text) { return (0, power, .binary) }
        guard text.first == "e" || text.first == "E", let power = Int(text.dropFirst()),
            (-60...60).contains(power)
        else { return nil }
        return (power, 0, .exponent)
    }

    /// The canonical form: no fraction, and the largest suffix that allows it.
    public var text: String {
        guard !isZero else { return "0" }
        if format == .binary, let text = binaryText { return text }
        // The suffix has a power of three; zeros take up the rest.
        let down = ((Int(scale) % 3) + 3) % 3
        let zeros = String(repeating: "0", count: down)
        let power = Int(scale) - down
        if format == .exponent { return "\(number)\(zeros)" + (power == 0 ? "" : "e\(power)") }
        guard let suffix = Self.decimalSuffixes.first(where: { $0.power == power }) else {
            return "\(number)\(zeros)e\(power)"
        }
        return "\(number)\(zeros)\(suffix.text)"
    }

    /// With a binary suffix; nil for fractions and for less than 1024, which are written without to lose nothing.
    private var binaryText: String? {
        guard scale >= 0, var amount = Self.times(Int128(number), Int(scale)), amount.magnitude >= 1024 else {
            return nil
        }
        var power = 0
        while power < Self.binarySuffixes.count - 1, amount % 1024 == 0 {
            amount /= 1024
            power += 1
        }
        return "\(amount)\(Self.binarySuffixes[power])"
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}

extension Quantity: CustomStringConvertible {
    /// The canonical form.
    public var description: String { text }
}

extension Quantity: Codable {
    /// Reads a string or a number.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text: String
        if let string = try? container.decode(String.self) {
            text = string
        } else if let whole = try? container.decode(Int.self) {
            self.init(whole)
            return
        } else {
            text = "\(try container.decode(Double.self))"
        }
        guard let quantity = Quantity(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is no quantity")
        }
        self = quantity
    }

    /// The canonical form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension [String: Quantity] {
    /// The sum by resource.
    public static func + (left: Self, right: Self) -> Self { left.merging(right, uniquingKeysWith: +) }

    /// The larger amount of each resource.
    public func larger(_ other: Self) -> Self { merging(other) { Swift.max($0, $1) } }
}
