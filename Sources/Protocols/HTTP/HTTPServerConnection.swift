// One connection of a server: requests are answered one after the other, in the order in which they came (RFC 9112
// §9.3.2). While one is being answered, the peer is not read beyond the next one.

internal import HTTP1
internal import SystemIO

actor HTTPServerConnection: LoopActor {
    nonisolated let loop: EventLoop

    /// Which time runs.
    private enum Deadline {
        /// That of a head, from its first octet: nothing prolongs it.
        case head
        /// That of silence, or of a body that comes too slowly.
        case idle
    }

    private let channel: SocketChannel
    private let settings: HTTPServerSettings
    private let onClose: @Sendable () -> Void
    /// Finds out which version is spoken; nil once it is known, or where there is only this one.
    private var sniffer: HTTPVersionSniffer?
    private let onHTTP2: (@Sendable (LoopBound<SocketChannel>, [UInt8]) -> Void)?
    /// What the client of HTTP/2 has said; nil while it is not known to be one.
    private var handover: [UInt8]?
    private var life = HTTPServerLife()
    private var parser: HTTP1Parser
    private var incoming: HTTPIncomingMessage?
    private var answering: Task<Void, Never>?
    private var writers: [CheckedContinuation<HTTPError?, Never>] = []
    private var timer: ScheduledTimer?
    /// When the timer is due; nil while none runs for silence.
    private var timerDue: UInt64?
    /// When silence has lasted too long. The timer is due at this time or before it: a timer for each request would cost more
    /// than some answers.
    private var silenceEnds: UInt64 = 0
    private var deadline: Deadline?
    private var octetsInTurn = 0
    /// Since when the peer has had no answer that it waits for: from the start, or from the last answer on.
    private var quietSince: UInt64

    /// `sending`: the channel is made for this connection.
    ///
    /// - Parameter onHTTP2: takes the channel of a client that speaks HTTP/2; nil where that is not spoken.
    init(
        _ channel: sending SocketChannel, _ settings: HTTPServerSettings, loop: EventLoop,
        onHTTP2: (@Sendable (LoopBound<SocketChannel>, [UInt8]) -> Void)? = nil,
        onClose: @escaping @Sendable () -> Void
    ) {
        self.onHTTP2 = onHTTP2
        sniffer = onHTTP2.map { _ in HTTPVersionSniffer() }
        self.channel = channel
        self.loop = loop
        self.settings = settings
        self.onClose = onClose
        quietSince = loop.turnStart
        parser = HTTP1Parser(.requests, limits: settings.limits.message)
    }

    private var limits: HTTPServerLimits { settings.limits }

    func start() {
        do throws(SystemError) {
            try channel.start(callback { $0.ready($1) })
            expectOctets(within: limits.head)
        } catch {
            close(discarding: true)
        }
    }

    /// Since when it has been taking room without being answered, in nanoseconds of the monotonic clock: the lowest goes first
    /// where room is needed. Nil while it is answered.
    var idleStart: UInt64? {
        guard life.isOpen else { return 0 }
        return life.isAnswering ? nil : quietSince
    }

    /// The next answer is the last.
    func disableKeepAlive() { life.disableKeepAlive() }

    /// Takes no further request; closes at once if nothing is being answered and none has begun to come.
    func drain() {
        if !life.isAnswering, life.takesRequests, incoming != nil || !parser.isIdle {
            return life.disableKeepAlive()
        }
        // Who was told nothing has nothing to miss.
        if life.drain() { close(discarding: channel.pendingOctets == 0) }
    }

    /// Ends the connection: what is under way is cut off.
    ///
    /// - Parameter discarding: whether to drop what waits to be sent; else it leaves first, and the peer has a while to
    ///   take it and to close, too.
    func close(discarding: Bool = false) {
        let isFirst = life.close()
        guard isFirst || discarding else { return }
        if isFirst {
            answering?.cancel()
            resumeWriters(.closed)
        }
        if discarding { channel.close(discarding: true) } else { channel.end() }
        settle()
    }

    /// After the close: goes when all has left and the peer has closed, too, or takes too long for it.
    private func settle() {
        timer?.cancel()
        timerDue = nil
        guard channel.isClosed else {
            let time = channel.pendingOctets > 0 ? limits.stalledWrite : limits.closeTimeout
            timer = loop.schedule(after: time, on: self) { $0.close(discarding: true) }
            return
        }
        if life.socketClosed() { onClose() }
    }

    // MARK: Reading

    private func ready(_ readiness: Readiness) {
        guard life.isOpen else {
            let pending = channel.pendingOctets
            _ = channel.process(readiness) { _ in }
            // What is dropped buys nobody time, what leaves does.
            if channel.isClosed || channel.pendingOctets != pending { settle() }
            return
        }
        let state = channel.process(readiness) { receive($0) }
        if sniffer != nil, channel.negotiatedProtocol != nil { sniff(RawSpan()) }
        if let handover, state == .open { return handOver(handover) }
        if channel.pendingOctets < limits.pendingOctets { resumeWriters(nil) }
        switch state {
        case .open: break
        case .ended:
            switch life.receiveEnd() {
            case .close: close(discarding: true)
            case .cancelAnswer:
                answering?.cancel()
                channel.pauseReading(true)
            case .nothing: break
            }
        case .failed: close(discarding: true)
        }
    }

    /// Looks which version is spoken, and gives what is HTTP/1.1 to its parser.
    private func sniff(_ bytes: RawSpan) {
        switch sniffer?.receive(bytes, agreed: channel.negotiatedProtocol) {
        case .first(let octets):
            sniffer = nil
            if !octets.isEmpty { receive(octets.span.bytes) }
        case .second(let octets):
            sniffer = nil
            handover = octets
        case .undecided, nil: break
        }
    }

    /// The rest is another connection's, on the same channel.
    private func handOver(_ octets: [UInt8]) {
        timer?.cancel()
        _ = life.close()
        onHTTP2?(LoopBound(channel), octets)
    }

    private func receive(_ bytes: RawSpan) {
        guard sniffer == nil else { return sniff(bytes) }
        guard life.takesRequests, handover == nil else { return }
        do throws(HTTP1Error) {
            try parser.receive(bytes) { take($0) }
        } catch {
            life.receive(error)
        }
        next()
        guard life.isOpen else { return }
        expectMore()
        channel.pauseReading(life.hasWaiting)
    }

    private func take(_ event: HTTP1Parser.Event) {
        switch event {
        case .head(let head):
            incoming = HTTPIncomingMessage(
                head: head, start: loop.turnStart,
                awaitsContinue: head.minorVersion >= 1
                    && head.headers.contains("expect", token: "100-continue"))
            askForBody()
        case .body(let bytes): incoming?.body.append(contentsOf: bytes)
        case .end:
            guard let message = incoming, case .request(let method, let target) = message.head.start else {
                return
            }
            incoming = nil
            let request = HTTPRequest(
                method, target, headers: message.head.headers, body: message.body, peer: channel.peer)
            life.receive(request, keepsAlive: message.head.keepsAlive)
        }
    }

    /// Tells the peer to send the body that it holds back, when the answers before are out.
    private func askForBody() {
        guard incoming?.awaitsContinue == true, !life.isAnswering, !life.hasWaiting else { return }
        incoming?.awaitsContinue = false
        channel.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        channel.flush()
    }

    /// Sets the time for what has to arrive next.
    private func expectMore() {
        guard !life.isAnswering else { return }
        let isInHead = incoming == nil && !parser.isIdle
        if let incoming {
            let time = limits.bodyTime(octets: incoming.body.count, elapsed: loop.turnStart &- incoming.start)
            expectOctets(within: min(limits.idle, time))
        } else if !isInHead {
            expectOctets(within: limits.idle)
        } else if deadline != .head {
            expectOctets(within: limits.head)
        }
        deadline = isInHead ? .head : .idle
    }

    /// Ends the connection when nothing arrives for a while.
    private func expectOctets(within limit: Duration) {
        let (end, overflow) = loop.turnStart.addingReportingOverflow(limit.nanoseconds)
        silenceEnds = overflow ? .max : end
        if let timerDue, timerDue <= silenceEnds { return }
        timer?.cancel()
        watchSilence(from: loop.turnStart)
    }

    private func watchSilence(from now: UInt64) {
        timerDue = silenceEnds
        let rest = Duration.nanoseconds(Int64(clamping: silenceEnds - min(now, silenceEnds)))
        timer = loop.schedule(after: rest, on: self) { $0.silenceElapsed() }
    }

    private func silenceElapsed() {
        timerDue = nil
        guard life.isOpen, !life.isAnswering else { return }
        let now = MonotonicClock.now
        guard now >= silenceEnds else { return watchSilence(from: now) }
        settings.counts.note(incoming == nil && parser.isIdle ? .idle : .slow)
        close(discarding: true)
    }

    // MARK: Answering

    private func next() {
        // A loop, since a peer may send any number of requests at once.
        while true {
            switch life.next() {
            case .answer(let request):
                guard answersAtOnce(request) else { return answer(request) }
                guard life.isOpen else { return }
            case .refuse(let error): return refuse(error)
            case .close: return close()
            case .wait: return
            }
        }
    }

    /// Answers without a task of its own; false where the request needs one, or the peer has to take answers first.
    private func answersAtOnce(_ request: HTTPRequest) -> Bool {
        guard let immediate = settings.immediate, channel.pendingOctets == 0, request.codingRefusal == nil,
            let response = immediate(request)
        else { return false }
        sendWhole(response, toHead: request.method == "HEAD")
        quietSince = loop.turnStart
        if let octets = incoming?.body.count {
            incoming?.start = limits.bodyStart(octets: octets, now: quietSince)
        }
        if life.finishAnswer() {
            close()
        } else {
            askForBody()
        }
        return true
    }

    private func answer(_ request: HTTPRequest) {
        deadline = nil
        // Whatever it waits for, it comes back on the loop, and by no other thread.
        answering = Task(executorPreference: loop) { await self.produce(request) }
    }

    private func produce(_ request: HTTPRequest) async {
        let response =
            if let refusal = request.codingRefusal { refusal } else { await settings.handler(request) }
        await send(response, toHead: request.method == "HEAD")
    }

    /// The answer is out, or nobody is there to take it: what comes next.
    private func finish() {
        answering = nil
        quietSince = loop.turnStart
        // What has come of the next one could not be read on meanwhile.
        if let octets = incoming?.body.count {
            incoming?.start = limits.bodyStart(octets: octets, now: quietSince)
        }
        let wasLast = life.finishAnswer()
        guard life.isOpen else { return }
        if wasLast {
            close()
            return
        }
        channel.pauseReading(life.hasPeerEnded)
        next()
        guard life.isOpen, !life.isAnswering else { return }
        askForBody()
        expectMore()
    }

    /// Answers what is no valid request, and closes (RFC 9112 §9.6).
    private func refuse(_ error: HTTP1Error) {
        settings.counts.note(.malformed)
        sendWhole(.text(error.status, error.description + "\n"), toHead: false)
        close()
    }

    /// Sends a response. Behind its last octet nothing is awaited, unless the peer does not read: who has the answer counts on
    /// its having ended, and the task's preference makes a turn of the loop of each return.
    private func send(_ response: HTTPResponse, toHead isHead: Bool) async {
        if case .stream(let body) = response.body, !isHead, life.isOpen {
            let isComplete = life.beginStream() ? await stream(response, body) : false
            if life.isOpen {
                guard isComplete else {
                    close(discarding: true)
                    return finish()
                }
                var output: [UInt8] = []
                HTTP1Encoder.lastChunk(into: &output)
                channel.write(output)
                channel.flush()
            }
        } else if life.isOpen {
            sendWhole(response, toHead: isHead)
            // A peer that does not read must not let us hold responses without bound.
            if channel.pendingOctets >= limits.pendingOctets { _ = await waitForRoom() }
        }
        finish()
    }

    /// Sends the head and the pieces of a body; false where its writer failed.
    private func stream(
        _ response: HTTPResponse, _ body: @Sendable (HTTPBodyWriter) async throws -> Void
    ) async -> Bool {
        var headers = response.headers
        headers["transfer-encoding"] = "chunked"
        if life.isLast { headers["connection"] = "close" }
        var output: [UInt8] = []
        HTTP1Encoder.response(status: response.status, headers: headers, into: &output)
        channel.write(output)
        channel.flush()
        do {
            try await body(HTTPBodyWriter { await self.writeChunk($0) })
            return true
        } catch {
            return false
        }
    }

    private func sendWhole(_ response: HTTPResponse, toHead isHead: Bool) {
        let body = response.bytes
        let hasLength = response.status != 204 && response.status != 304 && response.status >= 200
        var output: [UInt8] = []
        output.reserveCapacity(256 + body.count)
        HTTP1Encoder.response(
            status: response.status, headers: response.headers, length: hasLength ? body.count : nil,
            isLast: life.isLast, into: &output)
        if !isHead { output.append(contentsOf: body) }
        channel.send(output.span.bytes)
    }

    /// Sends a piece of a streamed body; nil when there is room for more, else why there never will be.
    private func writeChunk(_ bytes: [UInt8]) async -> HTTPError? {
        guard life.isStreaming else { return .closed }
        var output: [UInt8] = []
        HTTP1Encoder.chunk(bytes, into: &output)
        channel.write(output)
        channel.flush()
        if let failure = channel.failure {
            close(discarding: true)
            return .transport(failure)
        }
        // A writer that never has to wait would keep the loop from everything else.
        octetsInTurn += output.count
        if octetsInTurn >= limits.pendingOctets {
            octetsInTurn = 0
            await Task.yield()
        }
        return await waitForRoom()
    }

    /// Waits until what is pending is below the limit. nil when it is, the reason when it never will be.
    private func waitForRoom() async -> HTTPError? {
        guard life.isOpen else { return .closed }
        guard channel.pendingOctets >= limits.pendingOctets else { return nil }
        let timer = loop.schedule(after: limits.stalledWrite, on: self) { connection in
            connection.settings.counts.note(.stalled)
            connection.resumeWriters(.timeout("the peer takes no data"))
            connection.close(discarding: true)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            if !life.isOpen {
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
