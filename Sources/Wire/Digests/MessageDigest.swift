// Digests by OpenSSL, fed piece by piece: a model is never in memory as a whole.

internal import COpenSSL

/// A cryptographic hash function.
package enum DigestAlgorithm: String, Sendable, CaseIterable {
    case sha256
    case sha512
    case sha1
    /// Only to check what others have written with it; it withstands nobody.
    case md5

    /// Octets of a digest.
    package var size: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        case .sha1: 20
        case .md5: 16
        }
    }

    fileprivate var function: OpaquePointer? {
        switch self {
        case .sha256: EVP_sha256()
        case .sha512: EVP_sha512()
        case .sha1: EVP_sha1()
        case .md5: EVP_md5()
        }
    }
}

/// The digest of octets that come in pieces.
package final class MessageDigest {
    /// What it computes.
    package let algorithm: DigestAlgorithm
    private let context = EVP_MD_CTX_new()
    /// OpenSSL has refused: no memory, or a policy of the system that forbids the algorithm.
    private var hasFailed = false

    /// A digest of nothing so far.
    package init(_ algorithm: DigestAlgorithm) {
        self.algorithm = algorithm
        hasFailed = EVP_DigestInit_ex(context, algorithm.function, nil) != 1
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes more octets.
    package func update(_ octets: some Sequence<UInt8>) {
        let octets = (octets as? [UInt8]) ?? Array(octets)
        octets.withUnsafeBytes { buffer in
            if EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) != 1 { hasFailed = true }
        }
    }

    /// The digest of all that was taken; call it once, at the end. Empty where OpenSSL cannot compute it, so that it
    /// equals no digest.
    package func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.size)
        guard !hasFailed, EVP_DigestFinal_ex(context, &digest, nil) == 1 else { return [] }
        return digest
    }

    /// The digest of octets that are there.
    package static func of(_ octets: some Sequence<UInt8>, _ algorithm: DigestAlgorithm = .sha256) -> [UInt8]
    {
        let digest = MessageDigest(algorithm)
        digest.update(octets)
        return digest.finish()
    }
}

/// HMAC with SHA-256 (RFC 2104).
package func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    // OpenSSL takes a null pointer for a key as "the key of before".
    let key = key.isEmpty ? [0] : key
    var code = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.size)
    var length: UInt32 = 0
    guard HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &code, &length) != nil,
        Int(length) == code.count
    else { return [] }
    return code
}

extension Sequence<UInt8> {
    /// Two small hexadecimal digits for each octet.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(underestimatedCount * 2)
        for octet in self {
            text.append(digits[Int(octet >> 4)])
            text.append(digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
