import Glibc
import SystemIO
import TestSupport

/// A client that says octets, whatever they are.
final class RawClient: Sendable {
    private let descriptor: FileDescriptor

    init(_ address: SocketAddress) async throws {
        descriptor = try await connect(to: address)
        _ = fcntl(descriptor.number, F_SETFL, 0)
    }

    /// What the server does not take any more is dropped.
    func say(_ text: String) {
        let octets = Array(text.utf8)
        _ = send(descriptor.number, octets, octets.count, Int32(MSG_NOSIGNAL))
    }

    /// What comes to the end of the connection; nil where that is a reset.
    func rest() async throws -> String? {
        try await blocking { [descriptor] in
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor.number, &buffer, buffer.count)
                if count < 0 { return nil }
                if count == 0 { return String(decoding: text, as: UTF8.self) }
                text += buffer[..<count]
            }
        }
    }
}
