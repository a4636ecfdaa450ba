// What all connections of a server share.

internal import SystemIO

/// How a server answers, and within which bounds.
struct HTTPServerSettings: Sendable {
    let limits: HTTPServerLimits
    let immediate: HTTPServer.Immediate?
    let handler: HTTPServer.Handler
    let counts: HTTPConnectionCounts
}

/// Counts the connections of a server, and those that it has ended for their client's fault or its own need.
public final class HTTPConnectionCounts: Sendable {
    /// Why a connection, or a request of HTTP/2, was ended.
    public enum Reason: String, Sendable, CaseIterable {
        /// A head or a body came too slowly.
        case slow
        /// Nothing was asked for long.
        case idle
        /// The client took nothing of its answer for long.
        case stalled
        /// What came was no request, or too large.
        case malformed
        /// It had had no answer for the longest, and others needed its place.
        case room
        /// All others were being answered.
        case full
    }

    private let state = Lock<(open: Int, ended: [Reason: Int])>((0, [:]))

    /// Nothing counted.
    public init() {}

    /// Connections that are open.
    public var open: Int { state.withLock { $0.open } }

    /// Those that were ended, by the reason.
    public var ended: [Reason: Int] { state.withLock { $0.ended } }

    func setOpen(_ count: Int) { state.withLock { $0.open = count } }

    func note(_ reason: Reason) { state.withLock { $0.ended[reason, default: 0] += 1 } }
}
