// Plain requests over HTTP/2: each stream carries one, and they are answered in whatever order they are done. A request has its
// whole body before a handler sees it, as over HTTP/1.1; the limits are the same.

internal import HPACK
internal import HTTP1
internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

/// The requests of one connection.
actor HTTP2Requests: HTTP2StreamService {
    nonisolated let loop: EventLoop
    private let transport: HTTP2Transport
    private let host: HTTP2StreamHost
    private let settings: HTTPServerSettings
    private var streams: [StreamID: HTTP2ServerStream] = [:]
    /// Handlers that run, also those of streams that are over: a reset must not make room for another (Rapid Reset).
    private var handlers = 0
    /// Octets of bodies that are not complete.
    private var arriving = 0
    private var octetsInTurn = 0
    private var quietSince: UInt64

    init(
        _ transport: LoopBound<HTTP2Transport>, _ host: HTTP2StreamHost, _ settings: HTTPServerSettings,
        loop: EventLoop
    ) {
        self.transport = transport.value
        self.host = host
        self.loop = loop
        self.settings = settings
        quietSince = loop.turnStart
    }

    private var limits: HTTPServerLimits { settings.limits }

    var idleStart: UInt64? { handlers == 0 ? quietSince : nil }

    // MARK: Events

    func receive(_ event: HTTP2Event) {
        switch event {
        case .headers(let id, let list, let endStream): begin(id, list, endStream)
        case .data(let id, let range, let endStream): receive(id, range, endStream)
        // Trailer fields are dropped: nothing here uses them (RFC 9110 §6.5.1 allows it).
        case .trailers(let id, _):
            guard let stream = streams[id], !stream.isOver else { return }
            if stream.refusal == nil { answer(stream) } else { answerRefused(stream) }
        case .reset(let id, _, _): if let stream = streams[id] { drop(stream) }
        case .writable(let id): streams[id]?.resumeWriters(nil)
        case .informational, .settings, .goAway, .drained, .failed: break
        }
    }

    func connectionEnded() {
        for stream in Array(streams.values) { drop(stream) }
    }

    private func begin(_ id: StreamID, _ list: HeaderList, _ endStream: Bool) {
        guard handlers < HTTP2Limits().concurrentStreams else {
            return transport.http2.reset(id, .refusedStream)
        }
        let request: HTTPRequest
        do throws(HTTPRefusal) {
            request = try HTTPRequest(list, peer: transport.peer)
        } catch {
            return sendWhole(error.response, id, toHead: false)
        }
        let stream = HTTP2ServerStream(id, request, start: loop.turnStart)
        guard !endStream else { return answer(stream) }
        streams[id] = stream
        if let length = request.headers["content-length"].flatMap({ Int($0) }), length > limits.message.body {
            refuse(stream, .bodyTooLarge(limit: limits.message.body))
            // More than is read and dropped: then the client is stopped.
            if length > limits.requestOctets { answerRefused(stream) }
        }
        if streams[id] != nil { watchBody(stream) }
    }

    private func receive(_ id: StreamID, _ range: Range<Int>, _ endStream: Bool) {
        transport.http2.consume(range.count, on: id)
        guard let stream = streams[id], !stream.isOver, stream.task == nil else { return }
        if stream.refusal == nil, stream.request.body.count + range.count > limits.message.body {
            refuse(stream, .bodyTooLarge(limit: limits.message.body))
        } else if stream.refusal == nil, arriving + range.count > limits.requestOctets {
            var response = HTTPResponse.text(
                503,
                "the requests of the connection have more than \(limits.requestOctets) octets: send fewer at a time\n"
            )
            response.headers["retry-after"] = "1"
            refuse(stream, response)
        }
        guard stream.refusal == nil else {
            stream.dropped += range.count
            if endStream || stream.dropped > limits.requestOctets { answerRefused(stream) }
            return
        }
        arriving += range.count
        transport.http2.copy(range, to: &stream.request.body)
        if endStream { answer(stream) }
    }

    private func refuse(_ stream: HTTP2ServerStream, _ error: HTTP1Error) {
        refuse(stream, .text(error.status, error.description + "\n"))
    }

    /// Keeps nothing more of a body, and answers after it.
    private func refuse(_ stream: HTTP2ServerStream, _ response: HTTPResponse) {
        settings.counts.note(.malformed)
        arriving -= stream.request.body.count
        stream.request.body = []
        stream.refusal = response
    }

    private func answerRefused(_ stream: HTTP2ServerStream) {
        forget(stream)
        if let response = stream.refusal { sendWhole(response, stream.id, toHead: false) }
    }

    /// Ends a body that comes too slowly: 408 (RFC 9110 §15.5.9).
    private func watchBody(_ stream: HTTP2ServerStream) {
        let elapsed = MonotonicClock.now &- stream.start
        let left = limits.bodyTime(octets: stream.request.body.count + stream.dropped, elapsed: elapsed)
        guard left > .zero else {
            settings.counts.note(.slow)
            forget(stream)
            sendWhole(.text(408, "the body comes too slowly\n"), stream.id, toHead: false)
            return host.settle()
        }
        stream.timer = loop.schedule(after: left, on: self) { [id = stream.id] requests in
            guard let stream = requests.streams[id], !stream.isOver, stream.task == nil else { return }
            requests.watchBody(stream)
        }
    }

    /// The peer has gone, or has lost its interest: nobody computes for it.
    private func drop(_ stream: HTTP2ServerStream) {
        stream.isOver = true
        stream.task?.cancel()
        stream.resumeWriters(.closed)
        forget(stream)
    }

    private func forget(_ stream: HTTP2ServerStream) {
        stream.timer?.cancel()
        guard streams.removeValue(forKey: stream.id) != nil else { return }
        if stream.task == nil { arriving -= stream.request.body.count }
    }

    // MARK: Answers

    private func answer(_ stream: HTTP2ServerStream) {
        forget(stream)
        let request = stream.request
        let isHead = request.method == "HEAD"
        if let response = request.codingRefusal ?? settings.immediate?(request) {
            sendWhole(response, stream.id, toHead: isHead)
            quietSince = loop.turnStart
            return
        }
        stream.request.body = []
        streams[stream.id] = stream
        handlers += 1
        let own = LoopBound(stream)
        stream.task = Task(executorPreference: loop) { await self.produce(request, own) }
    }

    private func produce(_ request: HTTPRequest, _ own: LoopBound<HTTP2ServerStream>) async {
        let stream = own.value
        let response = await settings.handler(request)
        await send(response, stream, toHead: request.method == "HEAD")
        handlers -= 1
        quietSince = loop.turnStart
        forget(stream)
        host.settle()
    }

    private func send(_ response: HTTPResponse, _ stream: HTTP2ServerStream, toHead isHead: Bool) async {
        guard !stream.isOver else { return }
        guard case .stream(let body) = response.body, !isHead else {
            return sendWhole(response, stream.id, toHead: isHead)
        }
        stream.isStreaming = true
        transport.http2.sendHeaders(stream.id, HeaderList(response, length: nil))
        host.settle()
        do {
            let id = stream.id
            try await body(HTTPBodyWriter { await self.write($0, on: id) })
            if !stream.isOver, !transport.http2.sendData(stream.id, [], endStream: true) {
                host.watchStalls()
            }
        } catch {
            // The peer must not take it for the whole.
            if !stream.isOver { transport.http2.reset(stream.id, .internalError) }
        }
    }

    private func sendWhole(_ response: HTTPResponse, _ id: StreamID, toHead isHead: Bool) {
        let body = response.bytes
        let hasBody = response.status != 204 && response.status != 304
        let isEmpty = isHead || !hasBody || body.isEmpty
        transport.http2.sendHeaders(
            id, HeaderList(response, length: hasBody ? body.count : nil), endStream: isEmpty)
        if !isEmpty, !transport.http2.sendData(id, body, endStream: true) { host.watchStalls() }
    }

    /// Sends a piece of a streamed body; nil when there is room for more, else why there never will be.
    private func write(_ bytes: [UInt8], on id: StreamID) async -> HTTPError? {
        guard let stream = streams[id], stream.isStreaming, !stream.isOver else { return .closed }
        guard !bytes.isEmpty else { return nil }
        if !transport.http2.sendData(id, bytes) { host.watchStalls() }
        host.settle()
        // A writer that never has to wait would keep the loop from everything else.
        octetsInTurn += bytes.count
        if octetsInTurn >= limits.pendingOctets {
            octetsInTurn = 0
            await Task.yield()
        }
        guard !stream.isOver else { return .closed }
        guard transport.http2.waitingOctets(id) >= limits.pendingOctets else { return nil }
        return await withCheckedContinuation { stream.writers.append($0) }
    }
}
