// What a server does with each of its connections, whatever version is spoken on it.

public import HTTP2Transport
public import SystemIO

/// HTTP/2 on the addresses of a server of HTTP/1.1: for clients that know it (RFC 9113 §3.3), or that TLS has agreed with, where
/// its layers offer `h2`.
public struct HTTP2Serving: Sendable {
    /// Makes the connection of a client, on the server's loop. It leaves plain requests to the service that it is given the maker
    /// of, and calls the closure once, when it is closed.
    public typealias Maker =
        @Sendable (LoopBound<HTTP2Transport>, @escaping HTTP2StreamHost.Maker, @escaping @Sendable () -> Void)
        -> any HTTP2ServedConnection

    let limits: HTTP2PeerLimits
    let make: Maker?

    /// Connections of plain requests alone.
    public init() {
        limits = HTTP2PeerLimits()
        make = nil
    }

    /// Connections on which something else is served as well.
    ///
    /// - Parameter limits: of the transport.
    public init(limits: HTTP2PeerLimits, make: @escaping Maker) {
        self.limits = limits
        self.make = make
    }
}

/// A connection of a server, for use on the server's loop.
enum ServedConnection {
    case first(HTTPServerConnection)
    case second(any HTTP2ServedConnection)

    /// As `HTTPServerConnection.idleStart`.
    var idleStart: UInt64? {
        switch self {
        case .first(let connection): connection.assumeIsolated { $0.idleStart }
        case .second(let connection): connection.idle
        }
    }

    /// Answers what comes next, and ends with that.
    ///
    /// - Parameter isNew: whether nothing has been asked yet.
    func disableKeepAlive(isNew: Bool = false) {
        switch self {
        case .first(let connection): connection.assumeIsolated { $0.disableKeepAlive() }
        case .second(let connection): connection.leave(afterNext: isNew)
        }
    }

    /// Answers what has come, and ends with that.
    func drain() {
        switch self {
        case .first(let connection): connection.assumeIsolated { $0.drain() }
        case .second(let connection): connection.leave(afterNext: false)
        }
    }

    func cutOff(_ reason: String) {
        switch self {
        case .first(let connection): connection.assumeIsolated { $0.close(discarding: true) }
        case .second(let connection): connection.cut(reason)
        }
    }
}

extension HTTP2ServedConnection {
    fileprivate nonisolated var idle: UInt64? { assumeIsolated { $0.idleStart } }

    fileprivate nonisolated func leave(afterNext: Bool) {
        assumeIsolated { $0.shutDown(afterNext: afterNext) }
    }

    fileprivate nonisolated func cut(_ reason: String) { assumeIsolated { $0.cutOff(reason) } }

    nonisolated func begin() { assumeIsolated { $0.start() } }
}
