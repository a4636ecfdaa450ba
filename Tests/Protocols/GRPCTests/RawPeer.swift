// The other end of a connection, octet by octet: for what no well-behaved peer sends, and for captures.

import HPACK
import HTTP2
import SystemIO

/// A socket that says what it is told and keeps what it hears.
actor RawPeer: LoopActor {
    nonisolated let loop: EventLoop

    private let channel: SocketChannel
    private(set) var heard: [UInt8] = []
    private(set) var isEnded = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(_ descriptor: FileDescriptor, loop: EventLoop = .shared) {
        self.loop = loop
        channel = SocketChannel(descriptor, loop: loop)
    }

    static func connect(to address: SocketAddress) async throws -> RawPeer {
        let peer = RawPeer(try await SystemIO.connect(to: address))
        try await peer.start()
        return peer
    }

    func start() throws {
        try channel.start(callback { $0.ready($1) })
    }

    func send(_ octets: [UInt8]) {
        channel.write(octets)
        channel.flush()
    }

    func close() { channel.close() }

    func pauseReading(_ paused: Bool) { channel.pauseReading(paused) }

    /// Waits until what was heard satisfies `condition`, or the other end has closed.
    func wait(_ condition: @Sendable ([UInt8]) -> Bool) async {
        while !condition(heard), !isEnded {
            await withCheckedContinuation { waiter in
                if condition(heard) || isEnded { waiter.resume() } else { waiters.append(waiter) }
            }
        }
    }

    private func ready(_ readiness: Readiness) {
        let state = channel.process(readiness) { bytes in heard.append(bytes, 0..<bytes.byteCount) }
        if state != .open {
            isEnded = true
            channel.close(discarding: true)
        }
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }
}

/// What a peer heard, in words: `1 headers ...`, `1 data 0000000000`, `1 trailers ...`, `1 reset CANCEL`.
func transcript(_ octets: [UInt8], as role: HTTP2Role, streams: Int) -> [String] {
    var connection = HTTP2Connection(role)
    if role == .client { for _ in 0..<streams { _ = try? connection.sendRequest([":method": "POST"]) } }
    connection.receive(octets.span.bytes)
    var lines: [String] = []
    while let event = connection.next() {
        switch event {
        case .headers(let id, let list, let end):
            lines.append("\(id) headers \(list.oneLine)\(end ? " end" : "")")
        case .data(let id, let range, let end):
            var body: [UInt8] = []
            connection.copy(range, to: &body)
            let hex = body.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            lines.append("\(id) data \(hex)\(end ? " end" : "")")
        case .trailers(let id, let list): lines.append("\(id) trailers \(list.oneLine)")
        case .reset(let id, let code, _): lines.append("\(id) reset \(code)")
        case .goAway(let last, let code, _): lines.append("goaway \(last) \(code)")
        case .failed(let error): lines.append("failed \(error)")
        case .informational, .writable, .settings, .drained: break
        }
    }
    return lines
}

extension HeaderList {
    fileprivate var oneLine: String {
        (0..<count).map { "\(name($0))=\(value($0))" }.joined(separator: " ")
    }
}
