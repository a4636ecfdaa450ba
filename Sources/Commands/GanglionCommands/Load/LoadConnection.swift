// One connection of a load test over HTTP/1.1. It keeps nothing of an answer but its status, its time and, of a language model's,
// the times of its tokens: what asks must cost less than what answers.

internal import Glibc
internal import HTTP
internal import HTTP1
internal import SystemIO

/// What has come of a request.
struct LoadAnswer: Sendable {
    var status: Int
    /// From when it was due to its last octet, in nanoseconds.
    var time: UInt64
    /// Of an answer that is streamed, or says how many tokens it has.
    var tokens: TokenTimes?
}

/// A connection, used for one request at a time.
actor LoadConnection: LoopActor {
    nonisolated let loop: EventLoop
    private let channel: SocketChannel
    private let readsTokens: Bool
    private var parser: HTTP1Parser
    private var waiter: CheckedContinuation<Result<LoadAnswer, HTTPError>, Never>?
    private var timer: ScheduledTimer?
    private var failure: HTTPError?
    private var start: UInt64 = 0
    private var status = 0
    private var keepsAlive = true
    private var isStream = false
    private var body: [UInt8] = []
    private var tokens: TokenTimes?
    /// Whether an octet of the answer has come.
    private var hasBegun = false

    /// - Parameter readsTokens: whether answers in one piece are read for how many tokens they have.
    init(
        _ descriptor: FileDescriptor, _ layer: LoopBound<(any SecureLayer)?>, readsTokens: Bool,
        loop: EventLoop
    ) {
        self.loop = loop
        self.readsTokens = readsTokens
        channel = SocketChannel(descriptor, loop: loop, security: layer.value)
        var limits = HTTP1Limits()
        limits.body = .max
        parser = HTTP1Parser(.responses, limits: limits)
    }

    /// Begins to read, and the handshake of TLS.
    func open() throws(HTTPError) {
        do throws(SystemError) { try channel.start(callback { $0.ready($1) }) } catch {
            throw .transport(error)
        }
    }

    /// Whether another request may be sent.
    var isUsable: Bool { failure == nil && keepsAlive && !channel.isClosed }

    /// Whether the server closed before it said anything: it may have done so before the request came.
    var wasStale: Bool { failure == .closed && !hasBegun }

    /// Ends it.
    func close() {
        timer?.cancel()
        channel.close()
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - due: when it was to be sent, nanoseconds of the monotonic clock.
    ///   - timeout: from now on.
    func exchange(
        _ octets: [UInt8], due: UInt64, timeout: Duration
    ) async -> Result<LoadAnswer, HTTPError> {
        if let failure { return .failure(failure) }
        start = due
        hasBegun = false
        isStream = false
        tokens = nil
        parser.expectResponse(toHead: false)
        channel.send(octets.span.bytes)
        if let failure = channel.failure { return .failure(.transport(failure)) }
        timer = loop.schedule(after: timeout, on: self) {
            $0.finish(.failure(.timeout("no answer after \(timeout)")))
        }
        return await withCheckedContinuation { waiter = $0 }
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
        if let malformed { return finish(.failure(.malformed(malformed))) }
        switch state {
        case .open: break
        case .ended:
            keepsAlive = false
            do throws(HTTP1Error) {
                try parser.finish { take($0) }
                finish(.failure(.closed))
            } catch {
                finish(.failure(.closed))
            }
            channel.close()
        case .failed(let error): finish(.failure(isReset(error) ? .closed : .transport(error)))
        }
    }

    /// A server that closes an idle connection while a request is on its way answers with a reset.
    private func isReset(_ error: SystemError) -> Bool {
        !hasBegun && (error.code == ECONNRESET || error.code == EPIPE)
    }

    private func take(_ event: HTTP1Parser.Event) {
        hasBegun = true
        switch event {
        case .head(let head):
            guard case .response(let status, _) = head.start, status >= 200 else { return }
            self.status = status
            keepsAlive = head.keepsAlive
            isStream = head.headers["content-type"]?.hasPrefix("text/event-stream") ?? false
            if isStream || readsTokens { tokens = TokenTimes() }
        case .body(let bytes):
            if isStream {
                tokens?.receive(bytes, at: MonotonicClock.now - start)
            } else if tokens != nil, body.count + bytes.count <= 1 << 20 {
                body += bytes
            }
        case .end:
            // The end of an interim answer.
            guard status > 0 else { return }
            let time = MonotonicClock.now - start
            if !isStream, tokens != nil {
                tokens?.takeWhole(body, at: time)
                body.removeAll(keepingCapacity: true)
            }
            let answer = LoadAnswer(
                status: tokens?.hasFailed == true ? 500 : status, time: time, tokens: tokens)
            status = 0
            finish(.success(answer))
        }
    }

    private func finish(_ result: Result<LoadAnswer, HTTPError>) {
        timer?.cancel()
        if case .failure(let error) = result {
            if failure == nil { failure = error }
            channel.close(discarding: true)
        }
        waiter?.resume(returning: result)
        waiter = nil
    }
}
