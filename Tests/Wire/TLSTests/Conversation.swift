import Glibc
import SystemIO
import TestSupport

@testable import TLS

/// One end of a stream, over TLS or not, in an actor of the loop as servers and clients are.
actor Conversation: LoopActor {
    nonisolated let loop: EventLoop

    private let channel: SocketChannel
    private let answer: (@Sendable ([UInt8]) -> Answer)?
    private var received: [UInt8] = []
    private var state = SocketChannel.State.open
    private var waiter:
        (condition: @Sendable ([UInt8]) -> Bool, continuation: CheckedContinuation<Void, Never>)?

    /// What to do about the octets that have arrived so far.
    enum Answer {
        case nothing
        case send([UInt8])
        /// Sends, then ends the connection.
        case end([UInt8])
    }

    /// - Parameter answer: given what has arrived since the last answer.
    init(
        _ descriptor: FileDescriptor, loop: EventLoop, security: (any SecureLayerFactory)? = nil,
        answer: (@Sendable ([UInt8]) -> Answer)? = nil
    ) throws {
        self.loop = loop
        self.answer = answer
        channel = SocketChannel(descriptor, loop: loop, security: try security?.makeLayer())
    }

    func start() throws {
        try channel.start { readiness in self.assumeIsolated { $0.ready(readiness) } }
    }

    func send(_ bytes: [UInt8]) {
        channel.write(bytes)
        channel.flush()
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func close() { channel.close() }

    var negotiatedProtocol: String? { channel.negotiatedProtocol }

    /// Waits until the octets that arrived fulfil the condition, or no more will arrive.
    func octets(until condition: @escaping @Sendable ([UInt8]) -> Bool) async -> [UInt8] {
        if state == .open, !condition(received) {
            await withCheckedContinuation { waiter = (condition, $0) }
        }
        return received
    }

    /// Waits for `text`.
    func text(until text: String) async -> String {
        let octets = await octets { String(decoding: $0, as: UTF8.self).contains(text) }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Waits for the end.
    func end() async -> SocketChannel.State {
        _ = await octets { _ in false }
        return state
    }

    private func ready(_ readiness: Readiness) {
        let state = channel.process(readiness) { bytes in
            bytes.withUnsafeBytes { received.append(contentsOf: $0) }
        }
        if let answer, !received.isEmpty {
            switch answer(received) {
            case .nothing: break
            case .send(let bytes):
                received = []
                send(bytes)
            case .end(let bytes):
                received = []
                channel.write(bytes)
                channel.close()
                self.state = .ended
            }
        }
        if state != .open {
            self.state = state
            channel.close()
        }
        guard let waiter, self.state != .open || waiter.condition(received) else { return }
        self.waiter = nil
        waiter.continuation.resume()
    }
}

/// A program whose standard input and output, errors included, are at the other end of a conversation.
struct Tool {
    let process: ChildProcess
    let conversation: Conversation

    static func run(_ path: String, _ arguments: [String], loop: EventLoop) async throws -> Tool {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemError("make", "a socket pair") }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let theirs = FileDescriptor(ends[1])
        let conversation = try Conversation(FileDescriptor(ends[0]), loop: loop)
        let process = try ChildProcess.spawn(
            path, arguments, descriptors: .init(input: theirs, output: theirs, error: theirs), loop: loop)
        theirs.close()
        try await conversation.start()
        return Tool(process: process, conversation: conversation)
    }

    /// Whether a program is there to be run.
    static func exists(_ path: String) -> Bool { Files.exists(path) }

    static let openssl = "/usr/bin/openssl"
    static let python = "/usr/bin/python3"
    static let curl = "/usr/bin/curl"
}

/// Certificates in files, for tools; removed at the end.
final class CertificateFiles: Sendable {
    private let files: TemporaryDirectory
    var directory: String { files.path }

    init(_ samples: Samples) throws {
        files = try TemporaryDirectory()
        for (name, bytes) in [
            ("ca.pem", samples.authority.certificatePEM), ("server.pem", samples.server.certificatePEM),
            ("server.key", samples.server.privateKeyPEM), ("client.pem", samples.client.certificatePEM),
            ("client.key", samples.client.privateKeyPEM),
        ] { try Files.write(self[name], bytes, mode: 0o600) }
    }

    subscript(name: String) -> String { directory + "/" + name }
}
