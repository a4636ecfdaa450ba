// NO_PROXY, as golang.org/x/net/http/httpproxy reads it: names with what is below them, addresses, ranges of addresses, each
// but the last with a port or without. Spaces separate as commas do, which is curl's.

internal import Glibc

/// The servers that are reached without a proxy.
struct ProxyExceptions: Sendable {
    private enum Entry {
        case all
        case address([UInt8], port: String?)
        case range([UInt8], bits: Int)
        /// The name with a point before it; with `isItself` the host of that name, too, not only those below it.
        case name(String, isItself: Bool, port: String?)
    }

    private let entries: [Entry]

    init(_ text: String) {
        entries = text.split { $0 == "," || $0.isWhitespace }.compactMap { Self.entry($0.lowercased()) }
    }

    /// What cannot be read means nobody.
    private static func entry(_ text: String) -> Entry? {
        if text == "*" { return .all }
        if let slash = text.firstIndex(of: "/") {
            guard let network = octets(String(text[..<slash])),
                let bits = Int(text[text.index(after: slash)...]), 0...network.count * 8 ~= bits
            else { return nil }
            return .range(network, bits: bits)
        }
        let (name, port) = ProxyAddress.split(text[...])
        if let address = octets(String(name)) { return .address(address, port: port.map(String.init)) }
        let suffix = name.hasPrefix("*.") ? name.dropFirst() : name
        guard !suffix.isEmpty else { return nil }
        let isBelow = suffix.hasPrefix(".")
        return .name(isBelow ? String(suffix) : "." + suffix, isItself: !isBelow, port: port.map(String.init))
    }

    /// Whether the server is one of them. This machine always is.
    ///
    /// - Parameter host: a name or a numeric address, without brackets.
    func contains(_ host: String, port: UInt16) -> Bool {
        let host = host.lowercased()
        if host == "localhost" { return true }
        let address = Self.octets(host)
        if let address, Self.isLoopback(address) { return true }
        // What has a colon is an address with a zone, and no name, whatever it ends with.
        let name = host.contains(":") ? nil : host
        return entries.contains { entry in
            switch entry {
            case .all: true
            case .address(let own, let ownPort):
                own == address && (ownPort == nil || ownPort == String(port))
            case .range(let network, let bits):
                address.map { Self.agree(network, $0, bits: bits) } ?? false
            case .name(let suffix, let isItself, let ownPort):
                name.map { $0.hasSuffix(suffix) || isItself && "." + $0 == suffix } ?? false
                    && (ownPort == nil || ownPort == String(port))
            }
        }
    }

    /// The 4 or 16 octets of a numeric address; an IPv4 address within IPv6 has 4.
    private static func octets(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let octets = withUnsafeBytes(of: six) { Array($0) }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        return octets.starts(with: mapped) ? Array(octets.dropFirst(12)) : octets
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        address.count == 4 ? address[0] == 127 : address == [UInt8](repeating: 0, count: 15) + [1]
    }

    private static func agree(_ one: [UInt8], _ other: [UInt8], bits: Int) -> Bool {
        one.count == other.count
            && (0..<bits).allSatisfy { bit in
                let difference: UInt8 = one[bit / 8] ^ other[bit / 8]
                return difference & (0x80 >> UInt8(bit % 8)) == 0
            }
    }
}
