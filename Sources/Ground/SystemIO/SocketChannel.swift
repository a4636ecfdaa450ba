// A stream socket as protocols want it: octets arrive in the loop's shared buffer, octets to send are gathered and
// leave in one write, what the kernel does not take waits for its readiness. TLS, where there is any, is in between.

internal import CLinux
internal import Glibc

/// When a peer is noticed that went without a word, as a machine does that loses its power: TCP asks a silent one after
/// a minute and gives up half a minute later. No frames of HTTP/2 are needed for that.
public enum TCPKeepAlive {
    /// Seconds without octets before the first question.
    public static let idle: Int32 = 60
    /// Seconds between questions.
    public static let interval: Int32 = 10
    /// Questions without an answer after which the connection fails.
    public static let probes: Int32 = 3
}

/// A non-blocking stream socket, owned by an actor of its loop and only touched there.
///
///     channel.start(callback { $0.ready($1) })
///     // in ready(_:)
///     switch channel.process(readiness, receive: { bytes in ... }) { ... }
public final class SocketChannel {
    /// What has become of the channel.
    public enum State: Equatable, Sendable {
        case open
        /// The peer sends no more; writing may still be possible.
        case ended
        /// Nothing goes any more.
        case failed(SystemError)
    }

    /// How many octets wait to be taken by the kernel.
    public var pendingOctets: Int { output.count - outputHead }
    /// The peer's address; nil for a Unix socket.
    public let peer: SocketAddress?
    /// The protocol chosen by ALPN: nil without TLS and until the handshake is over, empty where none was.
    public var negotiatedProtocol: String? { security?.negotiatedProtocol }
    /// Whether the channel has been closed from this side.
    public private(set) var isClosed = false

    private let descriptor: FileDescriptor
    private let loop: EventLoop
    private let security: (any SecureLayer)?
    private var registration: EventLoop.Registration?
    private var interest: Readiness = [.readable, .readEnded]
    private var readingPaused = false
    /// What is to be sent; the octets before `outputHead` are gone.
    private var output: [UInt8] = []
    private var outputHead = 0
    private var plaintext: [UInt8] = []
    /// Why nothing goes any more; nil while the channel works. What is written from then on is dropped.
    public private(set) var failure: SystemError?
    private var closeWhenDrained = false
    private var isDetached = false
    /// Octets that the kernel has taken, those of TLS included.
    public private(set) var sentOctets: UInt64 = 0
    /// How far `end` has come; nil before it.
    private var ending: Ending?

    private struct Ending {
        /// This direction has been ended.
        var hasSaidSo = false
        /// The peer has ended the other one.
        var hasPeerEnded = false
    }

