import Glibc
import SystemIO
import TestSupport

/// A client that says and reads octets, with blocking calls.
final class Plain: Sendable {
    private let descriptor: FileDescriptor

    init(_ address: SocketAddress) async throws {
        descriptor = try await SystemIO.connect(to: address)
        _ = fcntl(descriptor.number, F_SETFL, 0)
    }

    /// False when the server has gone.
    func say(_ text: String) -> Bool { say(octets: Array(text.utf8)) }

    /// False when the server has gone.
    func say(octets: [UInt8]) -> Bool {
        return send(descriptor.number, octets, octets.count, Int32(MSG_NOSIGNAL)) == octets.count
    }

    func endSaying() { _ = Glibc.shutdown(descriptor.number, Int32(SHUT_WR)) }

    /// What comes to the end of the connection; nil where that is a reset.
    func rest() -> String? {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor.number, &buffer, buffer.count)
            if count < 0 { return nil }
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += buffer[..<count]
        }
    }

    /// What comes next; nil at the end.
    func some() -> String? { someOctets().map { String(decoding: $0, as: UTF8.self) } }

    /// What comes next; nil at the end.
    func someOctets() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor.number, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// Whether the connection has ended, without waiting.
    func hasEnded() -> Bool {
        var octet: UInt8 = 0
        return recv(descriptor.number, &octet, 1, Int32(MSG_DONTWAIT)) == 0
    }
}
