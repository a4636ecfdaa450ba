// One connection of a server: requests are answered one after the other, in the order in which they came (RFC 9112
// §9.3.2). While one is being answered, the peer is not read beyond the next one.

internal import HTTP1
internal import SystemIO

actor HTTPServerConnection: LoopActor {
    nonisolated let loop: EventLoop

    private let channel: SocketChannel
    private let limits: HTTPServerLimits
    private let handler: HTTPServer.Handler
    private var onClose: (@Sendable () -> Void)?
    private var parser: HTTP1Parser
    /// The message that is arriving.
    private var incoming: (head: HTTP1Parser.Head, body: [UInt8])?
    /// Complete requests that wait for their turn.
    private var waiting: [(request: HTTPRequest, keepsAlive: Bool)] = []
    private var answering: Task<Void, Never>?
    /// Set when no further request is to be read: the last response says so and closes.
    private var isLast = false
    private var failure: HTTP1Error?
    /// The peer waits for a word before it sends the body that is next.
    private var owesContinue = false
    /// The time that runs is that of a head.
    private var wasInHead = false
    private var writers: [CheckedContinuation<HTTPError?, Never>] = []
    private var timer: ScheduledTimer?
    private var isChunking = false
    /// The peer sends no more.
    private var hasPeerEnded = false
    private var octetsInTurn = 0
    private var isClosed = false

    // `sending`: the channel is made for this connection.
    init(
        _ channel: sending SocketChannel, loop: EventLoop, limits: HTTPServerLimits,
        handler: @escaping HTTPServer.Handler
    ) {
        self.channel = channel
        self.loop = loop
        self.limits = limits
        self.handler = handler
        parser = HTTP1Parser(.requests, limits: limits.message)
    }

    func start(_ onClose: @escaping @Sendable () -> Void) {
        self.onClose = onClose
        do throws(SystemError) {
            try channel.start(callback { $0.ready($1) })
            expectOctets(within: limits.head)
        } catch {
            close(discarding: true)
        }
    }

    /// Takes no further request; closes at once if nothing is being answered.
    func drain() {
        isLast = true
        // Who was told nothing has nothing to miss.
        if answering == nil, waiting.isEmpty { close(discarding: channel.pendingOctets == 0) }
    }

    /// Closes.
    ///
    /// - Parameter discarding: whether to drop what waits to be sent; else it leaves first, and the peer has a while to
    ///   take it and to close, too.
    func close(discarding: Bool = false) {
        guard !isClosed || discarding else { return }
        if !isClosed {
            isClosed = true
            answering?.cancel()
            resumeWriters(.closed)
        }
        if discarding { channel.close(discarding: true) } else { channel.end() }
        settle()
    }

    /// After the close: goes when all has left and the peer has closed, too, or takes too long for it.
    private func settle() {
        timer?.cancel()
        guard channel.isClosed else {
            timer = loop.schedule(
                after: channel.pendingOctets > 0 ? limits.stalledWrite : limits.farewell, on: self
            ) { $0.close(discarding: true) }
            return
        }
        onClose?()
        onClose = nil
    }

    // MARK: Reading

    private func ready(_ readiness: Readiness) {
        guard !isClosed else {
            let pending = channel.pendingOctets
            _ = channel.process(readiness) { _ in }
            // What is dropped buys nobody time, what leaves does.
            if channel.isClosed || channel.pendingOctets != pending { settle() }
            return
        }
        let state = channel.process(readiness) { receive($0) }
        if channel.pendingOctets < limits.pendingOctets { resumeWriters(nil) }
        switch state {
        case .open: break
        case .ended:
            // Who has asked and ends only its own direction, as `nc` and `socat` do, still wants the answer; who has gone
            // looks the same, so the handler is told to stop, and what it has answers. A stream may be silent for
            // ever, and its reader's end must not go unnoticed.
            guard !hasPeerEnded, !isChunking, answering != nil || !waiting.isEmpty else {
                return close(discarding: true)
            }
            hasPeerEnded = true
            answering?.cancel()
            if waiting.isEmpty { isLast = true }
            channel.pauseReading(true)
        case .failed: close(discarding: true)
        }
    }

    private func receive(_ bytes: RawSpan) {
        guard failure == nil, !isLast || answering == nil else { return }
        do throws(HTTP1Error) {
            try parser.receive(bytes) { take($0) }
        } catch {
            failure = error
        }
        if answering == nil { next() }
        guard !isClosed else { return }
        expectMore()
        channel.pauseReading(waiting.count >= 1)
    }

    private func take(_ event: HTTP1Parser.Event) {
        switch event {
        case .head(let head):
            incoming = (head, [])
            owesContinue = head.minorVersion >= 1 && head.headers.contains("expect", token: "100-continue")
            askForBody()
        case .body(let bytes): incoming?.body.append(contentsOf: bytes)
        case .end:
            guard let message = incoming, case .request(let method, let target) = message.head.start else {
                return
            }
            incoming = nil
            let request = HTTPRequest(
                method, target, headers: message.head.headers, body: message.body, peer: channel.peer)
            waiting.append((request, message.head.keepsAlive))
        }
    }

    /// RFC 9110 §10.1.1: the peer holds its body back until it is told to send it, when the answers before are out.
    private func askForBody() {
        guard owesContinue, incoming != nil, answering == nil, waiting.isEmpty else { return }
        owesContinue = false
        channel.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        channel.flush()
    }

    /// Sets the time for what has to arrive next. That of a head begins with its first octet, and nothing prolongs it.
    private func expectMore() {
        guard answering == nil else { return }
        let isInHead = incoming == nil && !parser.isIdle
        defer { wasInHead = isInHead }
        guard isInHead else { return expectOctets(within: limits.idle) }
        if !wasInHead { expectOctets(within: limits.head) }
    }

    /// Ends the connection when nothing arrives for a while.
    private func expectOctets(within limit: Duration) {
        timer?.cancel()
        timer = loop.schedule(after: limit, on: self) { connection in
            guard connection.answering == nil else { return }
            connection.close(discarding: true)
        }
    }

    // MARK: Answering

    private func next() {
        guard answering == nil, !isClosed else { return }
        guard !waiting.isEmpty else {
            if let failure { refuse(failure) } else if isLast { close() }
            return
        }
        timer?.cancel()
        wasInHead = false
        let (request, keepsAlive) = waiting.removeFirst()
        if !keepsAlive || hasPeerEnded && waiting.isEmpty { isLast = true }
        answering = Task {
            let response = await handler(request)
            await send(response, toHead: request.method == "HEAD")
            answering = nil
            guard !isClosed else { return }
            if isLast {
                close()
                return
            }
            channel.pauseReading(hasPeerEnded)
            next()
            guard answering == nil, !isClosed else { return }
            askForBody()
            expectMore()
        }
    }

    /// Answers what is no valid request, and closes (RFC 9112 §9.6).
    private func refuse(_ error: HTTP1Error) {
        isLast = true
        sendWhole(.text(error.status, error.description + "\n"), toHead: false)
        close()
    }

    private func send(_ response: HTTPResponse, toHead isHead: Bool) async {
        guard !isClosed else { return }
        guard case .stream(let body) = response.body, !isHead else {
            sendWhole(response, toHead: isHead)
            // A peer that does not read must not let us hold responses without bound.
            _ = await waitForRoom()
            return
        }
        guard !hasPeerEnded else { return close(discarding: true) }
        var headers = response.headers
        headers["transfer-encoding"] = "chunked"
        if isLast { headers["connection"] = "close" }
        var output: [UInt8] = []
        HTTP1Encoder.response(status: response.status, headers: headers, into: &output)
        channel.write(output)
        channel.flush()
        isChunking = true
        do {
            try await body(HTTPBodyWriter(self))
            isChunking = false
            guard !isClosed else { return }
            output = []
            HTTP1Encoder.lastChunk(into: &output)
            channel.write(output)
            channel.flush()
        } catch {
            isChunking = false
            close(discarding: true)
        }
    }

    private func sendWhole(_ response: HTTPResponse, toHead isHead: Bool) {
        var headers = response.headers
        let body = response.bytes
        if response.status != 204, response.status != 304, response.status >= 200 {
            headers["content-length"] = String(body.count)
        }
        if isLast { headers["connection"] = "close" }
        var output: [UInt8] = []
        HTTP1Encoder.response(status: response.status, headers: headers, into: &output)
        if !isHead { output.append(contentsOf: body) }
        channel.write(output)
        channel.flush()
    }

    func writeChunk(_ bytes: [UInt8]) async throws(HTTPError) {
        guard !isClosed, isChunking else { throw .closed }
        var output: [UInt8] = []
        HTTP1Encoder.chunk(bytes, into: &output)
        channel.write(output)
        channel.flush()
        if let failure = channel.failure {
            close(discarding: true)
            throw .transport(failure)
        }
        // A writer that never has to wait would keep the loop from everything else.
        octetsInTurn += output.count
        if octetsInTurn >= limits.pendingOctets {
            octetsInTurn = 0
            await Task.yield()
        }
        if let error = await waitForRoom() { throw error }
    }

    /// Waits until what is pending is below the limit. nil when it is, the reason when it never will be.
    private func waitForRoom() async -> HTTPError? {
        guard !isClosed else { return .closed }
        guard channel.pendingOctets >= limits.pendingOctets else { return nil }
        let timer = loop.schedule(after: limits.stalledWrite, on: self) { connection in
            connection.resumeWriters(.timeout("the peer takes no data"))
            connection.close(discarding: true)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            if isClosed {
                continuation.resume(returning: .closed)
            } else if channel.pendingOctets < limits.pendingOctets {
                continuation.resume(returning: nil)
            } else {
                writers.append(continuation)
            }
        }
    }

    private func resumeWriters(_ error: HTTPError?) {
        let waiters = writers
        writers = []
        for waiter in waiters { waiter.resume(returning: error) }
    }
}
