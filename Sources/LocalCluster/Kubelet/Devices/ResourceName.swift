// Which names a device plugin may register: the rule of the kubelet's `IsExtendedResourceName`.

/// The rule for names of extended resources.
enum ResourceName {
    /// Whether a plugin may register `name`: it has a domain that is not Kubernetes' own and is no quota
    /// name, and `requests.NAME` is a qualified name.
    static func isExtended(_ name: String) -> Bool {
        guard name.contains("/"), !name.contains("kubernetes.io/"), !name.hasPrefix("requests.") else {
            return false
        }
        return isQualified("requests." + name)
    }

    /// A DNS-1123 sub-domain of at most 253 characters, a slash, and a name of at most 63.
    private static func isQualified(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let domain = Array(parts[0].utf8)
        let local = Array(parts[1].utf8)
        guard (1...253).contains(domain.count), (1...63).contains(local.count) else { return false }
        let labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard let first = label.first, let last = label.last, isLowerAlphanumeric(first),
                isLowerAlphanumeric(last),
                label.allSatisfy({ isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") })
            else { return false }
        }
        guard let first = local.first, let last = local.last, isAlphanumeric(first), isAlphanumeric(last)
        else {
            return false
        }
        return local.allSatisfy { isAlphanumeric($0) || Array("-_.".utf8).contains($0) }
    }

    private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerAlphanumeric(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}
