// Where a server listens: a Unix socket or a numeric address. Names are not resolved: a static binary has no resolver,
// and inside a cluster the API server's address is a number.

internal import CLinux
internal import Glibc

/// The address of a stream socket.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// A path of at most 107 octets.
    case unix(String)
    /// A numeric IPv4 or IPv6 address and a port; port 0 lets the system choose.
    case ip(String, port: UInt16)
    /// Every address of this machine, IPv6 and IPv4; IPv4 alone where there is no IPv6. Port 0 as above.
    case any(port: UInt16)

    /// Reads `unix:/path`, `/path`, `127.0.0.1:80`, `[::1]:80`, `localhost:80` or `:80` (every address).
    ///
    /// - Throws: `SystemError` that says what an address looks like.
    public init(parsing text: String) throws(SystemError) {
        if text.hasPrefix("unix:") {
            self = .unix(String(text.dropFirst(5)))
        } else if text.hasPrefix("/") {
            self = .unix(text)
        } else {
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
            else {
                throw SystemError("use address", text, code: 0, hint: "write HOST:PORT or unix:/path")
            }
            var host = String(text[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
            if host == "localhost" { host = "127.0.0.1" }
            self = colon == text.startIndex ? .any(port: port) : .ip(host, port: port)
        }
        try withSocketAddress { _, _, _ in }
    }

    /// The form that `init(parsing:)` reads.
    public var description: String {
        switch self {
        case .unix(let path): "unix:" + path
        case .ip(let host, let port): Self.authority(host, port)
        case .any(let port): ":\(port)"
        }
    }

    /// Host and port as a URL's authority has them: an IPv6 address in brackets (RFC 3986 §3.2.2).
    ///
    /// - Parameters:
    ///   - host: a name or a numeric address, without brackets.
    ///   - port: a number, or the text of one that somebody else checks.
    public static func authority(_ host: String, _ port: some CustomStringConvertible) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The port, or nil for a Unix socket.
    public var port: UInt16? {
        switch self {
        case .unix: nil
        case .ip(_, let port), .any(let port): port
        }
    }

    /// Whether only this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .unix: true
        case .ip(let host, _): host.hasPrefix("127.") || host == "::1"
        case .any: false
        }
    }

    /// Calls `body` with the kernel's form: the address family, the address and its length.
    func withSocketAddress<Result>(
        _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Result
    ) throws(SystemError) -> Result {
        var storage = sockaddr_storage()
        let family: Int32
        let length: Int
        switch self {
        case .unix(let path):
            let bytes = Array(path.utf8)
            guard !bytes.isEmpty, bytes.count <= 107, !bytes.contains(0) else {
                throw SystemError(
                    "use socket path", path, code: 0,
                    hint: "it has \(bytes.count) octets; 1 to 107 are possible")
            }
            family = AF_UNIX
            length = MemoryLayout<sockaddr_un>.size
            withUnsafeMutableBytes(of: &storage) { raw in
                raw.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
                raw[2..<2 + bytes.count].copyBytes(from: bytes)
            }
        case .any(let port):
            return try Self.ip("::", port: port).withSocketAddress(body)
        case .ip(let host, let port):
            var four = sockaddr_in()
            var six = sockaddr_in6()
            if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
                family = AF_INET
                length = MemoryLayout<sockaddr_in>.size
                four.sin_family = sa_family_t(AF_INET)
                four.sin_port = port.bigEndian
                withUnsafeMutableBytes(of: &storage) { raw in
                    withUnsafeBytes(of: four) { raw.copyMemory(from: $0) }
                }
            } else if inet_pton(AF_INET6, host, &six.sin6_addr) == 1 {
                family = AF_INET6
                length = MemoryLayout<sockaddr_in6>.size
                six.sin6_family = sa_family_t(AF_INET6)
                six.sin6_port = port.bigEndian
                withUnsafeMutableBytes(of: &storage) { raw in
                    withUnsafeBytes(of: six) { raw.copyMemory(from: $0) }
                }
            } else {
                throw SystemError(
                    "use address", description, code: 0,
                    hint: "the host must be a numeric IPv4 or IPv6 address")
            }
        }
        return withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body(family, $0, socklen_t(length)) }
        }
    }

    /// A stream socket for this kind of address; it does not block and is closed on exec.
    func streamSocket() throws(SystemError) -> FileDescriptor {
        let family = try withSocketAddress { family, _, _ in family }
        let number = socket(
            family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard number >= 0 else { throw SystemError("make a socket for", description) }
        return FileDescriptor(number)
    }

    /// The address a socket is bound to (`local`) or connected to; nil for a Unix socket or a failure.
    static func of(_ descriptor: FileDescriptor, local: Bool) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer -> SocketAddress? in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> SocketAddress? in
                let code =
                    local
                    ? getsockname(descriptor.number, address, &length)
                    : getpeername(descriptor.number, address, &length)
                return code == 0 ? SocketAddress(address) : nil
            }
        }
    }

    /// From the kernel's form; nil for a family other than IPv4 and IPv6. An IPv4 peer of a socket of both families
    /// has its IPv4 address (RFC 4291 §2.5.5.2 has the mapped form).
    private init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            var value = raw.loadUnaligned(as: sockaddr_in.self)
            guard inet_ntop(AF_INET, &value.sin_addr, &text, socklen_t(text.count)) != nil else { return nil }
            self = .ip(Self.string(text), port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            var value = raw.loadUnaligned(as: sockaddr_in6.self)
            guard inet_ntop(AF_INET6, &value.sin6_addr, &text, socklen_t(text.count)) != nil else {
                return nil
            }
            let host = Self.string(text)
            self = .ip(
                host.hasPrefix("::ffff:") && host.contains(".") ? String(host.dropFirst(7)) : host,
                port: UInt16(bigEndian: value.sin6_port))
        default: return nil
        }
    }

    private static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
