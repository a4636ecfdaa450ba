// What one peer may take of a server, in octets and in time.

public import HTTP1
internal import SystemIO

/// Bounds of a server.
public struct HTTPServerLimits: Sendable {
    /// What a message may have.
    public var message = HTTP1Limits()
    /// Connections at a time. Beyond it a new one takes the place of the one that has waited longest without being answered;
    /// it is closed at once where all are being answered.
    public var connections = 1024
    /// How long a connection may be silent between requests, or within a body.
    public var idle = Duration.seconds(90)
    /// How long the head of a request may take from its first octet: what a slow sender can hold.
    public var head = Duration.seconds(10)
    /// How long a body may take, whatever its rate.
    public var bodyGrace = Duration.seconds(10)
    /// Octets a second that a body must have had since its start once `bodyGrace` is over; at least 1.
    public var bodyRate = 1024
    /// How long a peer may take nothing of a response.
    public var stalledWrite = Duration.seconds(60)
    /// How long a peer may take to close after the last response, once that has left.
    public var closeTimeout = Duration.seconds(2)
    /// Octets of the bodies that are arriving on one connection of HTTP/2: a request that goes beyond is answered with 503.
    public var requestOctets = 8 << 20
    /// Octets of a response that may wait for the peer before a write waits.
    public var pendingOctets = 256 << 10

    /// 1024 connections, 10 seconds for a head, 1 KiB a second for a body, 90 seconds of silence, 60 for a peer that takes
    /// nothing of its answer.
    public init() {}

    /// How much longer a body may take until its next octet.
    ///
    /// - Parameters:
    ///   - octets: what has arrived of it.
    ///   - elapsed: nanoseconds since it could begin.
    func bodyTime(octets: Int, elapsed: UInt64) -> Duration {
        let total = bodyGrace + earned(octets)
        let spent = Duration.nanoseconds(Int64(clamping: elapsed))
        return max(.zero, total - spent)
    }

    /// When a body of which `octets` have arrived would have begun at the least rate, in nanoseconds of the monotonic clock.
    func bodyStart(octets: Int, now: UInt64) -> UInt64 {
        let (start, underflow) = now.subtractingReportingOverflow(earned(octets).nanoseconds)
        return underflow ? 0 : start
    }

    /// The time that octets buy.
    private func earned(_ octets: Int) -> Duration {
        .seconds(octets) / max(1, bodyRate)
    }
}

/// A message of HTTP/1.1 that is arriving at a server.
struct HTTPIncomingMessage {
    var head: HTTP1Parser.Head
    var body: [UInt8] = []
    /// When its body could begin to arrive, in nanoseconds of the monotonic clock.
    var start: UInt64
    /// The peer holds the body back until it is told to send it (RFC 9110 §10.1.1).
    var awaitsContinue: Bool
}
