// What S3 keeps with an object and sends with it (docs.aws.amazon.com, "Checking object integrity"): one of five sums of the
// whole object. Sums of the parts of a multipart upload, which end in -N, say nothing about the whole.

internal import Digests
internal import HTTP1
internal import SystemIO

/// A store's own sum of an object, and ours as it comes.
struct StoreCheck {
    private enum Sum {
        case cyclic(CyclicCheck)
        case digest(MessageDigest)
    }

    private let name: String
    private let expected: String
    private var sum: Sum

    /// - Returns: nil where the answer has none that can be checked.
    init?(_ headers: HTTPHeaders) {
        guard headers["x-amz-checksum-type"]?.uppercased() != "COMPOSITE" else { return nil }
        func value(_ name: String) -> String? {
            headers["x-amz-checksum-" + name].flatMap { $0.contains("-") ? nil : $0 }
        }
        for kind in CyclicCheckKind.allCases {
            guard let value = value(kind.rawValue) else { continue }
            (name, expected, sum) = (kind.rawValue, value, .cyclic(CyclicCheck(kind)))
            return
        }
        for algorithm in [DigestAlgorithm.sha256, .sha1] {
            guard let value = value(algorithm.rawValue) else { continue }
            (name, expected, sum) = (algorithm.rawValue, value, .digest(MessageDigest(algorithm)))
            return
        }
        return nil
    }

    mutating func update(_ octets: [UInt8]) {
        switch sum {
        case .cyclic(var check):
            check.update(octets)
            sum = .cyclic(check)
        case .digest(let digest): digest.update(octets)
        }
    }

    /// What is wrong; nil where the sums are the same.
    func fault() -> String? {
        let octets =
            switch sum {
            case .cyclic(let check): check.octets
            case .digest(let digest): digest.finish()
            }
        let found = Base64.encode(octets)
        return found == expected ? nil : "its \(name) is \(found) and the store says \(expected)"
    }
}
