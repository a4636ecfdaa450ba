// The times of an exchange, which begin before there is a connection: a name to look up, a server that does not accept and
// a tunnel to open count as much as the answer itself.

internal import SystemIO

/// When an exchange has to be over, and until when it may begin.
struct ExchangeLimit: Sendable {
    /// For the whole of it.
    let timeout: Duration
    private let deadline: Duration
    private let sendBefore: Duration?

    /// Begins to count.
    ///
    /// - Parameter sendBefore: a monotonic time after which the request is not sent; nil for none.
    init(timeout: Duration, sendBefore: Duration? = nil) {
        self.timeout = timeout
        self.sendBefore = sendBefore
        deadline = MonotonicClock.time + timeout
    }

    /// The time that is left, at least zero.
    var left: Duration { max(.zero, deadline - MonotonicClock.time) }

    /// What is thrown when it is over.
    func error(_ request: HTTPRequest) -> HTTPError {
        .timeout("\(request.method) \(request.rawPath) after \(timeout)")
    }

    /// Why the request may not be sent any more; nil while it may.
    func refusal(_ request: HTTPRequest) -> HTTPError? {
        guard let sendBefore, MonotonicClock.time >= sendBefore else { return nil }
        return .expired("\(request.method) \(request.rawPath)")
    }
}
