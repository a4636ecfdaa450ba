// Before a word of HTTP is spoken over TLS, the handshake has to say which version of it (ALPN, RFC 7301).

internal import SystemIO

/// Shakes hands on one connection and hands it on to whoever speaks what was agreed on.
actor TLSGreeting: LoopActor {
    /// A connection after its handshake.
    struct Agreed: Sendable {
        let channel: LoopBound<SocketChannel>
        /// The protocol's name; empty where the server takes part in no agreement.
        let protocolName: String
        /// What the server has said already: it may speak first.
        let received: [UInt8]
    }

    nonisolated let loop: EventLoop
    private let channel: SocketChannel
    private var received: [UInt8] = []
    private var failure: HTTPError?
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ descriptor: FileDescriptor, _ layer: LoopBound<any SecureLayer>, loop: EventLoop) {
        self.loop = loop
        channel = SocketChannel(descriptor, loop: loop, security: layer.value)
    }

    /// Shakes hands.
    ///
    /// - Parameter timeout: after which to give up.
    func agree(within timeout: Duration) async throws(HTTPError) -> Agreed {
        do throws(SystemError) { try channel.start(callback { $0.ready($1) }) } catch {
            throw .transport(error)
        }
        let timer = loop.schedule(after: timeout, on: self) { greeting in
            greeting.fail(.timeout("no end of the TLS handshake after \(timeout)"))
        }
        while failure == nil, channel.negotiatedProtocol == nil {
            await suspend(while: { failure == nil && channel.negotiatedProtocol == nil }) { waiter = $0 }
        }
        timer.cancel()
        if let failure {
            channel.close(discarding: true)
            throw failure
        }
        return Agreed(
            channel: LoopBound(channel), protocolName: channel.negotiatedProtocol ?? "", received: received)
    }

    private func ready(_ readiness: Readiness) {
        let state = channel.process(readiness) { bytes in
            bytes.withUnsafeBytes { received.append(contentsOf: $0) }
        }
        switch state {
        case .open: break
        case .ended: fail(.closed)
        case .failed(let error): fail(.transport(error))
        }
        guard failure != nil || channel.negotiatedProtocol != nil else { return }
        // The next owner reads on.
        if failure == nil { channel.pauseReading(true) }
        wake()
    }

    private func fail(_ error: HTTPError) {
        guard failure == nil, channel.negotiatedProtocol == nil else { return }
        failure = error
        wake()
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }
}
