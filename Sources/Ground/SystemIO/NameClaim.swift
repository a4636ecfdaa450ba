// Several programs of one machine share its loopback addresses. Who uses a range of them is settled by a name that only one can
// have at a time: an abstract Unix socket (unix(7)), which is of the same network namespace as the addresses are, is nobody's
// file, and is free again when its process has ended, however it ended.

internal import Glibc

/// A name that one process of the network namespace has at a time.
public final class NameClaim: Sendable {
    /// The name.
    public let name: String
    private let descriptor: FileDescriptor

    /// Takes a name, until `release` or the end of the last reference.
    ///
    /// - Parameter name: at most 100 octets.
    /// - Returns: nil where somebody else has it.
    /// - Throws: `SystemError` for another reason.
    public init?(_ name: String) throws(SystemError) {
        self.name = name
        descriptor = FileDescriptor(
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0))
        guard descriptor.number >= 0 else { throw SystemError("claim name", name) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(name.utf8)
        guard octets.count <= 100 else { throw SystemError("claim name", name, code: ENAMETOOLONG) }
        // The zero octet before it makes it abstract.
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: octets) }
        let length = MemoryLayout<sa_family_t>.size + 1 + octets.count
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor.number, $0, socklen_t(length))
            }
        }
        guard result == 0 else {
            if errno == EADDRINUSE { return nil }
            throw SystemError("claim name", name)
        }
    }

    /// The first name of a list that nobody has; nil where all are taken.
    public static func first(_ names: some Sequence<String>) throws(SystemError) -> NameClaim? {
        for name in names {
            if let claim = try NameClaim(name) { return claim }
        }
        return nil
    }

    /// Gives the name up.
    public func release() { descriptor.close() }
}
