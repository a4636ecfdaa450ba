// The kubelet refuses names that are not extended resources when a plugin registers; a plugin tells the mend earlier, at
// its command line. One rule for both (IsExtendedResourceName of Kubernetes 1.36).

/// Why a name is not that of an extended resource, as "must ..."; nil when it is one.
package func resourceNameFault(_ name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else {
        return "must be a domain, a slash and a name, like aws.amazon.com/neuroncore"
    }
    // Asked of the part before the slash: to search a string would link the regular expressions of the library.
    if parts[0].hasSuffix("kubernetes.io") { return "must not be in the kubernetes.io domain" }
    if name.hasPrefix("requests.") { return "must not begin with \"requests.\"" }
    let domain = parts[0].utf8
    let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    // "requests." is put before the domain in quotas, and that must be a domain, too.
    guard domain.count + "requests.".utf8.count <= 253,
        labels.allSatisfy({ isWord($0, inside: "-", upper: false) })
    else { return "must have a domain of lower-case letters, digits, - and . before the slash" }
    guard parts[1].utf8.count <= 63, isWord(parts[1], inside: "-_.", upper: true) else {
        return "must have at most 63 letters, digits, -, _ and . after the slash"
    }
    return nil
}

/// Letters and digits, `inside` also between them.
private func isWord(_ text: Substring, inside: String, upper: Bool) -> Bool {
    func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (48...57).contains(byte) || (upper && (65...90).contains(byte))
    }
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, isLetterOrDigit(first), isLetterOrDigit(last) else {
        return false
    }
    return bytes.allSatisfy { isLetterOrDigit($0) || inside.utf8.contains($0) }
}
