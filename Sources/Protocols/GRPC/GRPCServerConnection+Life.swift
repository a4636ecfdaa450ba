// How long a server keeps a connection: how old it may get, how long a client may leave an answer lying, and what its
// calls are told at the end (gRFC A9).

internal import HTTP2
internal import HTTP2Transport
internal import SystemIO

/// The timers of a connection, beside those that every peer has.
struct ServerConnectionTimers {
    var age: ScheduledTimer?
    var stall: ScheduledTimer?

    func cancel() {
        age?.cancel()
        stall?.cancel()
    }
}

extension GRPCServerConnection {
    /// Shuts the connection down when it is too old.
    func watchAge() {
        guard let age = settings.limits.connectionAge else { return }
        timers.age = loop.schedule(after: age * Double.random(in: 0.9...1.1), on: self) { $0.retire() }
    }

    private func retire() {
        timers.age = loop.schedule(after: settings.limits.connectionAgeGrace, on: self) {
            $0.endCalls("the connection is too old")
        }
        shutDown()
    }

    /// Octets wait for room: looks, and looks again, whether they go out.
    func watchStalls() {
        guard timers.stall == nil else { return }
        timers.stall = loop.schedule(after: settings.limits.stallTimeout / 2, on: self) { connection in
            connection.timers.stall = nil
            if connection.transport.http2.resetStalled() { connection.watchStalls() }
            connection.settle()
        }
    }

    /// Ends what calls are left with UNAVAILABLE, and then the connection.
    func endCalls(_ reason: String) {
        for call in calls.all { finish(call, GRPCStatus(.unavailable, reason)) }
        endConnection(.noError, debug: reason, reason: reason)
    }
}
