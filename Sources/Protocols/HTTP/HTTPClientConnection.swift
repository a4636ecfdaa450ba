// One connection of a client, with one exchange at a time.

internal import HTTP1
internal import SystemIO

actor HTTPClientConnection: LoopActor {
    nonisolated let loop: EventLoop

    /// Octets of a streamed body that may wait for the reader before the peer is held up.
    private let bufferLimit = 1 << 20

    private let channel: SocketChannel
    private let isStarted: Bool
    private let limits: HTTP1Limits
    private var parser: HTTP1Parser
    private var head: HTTPClientHead?
    private var keepsAlive = true
    private var buffer: [[UInt8]] = []
    private var buffered = 0
    private var isComplete = false
    private var isStreaming = false
    private var isBusy = false
    private var hasAnswered = false
    /// What the channel had sent when the request began.
    private var sentBefore: UInt64 = 0
    private var failure: HTTPError?
    private var waiter: CheckedContinuation<Void, Never>?
    private var hasChanged = false
    private var timer: ScheduledTimer?
    private var idleTimeout: Duration?

    /// - Parameter isStarted: whether somebody else has begun with the channel, such as a handshake.
    init(
        _ channel: LoopBound<SocketChannel>, isStarted: Bool = false, loop: EventLoop, limits: HTTP1Limits
    ) {
        self.channel = channel.value
        self.isStarted = isStarted
        self.loop = loop
        self.limits = limits
        parser = HTTP1Parser(.responses, limits: limits)
    }

    func start() throws(SystemError) {
        guard isStarted else { return try channel.start(callback { $0.ready($1) }) }
        try channel.handOver(to: callback { $0.ready($1) })
        channel.pauseReading(false)
    }

    /// Whether another request may be sent.
    var isReusable: Bool { failure == nil && isComplete && keepsAlive && parser.isIdle && !channel.isClosed }

    /// Takes what has come in meanwhile, such as the end of the connection or tickets of TLS.
    ///
    /// - Returns: whether another request may be sent.
    func isUsable() -> Bool {
        // What waits is a few records at most; a peer that sends on and on has broken the protocol.
        for _ in 0..<8 {
            guard isReusable, channel.hasUnread else { break }
            ready(.readable)
        }
        return isReusable && !channel.hasUnread
    }

    /// Whether the connection broke before the server answered anything to the request that was sent on it.
    var diedIdle: Bool { !hasAnswered && !hasTimedOut }

    /// Whether no octet of the request has left this machine: nobody can have processed it.
    var sentNothing: Bool { channel.sentOctets == sentBefore }

    /// Whether the answer did not come in time.
    var hasTimedOut: Bool { if case .timeout = failure { true } else { false } }

    /// The socket, for whatever is spoken after this exchange.
    func detach() -> FileDescriptor {
        timer?.cancel()
        return channel.detach()
    }

    func close() {
        timer?.cancel()
        fail(.closed)
        channel.close()
    }

    /// Sends a request and gathers the whole response.
    func exchange(_ request: HTTPRequest, _ limit: ExchangeLimit) async throws(HTTPError) -> HTTPResponse {
        send(request, limit, streaming: false)
        while failure == nil, !isComplete { await change() }
        timer?.cancel()
        guard isComplete, let head else {
            channel.close(discarding: true)
            throw failure ?? .closed
        }
        let body = Array(buffer.joined())
        buffer = []
        buffered = 0
        if !keepsAlive { channel.close() }
        return HTTPResponse(head.status, headers: head.headers, body: .bytes(body))
    }

    /// Sends a request and waits for the head of the response.
    func begin(
        _ request: HTTPRequest, _ limit: ExchangeLimit, idleTimeout: Duration?
    ) async throws(HTTPError) -> HTTPClientHead {
        var unlimited = limits
        unlimited.body = .max
        parser = HTTP1Parser(.responses, limits: unlimited)
        send(request, limit, streaming: true)
        while failure == nil, head == nil { await change() }
        timer?.cancel()
        guard let head else {
            channel.close(discarding: true)
            throw failure ?? .closed
        }
        self.idleTimeout = idleTimeout
        watchSilence()
        return head
    }

    /// The next piece of the body; nil at its end.
    func nextChunk() async throws(HTTPError) -> [UInt8]? {
        while true {
            if !buffer.isEmpty {
                let chunk = buffer.removeFirst()
                buffered -= chunk.count
                if buffered < bufferLimit { channel.pauseReading(false) }
                return chunk
            }
            if isComplete { return nil }
            if let failure { throw failure }
            await withTaskCancellationHandler {
                await change()
            } onCancel: {
                Task { await self.close() }
            }
        }
    }

    private func send(_ request: HTTPRequest, _ limit: ExchangeLimit, streaming: Bool) {
        head = nil
        isComplete = false
        isStreaming = streaming
        hasAnswered = false
        isBusy = true
        sentBefore = channel.sentOctets
        // After a 2xx to CONNECT the tunnel begins at once (RFC 9110 §9.3.6).
        parser.expectResponse(toHead: request.method == "HEAD" || request.method == "CONNECT")
        var output: [UInt8] = []
        HTTP1Encoder.request(
            method: request.method, target: request.target, headers: request.headers, into: &output)
        output.append(contentsOf: request.body)
        // The last moment at which it can be held back.
        if let error = limit.refusal(request) {
            isBusy = false
            return fail(error)
        }
        channel.write(output)
        channel.flush()
        timer = loop.schedule(after: max(.zero, limit.left), on: self) { $0.fail(limit.error(request)) }
    }

    private func watchSilence() {
        guard let idleTimeout, !isComplete, failure == nil else { return }
        timer?.cancel()
        timer = loop.schedule(after: idleTimeout, on: self) { connection in
            connection.fail(.timeout("nothing arrived for \(idleTimeout)"))
            connection.channel.close(discarding: true)
        }
    }

    private func ready(_ readiness: Readiness) {
        var malformed: HTTP1Error?
        let state = channel.process(readiness) { bytes in
            do throws(HTTP1Error) {
                try parser.receive(bytes) { take($0) }
            } catch {
                malformed = error
            }
        }
        if isStreaming { watchSilence() }
        if let malformed {
            fail(.malformed(malformed))
            channel.close(discarding: true)
            return
        }
        switch state {
        case .open: break
        case .ended:
            do throws(HTTP1Error) {
                try parser.finish { take($0) }
            } catch {
                fail(.closed)
            }
            keepsAlive = false
            if !isComplete || !isBusy { fail(.closed) }
            channel.close()
        case .failed(let error):
            keepsAlive = false
            fail(.transport(error))
            channel.close(discarding: true)
        }
    }

    private func take(_ event: HTTP1Parser.Event) {
        // Nothing was asked: a proxy that says 408 before it closes, or an answer that would be taken for the next one's.
        guard isBusy else {
            keepsAlive = false
            return fail(.closed)
        }
        hasAnswered = true
        switch event {
        case .head(let head):
            guard case .response(let status, _) = head.start else { return }
            // Interim responses are not the answer (RFC 9110 §15.2).
            guard status >= 200 || status == 101 else { return }
            self.head = HTTPClientHead(status: status, headers: head.headers)
            keepsAlive = head.keepsAlive
        case .body(let bytes):
            buffer.append(bytes)
            buffered += bytes.count
            if isStreaming, buffered >= bufferLimit { channel.pauseReading(true) }
        case .end:
            // The end of an interim response has no head kept for it.
            guard head != nil else { return }
            isComplete = true
            isBusy = false
        }
        resume()
    }

    private func fail(_ error: HTTPError) {
        if failure == nil, !isComplete || !isBusy { failure = error }
        resume()
    }

    private func resume() {
        guard let waiter else {
            hasChanged = true
            return
        }
        self.waiter = nil
        waiter.resume()
    }

    /// Waits for the next change, or returns at once for one that nobody has waited for: what is asked before a wait
    /// may be out of date when the wait begins.
    private func change() async {
        await withCheckedContinuation { continuation in
            if hasChanged {
                hasChanged = false
                continuation.resume()
            } else {
                waiter = continuation
            }
        }
    }
}
