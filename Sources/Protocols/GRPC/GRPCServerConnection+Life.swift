// How long a server keeps a connection: whether the client is there, how old it may get, and what its calls are told at
// the end (gRFC A8, A9).

internal import HTTP2
internal import SystemIO

/// The timers of a connection's life.
struct ConnectionLife {
    var keepAlive: KeepAliveState?
    var keepAliveTimer: ScheduledTimer?
    var ageTimer: ScheduledTimer?
    var stallTimer: ScheduledTimer?

    init(_ limits: GRPCLimits) { keepAlive = limits.serverKeepAlive.map(KeepAliveState.init) }

    func cancel() {
        keepAliveTimer?.cancel()
        ageTimer?.cancel()
        stallTimer?.cancel()
    }
}

extension GRPCServerConnection {
    /// Watches how old the connection gets and whether the client is there.
    func startLife() {
        if let age = limits.connectionAge {
            life.ageTimer = loop.schedule(after: age * Double.random(in: 0.9...1.1), on: self) { $0.retire() }
        }
        if let first = life.keepAlive?.first { checkLife(after: first) }
    }

    private func retire() {
        life.ageTimer = loop.schedule(after: limits.connectionAgeGrace, on: self) {
            $0.endCalls("the connection is too old")
        }
        shutDown()
    }

    private func checkLife(after interval: Duration) {
        life.keepAliveTimer = loop.schedule(after: interval, on: self) { connection in
            switch connection.life.keepAlive?.due(hasCalls: !connection.calls.all.isEmpty) {
            case .rest(let next): connection.checkLife(after: next)
            case .ping(let next):
                connection.checkLife(after: next)
                connection.transport.http2.sendPing(KeepAliveState.opaque)
                connection.settle()
            case .dead: connection.abort(.noError, "keepalive timeout")
            case nil: break
            }
        }
    }

    /// Octets wait for room: looks, and looks again, whether they go out.
    func watchStalls() {
        guard life.stallTimer == nil else { return }
        life.stallTimer = loop.schedule(after: limits.stallTimeout / 2, on: self) { connection in
            connection.life.stallTimer = nil
            if connection.transport.http2.resetStalled() { connection.watchStalls() }
            connection.settle()
        }
    }

    /// Ends what calls are left with UNAVAILABLE, and then the connection.
    func endCalls(_ reason: String) {
        for call in calls.all { finish(call, GRPCStatus(.unavailable, reason)) }
        abort(.noError, reason)
    }
}
