// What errors say about certificates. All of it comes from a peer: it is cut to a bounded length, and what cannot be
// printed is escaped, so that nobody can write lines into our log.

internal import COpenSSL
internal import Glibc
internal import SystemIO

/// Words about an X509.
enum CertificateText {
    private static let longestName = 200
    private static let mostNames = 8

    /// The subject as RFC 2253 prints it, `CN=…`.
    static func subject(_ certificate: OpaquePointer) -> String { name(X509_get_subject_name(certificate)) }

    /// The issuer as RFC 2253 prints it.
    static func issuer(_ certificate: OpaquePointer) -> String { name(X509_get_issuer_name(certificate)) }

    /// When it becomes valid, RFC 3339.
    static func notBefore(_ certificate: OpaquePointer) -> String { time(X509_get0_notBefore(certificate)) }

    /// When it expires, RFC 3339.
    static func notAfter(_ certificate: OpaquePointer) -> String { time(X509_get0_notAfter(certificate)) }

    /// The DNS names and IP addresses it is for, at most eight.
    static func alternativeNames(_ certificate: OpaquePointer) -> [String] {
        guard let raw = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(raw)
        defer { GENERAL_NAMES_free(names) }
        var result: [String] = []
        for index in 0..<ganglion_names_count(names) {
            guard let name = ganglion_names_get(names, index) else { continue }
            guard let text = text(name.pointee) else { continue }
            if result.count == mostNames { return result + ["and more"] }
            result.append(text)
        }
        return result
    }

    /// The values of a subject's entries of one kind, such as `NID_commonName`, in order.
    static func entries(_ kind: Int32, ofSubject certificate: OpaquePointer) -> [String] {
        guard let subject = X509_get_subject_name(certificate) else { return [] }
        var result: [String] = []
        var index = X509_NAME_get_index_by_NID(subject, kind, -1)
        while index >= 0 {
            if let data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)) {
                var utf8: UnsafeMutablePointer<UInt8>?
                let count = ASN1_STRING_to_UTF8(&utf8, data)
                if count >= 0, let utf8 {
                    result.append(
                        String(decoding: UnsafeBufferPointer(start: utf8, count: Int(count)), as: UTF8.self))
                    CRYPTO_free(utf8, #file, #line)
                }
            }
            index = X509_NAME_get_index_by_NID(subject, kind, index)
        }
        return result
    }

    private static func text(_ name: GENERAL_NAME) -> String? {
        switch name.type {
        case GEN_DNS:
            guard let string = name.d.dNSName else { return nil }
            return printable(octets(string))
        case GEN_IPADD:
            guard let string = name.d.iPAddress else { return nil }
            return address(octets(string))
        default: return nil
        }
    }

    private static func octets(_ string: UnsafeMutablePointer<ASN1_STRING>) -> [UInt8] {
        let count = ASN1_STRING_length(string)
        guard count > 0, let start = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    private static func address(_ octets: [UInt8]) -> String? {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = octets.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, octets, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return printable(buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }

    private static func printable(_ octets: [UInt8]) -> String {
        let text = octets.prefix(longestName).map { 0x21...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }
        return String(decoding: text, as: UTF8.self) + (octets.count > longestName ? "…" : "")
    }

    private static func name(_ name: OpaquePointer?) -> String {
        guard let name, let bio = try? MemoryBIO(),
            X509_NAME_print_ex(bio.pointer, name, 0, ganglion_name_flags) >= 0
        else { return "?" }
        defer { extendLifetime(bio) }
        let octets = bio.contents()
        if octets.isEmpty { return "no name" }
        let text = octets.prefix(longestName).map { 0x20...0x7e ~= $0 ? $0 : UInt8(ascii: "?") }
        return String(decoding: text, as: UTF8.self) + (octets.count > longestName ? "…" : "")
    }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> String {
        var parts = tm()
        guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return "an unknown time" }
        func padded(_ value: Int32, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date =
            "\(padded(parts.tm_year &+ 1900, 4))-\(padded(parts.tm_mon &+ 1, 2))-\(padded(parts.tm_mday, 2))"
        return date + "T\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))Z"
    }
}
