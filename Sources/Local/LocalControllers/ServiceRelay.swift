// One relayed connection: octets of either side go to the other as they come. A side that does not take them stops the other
// from being read, so that a relay holds little memory.

internal import SystemIO

/// Relays between a client and an endpoint.
actor ServiceRelay: LoopActor {
    nonisolated let loop: EventLoop

    /// Octets that may wait for one side before the other is no longer read.
    private static let highWater = 256 << 10

    private var client: SocketChannel?
    private var backend: SocketChannel?
    private var onClose: (@Sendable () -> Void)?
    private var isClosed = false

    init(_ client: FileDescriptor, loop: EventLoop) {
        self.loop = loop
        self.client = SocketChannel(client, loop: loop)
    }

    func start(_ socket: FileDescriptor, _ onClose: @escaping @Sendable () -> Void) {
        self.onClose = onClose
        guard !isClosed, let client else {
            close()
            return
        }
        let backend = SocketChannel(socket, loop: loop)
        self.backend = backend
        do {
            try client.start(callback { $0.ready($1, isClient: true) })
            try backend.start(callback { $0.ready($1, isClient: false) })
        } catch {
            close()
        }
    }

    private func ready(_ readiness: Readiness, isClient: Bool) {
        guard !isClosed, let from = isClient ? client : backend, let to = isClient ? backend : client else {
            return
        }
        let state = from.process(readiness) { to.write($0) }
        to.flush()
        from.pauseReading(to.pendingOctets > Self.highWater)
        to.pauseReading(from.pendingOctets > Self.highWater)
        switch state {
        case .open: break
        case .ended, .failed:
            // What is on its way to the other side still goes there.
            isClosed = true
            to.close()
            from.close()
            finish()
        }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        client?.close(discarding: true)
        backend?.close(discarding: true)
        finish()
    }

    private func finish() {
        onClose?()
        onClose = nil
    }
}
