// Who uses which connection. Over HTTP/2 all share one, and a few more where it is full; what must not wait behind lists,
// such as the renewal of a lease, has one of its own: streams share the octets of a connection, and those of a list that is
// on its way come first.

internal import SystemIO

/// The connections over HTTP/2 for one kind of requests. No I/O.
struct HTTP2Lane {
    /// Those that may take exchanges.
    var connections: [HTTP2ClientConnection] = []
    /// Whether one more is on its way.
    var isConnecting = false
    /// Why the last attempt at one has failed; nil where it has not.
    var failure: HTTPError?
    /// How many attempts there were.
    var attempts = 0
    /// Wait for the one that is on its way.
    var waiters: [CheckedContinuation<Void, Never>] = []

    /// Connections at most; beyond, exchanges wait for each other.
    static let limit = 4
}

extension HTTPClient {
    /// A connection for one exchange.
    func link(
        _ request: HTTPRequest, _ limit: ExchangeLimit, isUrgent: Bool
    ) async throws(HTTPError) -> HTTPLink {
        guard security != nil, speaksHTTP2 else { return try await note(connect(limit), isUrgent) }
        while true {
            let seen = roomsMade
            if let connection = await connectionWithRoom(isUrgent) { return .http2(connection) }
            if self[lane: isUrgent].connections.count >= HTTP2Lane.limit {
                await waitForRoom(limit, since: seen)
                guard limit.left > .zero else { throw limit.error(request) }
                continue
            }
            if let fresh = fresh.popLast() { return .http1(fresh) }
            guard speaksHTTP2 else { return try await note(connect(limit), isUrgent) }
            try await waitForConnection(limit, isUrgent)
            guard limit.left > .zero else { throw limit.error(request) }
        }
    }

    /// One that takes an exchange now.
    private func connectionWithRoom(_ isUrgent: Bool) async -> HTTP2ClientConnection? {
        for connection in self[lane: isUrgent].connections {
            if await connection.hasRoom { return connection }
            guard await !connection.isUsable else { continue }
            self[lane: isUrgent].connections.removeAll { $0 === connection }
        }
        return nil
    }

    /// Waits until a stream has ended on any connection, or the time is over.
    private func waitForRoom(_ limit: ExchangeLimit, since seen: Int) async {
        let timer = loop.schedule(after: limit.left, on: self) { $0.makeRoom() }
        await suspend(while: { roomsMade == seen && limit.left > .zero }) { roomWaiters.append($0) }
        timer.cancel()
    }

    /// There may be room for an exchange.
    func makeRoom() {
        roomsMade += 1
        let waiting = roomWaiters
        roomWaiters = []
        for waiter in waiting { waiter.resume() }
    }

    /// Waits for a connection that all who wait share: it is made once, whoever gives up meanwhile.
    ///
    /// - Throws: why there is none.
    private func waitForConnection(_ limit: ExchangeLimit, _ isUrgent: Bool) async throws(HTTPError) {
        if !self[lane: isUrgent].isConnecting {
            self[lane: isUrgent].isConnecting = true
            Task { await establish(isUrgent) }
        }
        let attempt = self[lane: isUrgent].attempts
        let timer = loop.schedule(after: limit.left, on: self) { $0.wakeWaiters(isUrgent) }
        await suspend(while: { self[lane: isUrgent].attempts == attempt && limit.left > .zero }) {
            self[lane: isUrgent].waiters.append($0)
        }
        timer.cancel()
        if self[lane: isUrgent].attempts == attempt + 1, let failure = self[lane: isUrgent].failure {
            throw failure
        }
    }

    private func establish(_ isUrgent: Bool) async {
        var failure: HTTPError?
        do throws(HTTPError) {
            let link = try await connect(ExchangeLimit(timeout: connectTimeout))
            if case .http1(let connection) = note(link, isUrgent) { fresh.append(connection) }
        } catch {
            failure = error
        }
        self[lane: isUrgent].isConnecting = false
        self[lane: isUrgent].failure = failure
        self[lane: isUrgent].attempts += 1
        wakeWaiters(isUrgent)
    }

    private func wakeWaiters(_ isUrgent: Bool) {
        let waiting = self[lane: isUrgent].waiters
        self[lane: isUrgent].waiters = []
        for waiter in waiting { waiter.resume() }
    }

    /// Remembers what the server speaks, and a connection that others may share.
    private func note(_ link: HTTPLink, _ isUrgent: Bool) -> HTTPLink {
        switch link {
        case .http1: speaksHTTP2 = false
        case .http2(let connection):
            speaksHTTP2 = true
            self[lane: isUrgent].connections.append(connection)
        }
        return link
    }
}
