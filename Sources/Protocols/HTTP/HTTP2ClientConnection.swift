// One connection of a client over HTTP/2: many exchanges at once, each on a stream of its own. A server whose machine is
// gone is noticed by a PING after a time of silence (client-go: 30 s and 15 s).

internal import HPACK
internal import HTTP1
internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

actor HTTP2ClientConnection: HTTP2PeerOwner {
    nonisolated let loop: EventLoop
    let peer: HTTP2Peer
    private let bodyLimit: Int
    private var exchanges: [StreamID: HTTP2Exchange] = [:]
    /// Wait until one stream more may be opened.
    private var queue: [CheckedContinuation<Void, Never>] = []
    /// How it has ended, once it has.
    private var end: TransportEnd?
    /// No new exchanges: the server has said GOAWAY, or does not answer.
    private var isRetired = false
    /// Told when a stream has ended.
    private let onRoom: @Sendable () -> Void

    /// - Parameter received: what the server has said during the handshake.
    init(
        _ channel: LoopBound<SocketChannel>, received: [UInt8], loop: EventLoop, limits: HTTP1Limits,
        keepAlive: HTTP2KeepAlive, onRoom: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.onRoom = onRoom
        bodyLimit = limits.body
        var peerLimits = HTTP2PeerLimits()
        peerLimits.http2.headerListSize = limits.head
        // As Go's client allows: a list is as fast as one window for each way there and back.
        peerLimits.http2.streamWindow = 4 << 20
        peerLimits.http2.connectionWindow = 64 << 20
        peer = HTTP2Peer(
            HTTP2Transport(channel.value, received: received, loop: loop, limits: peerLimits),
            limits: peerLimits, keepAlive: keepAlive)
    }

    private var transport: HTTP2Transport { peer.transport }

    func start() throws(SystemError) {
        try startPeer()
        settle()
    }

    /// Whether new exchanges may begin.
    var isUsable: Bool { end == nil && !isRetired }
    /// Whether one may begin at once.
    var hasRoom: Bool { isUsable && transport.http2.canOpenStream }

    /// Ends the connection and what is under way on it.
    func close() { endConnection(.noError, reason: "the client was closed") }

    /// Takes no new exchanges, and ends with the last.
    func retire() {
        isRetired = true
        wakeQueue()
        endIfDone()
    }

    // MARK: Exchanges

    /// Sends a request and gathers the whole response.
    func exchange(
        _ request: HTTPRequest, _ limit: ExchangeLimit
    ) async -> Result<HTTPResponse, HTTP2ExchangeFailure> {
        switch await open(request, limit, bodyLimit: bodyLimit) {
        case .failure(let failure): return .failure(failure)
        case .success(let stream):
            await withTaskCancellationHandler {
                while exchanges[stream]?.isOver == false { await progress(stream) }
            } onCancel: {
                loop.execute(on: self) { $0.cancel(stream) }
            }
            return response(stream)
        }
    }

    private func response(_ stream: StreamID) -> Result<HTTPResponse, HTTP2ExchangeFailure> {
        guard var exchange = remove(stream) else { return .failure(HTTP2ExchangeFailure(error: .closed)) }
        guard exchange.isComplete, let head = exchange.head else { return .failure(exchange.outcome) }
        let body = exchange.takeChunks() ?? []
        return .success(HTTPResponse(head.status, headers: head.headers, body: .bytes(body)))
    }

    /// Sends a request and waits for the head of the response.
    func begin(
        _ request: HTTPRequest, _ limit: ExchangeLimit, idleTimeout: Duration?
    ) async -> Result<(StreamID, HTTPClientHead), HTTP2ExchangeFailure> {
        switch await open(request, limit, bodyLimit: nil) {
        case .failure(let failure): return .failure(failure)
        case .success(let stream):
            await withTaskCancellationHandler {
                while let exchange = exchanges[stream], !exchange.isOver, exchange.head == nil {
                    await progress(stream)
                }
            } onCancel: {
                loop.execute(on: self) { $0.cancel(stream) }
            }
            return begun(stream, idleTimeout)
        }
    }

    private func begun(
        _ stream: StreamID, _ idleTimeout: Duration?
    ) -> Result<(StreamID, HTTPClientHead), HTTP2ExchangeFailure> {
        guard let head = exchanges[stream]?.head else {
            return .failure(remove(stream)?.outcome ?? HTTP2ExchangeFailure(error: .closed))
        }
        exchanges[stream]?.timer?.cancel()
        exchanges[stream]?.idleTimeout = idleTimeout
        watchSilence(stream)
        return .success((stream, head))
    }

    /// The next piece of a stream's body; nil at its end.
    func nextChunk(_ stream: StreamID) async throws(HTTPError) -> [UInt8]? {
        while let exchange = exchanges[stream] {
            if let octets = exchanges[stream]?.takeChunks() {
                transport.http2.consume(octets.count, on: stream)
                scheduleSettle()
                return octets
            }
            if exchange.isOver {
                _ = remove(stream)
                if let failure = exchange.failure { throw failure }
                return nil
            }
            await withTaskCancellationHandler {
                await progress(stream)
            } onCancel: {
                loop.execute(on: self) { $0.cancel(stream) }
            }
        }
        throw .closed
    }

    /// Ends a stream from our side.
    func cancel(_ stream: StreamID, _ error: HTTPError = .closed) {
        guard exchanges[stream]?.isOver == false else { return }
        fail(stream, error)
        transport.http2.reset(stream, .cancel)
        scheduleSettle()
    }

    /// Ends a stream of which nobody will read any more.
    func release(_ stream: StreamID) {
        cancel(stream)
        _ = remove(stream)
    }

    private func open(
        _ request: HTTPRequest, _ limit: ExchangeLimit, bodyLimit: Int?
    ) async -> Result<StreamID, HTTP2ExchangeFailure> {
        while true {
            if let result = tryOpening(request, limit, bodyLimit: bodyLimit) { return result }
            let timer = loop.schedule(after: limit.left, on: self) { $0.wakeQueue() }
            await suspend(while: { isUsable && !transport.http2.canOpenStream }) { queue.append($0) }
            timer.cancel()
        }
    }

    /// - Returns: nil where it has to wait until another stream ends.
    private func tryOpening(
        _ request: HTTPRequest, _ limit: ExchangeLimit, bodyLimit: Int?
    ) -> Result<StreamID, HTTP2ExchangeFailure>? {
        guard isUsable else {
            return .failure(HTTP2ExchangeFailure(error: .closed, isUnprocessed: true))
        }
        guard limit.left > .zero else { return .failure(HTTP2ExchangeFailure(error: limit.error(request))) }
        // The last moment at which it can be held back.
        if let refusal = limit.refusal(request) { return .failure(HTTP2ExchangeFailure(error: refusal)) }
        let hasBody = !request.body.isEmpty
        let stream: StreamID
        do throws(HTTP2Connection.CannotOpen) {
            stream = try transport.http2.sendRequest(HeaderList(request), endStream: !hasBody)
        } catch {
            if error == .tooManyStreams { return nil }
            isRetired = true
            return .failure(HTTP2ExchangeFailure(error: .closed, isUnprocessed: true))
        }
        if hasBody { transport.http2.sendData(stream, request.body, endStream: true) }
        var exchange = HTTP2Exchange(bodyLimit: bodyLimit)
        exchange.timer = loop.schedule(after: limit.left, on: self) {
            $0.timedOut(stream, limit.error(request))
        }
        exchanges[stream] = exchange
        scheduleSettle()
        return .success(stream)
    }

    /// Waits until something has come on a stream.
    private func progress(_ stream: StreamID) async {
        await suspend {
            guard let exchange = exchanges[stream] else { return false }
            // What is gathered is waited for whole.
            return !exchange.isOver && (exchange.bodyLimit != nil || exchange.chunks.isEmpty)
        } keeping: {
            exchanges[stream]?.waiter = $0
        }
    }

    /// No answer in time. What keeps one from coming, such as a router that has forgotten the way back, is likely to keep
    /// the others: what begins now goes out on another connection.
    private func timedOut(_ stream: StreamID, _ error: HTTPError) {
        cancel(stream, error)
        retire()
    }

    private func watchSilence(_ stream: StreamID) {
        guard let exchange = exchanges[stream], let idleTimeout = exchange.idleTimeout, !exchange.isOver
        else { return }
        exchange.timer?.cancel()
        exchanges[stream]?.timer = loop.schedule(after: idleTimeout, on: self) {
            $0.cancel(stream, .timeout("nothing arrived for \(idleTimeout)"))
        }
    }

    private func fail(
        _ stream: StreamID, _ error: HTTPError, isUnprocessed: Bool = false, isConnectionLost: Bool = false
    ) {
        exchanges[stream]?.fail(error, isUnprocessed: isUnprocessed, isConnectionLost: isConnectionLost)
        wake(stream)
    }

    private func remove(_ stream: StreamID) -> HTTP2Exchange? {
        let exchange = exchanges.removeValue(forKey: stream)
        exchange?.timer?.cancel()
        endIfDone()
        return exchange
    }

    private func wake(_ stream: StreamID) {
        if exchanges[stream]?.isOver == true {
            exchanges[stream]?.timer?.cancel()
            wakeQueue()
        }
        let waiter = exchanges[stream]?.waiter
        exchanges[stream]?.waiter = nil
        waiter?.resume()
    }

    private func wakeQueue() {
        let waiting = queue
        queue = []
        for waiter in waiting { waiter.resume() }
        onRoom()
    }

    /// Leaves a connection that takes no more exchanges, after the last.
    private func endIfDone() {
        guard isRetired, exchanges.isEmpty else { return }
        endConnection(.noError, reason: "the connection is used no more")
    }

    // MARK: What the server does

    func receiveEvents() {
        while let event = transport.next() { receive(event) }
    }

    func turnEnded() { endIfDone() }

    private func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let stream, let headers, let endStream):
            exchanges[stream]?.receive(headers, endStream: endStream)
            noteProgress(stream)
        case .data(let stream, let range, let endStream): receiveData(stream, range, endStream: endStream)
        case .trailers(let stream, _):
            exchanges[stream]?.receiveTrailers()
            noteProgress(stream)
        case .reset(let stream, let code, let byPeer):
            fail(
                stream, .reset("RST_STREAM with \(code)"),
                isUnprocessed: byPeer && code == .refusedStream)
        case .settings: wakeQueue()
        case .goAway:
            isRetired = true
            wakeQueue()
        case .informational, .writable, .drained, .failed: break
        }
    }

    private func receiveData(_ stream: StreamID, _ range: Range<Int>, endStream: Bool) {
        guard let exchange = exchanges[stream], !exchange.isOver else {
            transport.http2.consume(range.count, on: stream)
            return
        }
        var octets: [UInt8] = []
        transport.http2.copy(range, to: &octets)
        exchanges[stream]?.receive(octets, endStream: endStream)
        // A stream's reader says when it has taken them; what is gathered may come as fast as it can.
        if exchange.bodyLimit != nil { transport.http2.consume(range.count, on: stream) }
        noteProgress(stream)
    }

    private func noteProgress(_ stream: StreamID) {
        guard let exchange = exchanges[stream] else { return }
        // One that has ended here and not there, such as a body that is too large.
        if exchange.failure != nil { transport.http2.reset(stream, .cancel) }
        watchSilence(stream)
        // What is gathered is of no use before it is whole.
        if exchange.isOver || exchange.bodyLimit == nil { wake(stream) }
    }

    func connectionEnded(_ end: TransportEnd) {
        self.end = end
        let error: HTTPError =
            if case .socket(let error) = end { .transport(error) } else { .reset(end.reason) }
        for stream in exchanges.keys { fail(stream, error, isConnectionLost: true) }
        wakeQueue()
    }
}

extension HeaderList {
    /// A request's fields, without those that HTTP/2 has no use for (RFC 9113 §8.2.2).
    fileprivate init(_ request: HTTPRequest) {
        self.init()
        add(":method", request.method)
        add(":scheme", "https")
        add(":path", request.target)
        if let host = request.headers["host"] { add(":authority", host) }
        for field in request.headers.fields {
            let name = field.name.lowercased()
            switch name {
            case "host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
                continue
            case "authorization", "proxy-authorization": add(name, field.value, indexing: .never)
            case "content-length": add(name, field.value, indexing: .avoided)
            default: add(name, field.value)
            }
        }
    }
}
