// One request over HTTP/2 and what has come of it so far.

internal import HPACK
internal import HTTP1
internal import SystemIO

/// What a response begins with.
struct HTTPClientHead: Sendable {
    let status: Int
    let headers: HTTPHeaders
}

/// Why an exchange over HTTP/2 has not come to its end.
struct HTTP2ExchangeFailure: Error {
    let error: HTTPError
    /// The server has not looked at the request, or has not even got it: it may go out again, whatever it is.
    var isUnprocessed = false
    /// The connection has ended before anything was answered: what changes nothing may go out again.
    var isConnectionLost = false
}

/// A stream of a client's connection.
struct HTTP2Exchange {
    /// The response's head, once it is there.
    private(set) var head: HTTPClientHead?
    /// Octets of the body that nobody has taken yet.
    private(set) var chunks: [[UInt8]] = []
    private(set) var buffered = 0
    /// The whole response has come.
    private(set) var isComplete = false
    /// Why it has not, and never will.
    private(set) var failure: HTTPError?
    private var isUnprocessed = false
    private var isConnectionLost = false

    /// Octets of the body that may come in all; nil for a stream, which is taken piece by piece.
    let bodyLimit: Int?
    var waiter: CheckedContinuation<Void, Never>?
    var timer: ScheduledTimer?
    /// The longest silence within the body.
    var idleTimeout: Duration?

    init(bodyLimit: Int?) { self.bodyLimit = bodyLimit }

    /// Whether nothing more will come.
    var isOver: Bool { isComplete || failure != nil }

    /// The response begins.
    mutating func receive(_ list: HeaderList, endStream: Bool) {
        guard let status = list[":status"].flatMap({ Int($0) }) else {
            return fail(.malformed(.startLine("a response without :status")))
        }
        var headers = HTTPHeaders()
        for index in 0..<list.count {
            let name = list.name(index)
            if !name.hasPrefix(":") { headers.add(name, list.value(index)) }
        }
        head = HTTPClientHead(status: status, headers: headers)
        if endStream { isComplete = true }
    }

    /// Octets of the body have come.
    mutating func receive(_ octets: [UInt8], endStream: Bool) {
        if !octets.isEmpty {
            chunks.append(octets)
            buffered += octets.count
        }
        if let bodyLimit, buffered > bodyLimit { return fail(.malformed(.bodyTooLarge(limit: bodyLimit))) }
        if endStream { isComplete = true }
    }

    /// Trailers end the response.
    mutating func receiveTrailers() { isComplete = true }

    /// It ends before its end; what has come before counts.
    ///
    /// - Parameters:
    ///   - isUnprocessed: whether the server says that it has not looked at the request.
    ///   - isConnectionLost: whether everything else on the connection ends as well.
    mutating func fail(_ error: HTTPError, isUnprocessed: Bool = false, isConnectionLost: Bool = false) {
        guard !isOver else { return }
        failure = error
        self.isUnprocessed = isUnprocessed && head == nil
        self.isConnectionLost = isConnectionLost && head == nil
    }

    /// What to tell whoever has waited for it in vain.
    var outcome: HTTP2ExchangeFailure {
        HTTP2ExchangeFailure(
            error: failure ?? .closed, isUnprocessed: isUnprocessed, isConnectionLost: isConnectionLost)
    }

    /// The octets that have come, in one piece each time they are asked for.
    mutating func takeChunks() -> [UInt8]? {
        guard let first = chunks.first else { return nil }
        let octets = chunks.count == 1 ? first : Array(chunks.joined())
        chunks = []
        buffered = 0
        return octets
    }
}
