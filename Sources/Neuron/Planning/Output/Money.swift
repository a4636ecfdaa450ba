// Numbers for people: amounts of money and shares, without the help of Foundation.

/// Prints decimals.
enum Money {
    /// A number with `places` decimals, rounded half away from zero.
    ///
    /// - Parameter trim: whether zeros at the end go, and the point with them.
    static func decimal(_ value: Double, _ places: Int, trim: Bool = false) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled)
        let unit = Int(scale)
        var text = String(whole / unit)
        if places > 0 {
            var decimals = String(String(unit + whole % unit).dropFirst())
            if trim { while decimals.last == "0" { decimals.removeLast() } }
            if !decimals.isEmpty { text += "." + decimals }
        }
        return value < 0 && whole > 0 ? "-" + text : text
    }

    /// Dollars out of millionths: `47.20`, with more decimals where the amount is small.
    static func dollars(_ micros: Double) -> String {
        let value = micros / 1e6
        return "$" + decimal(value, value >= 1 ? 2 : value >= 0.01 ? 4 : 7)
    }

    /// With a comma after each three digits: `3,040`.
    static func grouped(_ number: Int) -> String {
        var text = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }
}
