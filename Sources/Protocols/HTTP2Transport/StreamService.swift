// One port, several protocols over HTTP/2: the connection belongs to one actor, which leaves the streams that are not its own
// to a service. Both are actors of the same loop, so an event goes from one to the other as a call.

public import HTTP2
public import SystemIO

/// Answers streams of a connection that another actor owns, such as plain requests beside gRPC's calls.
///
/// It sends by the transport that it was made with; what it sends leaves after `HTTP2StreamHost.settle`, or at the end of the
/// turn in which `receive` was called.
public protocol HTTP2StreamService: LoopActor {
    /// Takes what the peer has done on one of its streams: headers, data, trailers, a reset, or room to write.
    func receive(_ event: HTTP2Event)
    /// The connection is over, and with it all streams.
    func connectionEnded()
    /// Since when no stream has been answered, in nanoseconds of the monotonic clock; nil while one is.
    var idleStart: UInt64? { get }
}

extension HTTP2StreamService {
    /// `receive`, for the owner of the connection.
    public nonisolated func take(_ event: HTTP2Event) { assumeIsolated { $0.receive(event) } }
    /// `connectionEnded`, for the owner of the connection.
    public nonisolated func end() { assumeIsolated { $0.connectionEnded() } }
    /// `idleStart`, for the owner of the connection.
    public nonisolated var idle: UInt64? { assumeIsolated { $0.idleStart } }
}

/// What a service may ask of the owner of its connection; nothing happens once the owner is gone.
public struct HTTP2StreamHost: Sendable {
    /// Sends at the end of the loop's turn.
    public let settle: @Sendable () -> Void
    /// Resets streams of which nothing leaves for too long: something waits for room.
    public let watchStalls: @Sendable () -> Void

    /// What the owner does.
    public init(settle: @escaping @Sendable () -> Void, watchStalls: @escaping @Sendable () -> Void) {
        self.settle = settle
        self.watchStalls = watchStalls
    }

    /// Makes the service of a connection, on the connection's loop.
    public typealias Maker =
        @Sendable (LoopBound<HTTP2Transport>, HTTP2StreamHost) -> any HTTP2StreamService
}

/// A connection of a server as the one who has accepted it sees it.
public protocol HTTP2ServedConnection: LoopActor {
    /// Begins to speak.
    func start()
    /// Says GOAWAY, and ends after the streams that are open or on their way.
    ///
    /// - Parameter afterNext: whether one that has had no stream yet may have its first ones before: a client that gets GOAWAY as
    ///   its first word would come again and again.
    func shutDown(afterNext: Bool)
    /// Ends at once.
    func cutOff(_ reason: String)
    /// Since when nothing has been answered on it, in nanoseconds of the monotonic clock; nil while something is.
    var idleStart: UInt64? { get }
}
