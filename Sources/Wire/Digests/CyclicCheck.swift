// The cyclic redundancy checks that object stores keep with what they hold: zip's CRC-32, Castagnoli's of iSCSI (RFC 3720
// §12.1) and the 64 bits of NVM Express, all reflected, all beginning and ending with ones.

internal import CZlib

/// A kind of cyclic redundancy check.
package enum CyclicCheckKind: String, Sendable, CaseIterable {
    case crc32
    case crc32c
    case crc64nvme

    /// Octets of the check.
    package var size: Int { self == .crc64nvme ? 8 : 4 }

    fileprivate static let castagnoli = table(0x82f6_3b78)
    fileprivate static let nvme = table(0x9a6c_9329_ac4b_c9b5)

    /// The remainders of all octets for a reflected polynomial.
    private static func table(_ polynomial: UInt64) -> [UInt64] {
        (0..<256).map { octet in
            var remainder = UInt64(octet)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ polynomial : remainder >> 1 }
            return remainder
        }
    }
}

/// The check of octets that come in pieces.
package struct CyclicCheck {
    /// What it computes.
    package let kind: CyclicCheckKind
    private var remainder: UInt64

    /// A check of nothing so far.
    package init(_ kind: CyclicCheckKind) {
        self.kind = kind
        switch kind {
        case .crc32: remainder = 0
        case .crc32c: remainder = 0xffff_ffff
        case .crc64nvme: remainder = .max
        }
    }

    /// Takes more octets.
    package mutating func update(_ octets: [UInt8]) {
        switch kind {
        case .crc32: remainder = UInt64(crc32_z(UInt(remainder), octets, octets.count))
        case .crc32c: step(octets, CyclicCheckKind.castagnoli)
        case .crc64nvme: step(octets, CyclicCheckKind.nvme)
        }
    }

    private mutating func step(_ octets: [UInt8], _ table: [UInt64]) {
        var remainder = remainder
        for octet in octets {
            remainder = table[Int(truncatingIfNeeded: remainder ^ UInt64(octet)) & 255] ^ remainder >> 8
        }
        self.remainder = remainder
    }

    /// The check of all that was taken, the highest octet first.
    package var octets: [UInt8] {
        let value: UInt64 =
            switch kind {
            case .crc32: remainder
            case .crc32c: remainder ^ 0xffff_ffff
            case .crc64nvme: ~remainder
            }
        return (0..<kind.size).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
}
