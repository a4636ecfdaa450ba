import Glibc
import SystemIO

/// Sends back what it gets, in an actor of the loop as servers are.
actor Echo: LoopActor {
    nonisolated let loop: EventLoop
    private let channel: SocketChannel
    private var keep: Echo?

    init(_ descriptor: FileDescriptor, loop: EventLoop) {
        self.loop = loop
        channel = SocketChannel(descriptor, loop: loop)
    }

    func start() throws {
        keep = self
        try channel.start(callback { $0.ready($1) })
    }

    private func ready(_ readiness: Readiness) {
        let state = channel.process(readiness) { channel.write($0) }
        channel.flush()
        guard state != .open else { return }
        channel.close()
        keep = nil
    }
}

/// Gathers what a peer sends until it ends.
actor Collector: LoopActor {
    nonisolated let loop: EventLoop
    private let channel: SocketChannel
    private var received: [UInt8] = []
    private var expected = 0
    private var waiter: CheckedContinuation<[UInt8], Never>?

    init(_ descriptor: FileDescriptor, loop: EventLoop) {
        self.loop = loop
        channel = SocketChannel(descriptor, loop: loop)
    }

    func start() throws {
        try channel.start(callback { $0.ready($1) })
    }

    func exchange(_ bytes: [UInt8]) async -> [UInt8] {
        expected = bytes.count
        channel.write(bytes)
        channel.flush()
        return await withCheckedContinuation { waiter = $0 }
    }

    func close() { channel.close() }

    private func ready(_ readiness: Readiness) {
        let state = channel.process(readiness) { bytes in
            bytes.withUnsafeBytes { received.append(contentsOf: $0) }
        }
        guard received.count >= expected || state != .open else { return }
        waiter?.resume(returning: received)
        waiter = nil
    }
}
