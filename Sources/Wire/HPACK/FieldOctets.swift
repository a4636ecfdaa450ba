// Which octets may stand in names and values (RFC 9113 §8.2.1). Found out once for each field that is spelled out, and
// kept with it in the dynamic table: what repeats is not looked at again.

/// The rules for octets.
enum FieldOctets {
    private static let badInName: UInt8 = 1
    private static let badInValue: UInt8 = 2

    private static let marks: [UInt8] = (0..<256).map { octet in
        let isUpper = octet >= 0x41 && octet <= 0x5a
        let name = octet <= 0x20 || octet >= 0x7f || isUpper || octet == 0x3a ? badInName : 0
        let value = octet == 0 || octet == 0x0a || octet == 0x0d ? badInValue : 0
        return name | value
    }

    /// Whether a name keeps the rules: no upper case, no control characters, no colon but the first.
    static func isName(_ octets: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = octets.first else { return false }
        let rest = first == 0x3a ? octets.dropFirst() : octets[...]
        return marks.withUnsafeBufferPointer { marks in
            rest.allSatisfy { marks[Int($0)] & badInName == 0 }
        }
    }

    /// Whether a value keeps the rules: no NUL, CR or LF, no blank at the ends.
    static func isValue(_ octets: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = octets.first, let last = octets.last else { return true }
        guard first != 0x20, first != 0x09, last != 0x20, last != 0x09 else { return false }
        return marks.withUnsafeBufferPointer { marks in
            octets.allSatisfy { marks[Int($0)] & badInValue == 0 }
        }
    }
}