    /// A channel on a connected non-blocking socket.
    public init(_ descriptor: FileDescriptor, loop: EventLoop, security: (any SecureLayer)? = nil) {
        self.descriptor = descriptor
        self.loop = loop
        self.security = security
        peer = SocketAddress.of(descriptor, local: false)
        if peer != nil {
            let options: [(Int32, Int32, Int32)] = [
                (Int32(IPPROTO_TCP), TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1),
                (Int32(IPPROTO_TCP), TCP_KEEPIDLE, TCPKeepAlive.idle),
                (Int32(IPPROTO_TCP), TCP_KEEPINTVL, TCPKeepAlive.interval),
                (Int32(IPPROTO_TCP), TCP_KEEPCNT, TCPKeepAlive.probes),
            ]
            for (level, option, value) in options {
                var value = value
                setsockopt(descriptor.number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
            }
        }
    }

    deinit { shut() }

    /// Begins to watch the socket, and the handshake of TLS.
    ///
    /// - Parameter ready: called on the loop's thread; has to call `process` in the owner's isolation.
    public func start(_ ready: @escaping @Sendable (Readiness) -> Void) throws(SystemError) {
        registration = try loop.register(descriptor, interest, ready)
        guard let security else { return }
        do {
            try security.start(output: &output)
        } catch {
            throw SystemError(
                "start TLS with", peer?.description ?? "the peer", code: 0, hint: error.description)
        }
        flush()
    }

    /// Goes on with another owner, on the same loop: what both speak was agreed on first, by whoever has begun.
    ///
    /// - Parameter ready: as for `start`; it is called soon where something waits already.
    public func handOver(to ready: @escaping @Sendable (Readiness) -> Void) throws(SystemError) {
        if let registration { loop.deregister(registration) }
        registration = nil
        registration = try loop.register(descriptor, interest, ready)
    }

    /// Reads and writes what readiness allows.
    ///
    /// - Parameter receive: called with what has arrived, if anything; the span is valid during the call.
    /// - Returns: what has become of the channel. After `.failed` the owner closes it.
    public func process(_ readiness: Readiness, receive: (RawSpan) -> Void) -> State {
        if isClosed { return .failed(failure ?? SystemError("use", "a closed connection", code: 0)) }
        if readiness.contains(.writable) { flush() }
        if ending != nil {
            // Unread octets would tell of an end as well; without reading there are only these.
            if readingPaused, !readiness.isDisjoint(with: [.hungUp, .failed]) { shut() }
            dropOnce()
            return isClosed ? .ended : .open
        }
        var ended = false
        if !readingPaused, !readiness.isDisjoint(with: [.readable, .readEnded, .hungUp, .failed]) {
            ended = readOnce(receive)
        } else if !readiness.isDisjoint(with: [.hungUp, .failed]) {
            ended = true
        }
        if let failure { return .failed(failure) }
        return ended ? .ended : .open
    }

    /// One read of what is there. True at the end of the stream.
    private func readOnce(_ receive: (RawSpan) -> Void) -> Bool {
        let buffer = loop.readBuffer
        var count = 0
        repeat {
            count = read(descriptor.number, buffer.baseAddress, buffer.count)
        } while count < 0 && errno == EINTR
        if count < 0 {
            if errno != EAGAIN, failure == nil { failure = SystemError("read from", peerName) }
            return false
        }
        if count == 0 {
            if let security, !security.isClosedByPeer, failure == nil {
                failure = SystemError(
                    "read from", peerName, code: 0, hint: "the connection ended without TLS close_notify")
            }
            return true
        }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        guard let security else {
            receive(bytes.bytes)
            return false
        }
        plaintext.removeAll(keepingCapacity: true)
        do {
            try security.receive(bytes.bytes, plaintext: &plaintext, output: &output)
        } catch {
            failure = SystemError("read from", peerName, code: 0, hint: error.description)
        }
        if !plaintext.isEmpty { receive(plaintext.span.bytes) }
        if plaintext.capacity > 65_536 { plaintext = [] }
        // The alert that explains a fault leaves before the failure is told.
        let fault = failure
        failure = nil
        flush()
        failure = fault ?? failure
        return security.isClosedByPeer
    }

    private var peerName: String { peer?.description ?? "the peer" }

    /// Adds octets to what is to be sent; nothing leaves before `flush`.
    public func write(_ bytes: [UInt8]) { write(bytes.span.bytes) }

    /// Adds octets to what is to be sent; nothing leaves before `flush`.
    public func write(_ bytes: RawSpan) {
        guard !isClosed, failure == nil else { return }
        guard let security else {
            bytes.withUnsafeBytes { output.append(contentsOf: $0) }
            return
        }
        do {
            try security.send(bytes, output: &output)
        } catch {
            failure = SystemError("write to", peerName, code: 0, hint: error.description)
        }
    }

    /// Hands octets to the kernel at once, after what waits already; what it does not take leaves when the socket has room.
    public func send(_ bytes: RawSpan) {
        guard security == nil, pendingOctets == 0, !isClosed, failure == nil, bytes.byteCount > 0 else {
            write(bytes)
            flush()
            return
        }
        let count = bytes.withUnsafeBytes {
            Glibc.send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        // What went wrong goes wrong again in `flush`, which knows what to do about it.
        sentOctets &+= UInt64(max(0, count))
        guard count < bytes.byteCount else { return }
        write(bytes.extracting(max(0, count)..<bytes.byteCount))
        flush()
    }

    /// Hands to the kernel what waits; the rest leaves when the socket has room.
    public func flush() {
        guard !isClosed, failure == nil else { return }
        while outputHead < output.count {
            let count = output.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor.number, raw.baseAddress.map { $0 + outputHead }, raw.count - outputHead,
                    Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                outputHead += count
                sentOctets &+= UInt64(count)
            } else if errno == EINTR {
                continue
            } else if errno == EAGAIN {
                break
            } else {
                failure = SystemError("write to", peerName)
                break
            }
        }
        if outputHead == output.count || failure != nil {
            outputHead = 0
            if output.capacity > 65_536 { output = [] } else { output.removeAll(keepingCapacity: true) }
            want(.writable, false)
            if closeWhenDrained { shut() }
            if ending != nil { endSending() }
        } else {
            if outputHead > 65_536 {
                output.removeFirst(outputHead)
                outputHead = 0
            }
            want(.writable, true)
        }
    }

    /// Stops or resumes reading: the peer is held up by the kernel's buffers while it is paused.
    public func pauseReading(_ paused: Bool) {
        readingPaused = paused
        want([.readable, .readEnded], !paused)
    }

    private func want(_ readiness: Readiness, _ wanted: Bool) {
        let next = wanted ? interest.union(readiness) : interest.subtracting(readiness)
        guard next != interest, let registration else { return }
        interest = next
        loop.update(registration, next)
    }

    /// Sends what waits, says goodbye, and closes. The owner gets no more calls once all has left.
    ///
    /// - Parameter discarding: whether to drop what waits instead.
    public func close(discarding: Bool = false) {
        guard !isClosed else { return }
        if let security, failure == nil {
            security.close(output: &output)
        }
        if discarding || failure != nil {
            _ = output.withUnsafeBytes { raw in
                Glibc.send(
                    descriptor.number, raw.baseAddress.map { $0 + outputHead }, raw.count - outputHead,
                    Int32(MSG_NOSIGNAL))
            }
            shut()
            return
        }
        closeWhenDrained = true
        flush()
    }

    /// Sends what waits, says goodbye and ends this direction. The owner goes on with `process`, which drops what still
    /// arrives, until `isClosed`, and closes when that takes too long. A close with octets that were not read would be a
    /// reset, which can take the last answer away from the peer (RFC 9112 §9.6).
    public func end() {
        guard !isClosed, ending == nil else { return }
        if let security, failure == nil { security.close(output: &output) }
        guard failure == nil else { return shut() }
        ending = Ending()
        pauseReading(false)
        flush()
    }

    /// Everything has left.
    private func endSending() {
        guard failure == nil, let ending, !ending.hasPeerEnded else { return shut() }
        guard !ending.hasSaidSo else { return }
        self.ending?.hasSaidSo = true
        _ = Glibc.shutdown(descriptor.number, Int32(SHUT_WR))
    }

    /// One read of what nobody wants any more.
    private func dropOnce() {
        guard !isClosed, !readingPaused else { return }
        let count = read(descriptor.number, loop.readBuffer.baseAddress, loop.readBuffer.count)
        guard count <= 0 else { return }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count == 0, ending?.hasSaidSo == false else { return shut() }
        // Only half of it has ended: what waits can still leave.
        ending?.hasPeerEnded = true
        pauseReading(true)
    }

    /// Whether octets, the end of the stream or a failure wait to be processed: readiness that was not told yet, since it
    /// has come about after the loop has last looked.
    public var hasUnread: Bool {
        guard !isClosed else { return false }
        var octet: UInt8 = 0
        let count = recv(descriptor.number, &octet, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || (errno != EAGAIN && errno != EINTR)
    }

    /// Gives the socket to somebody else, such as TLS in a tunnel: this channel is closed, the socket is not.
    public func detach() -> FileDescriptor {
        isDetached = true
        shut()
        return descriptor
    }

    private func shut() {
        isClosed = true
        if let registration { loop.deregister(registration) }
        registration = nil
        output = []
        outputHead = 0
        if !isDetached { descriptor.close() }
    }
}
