// How a connection ends, for the calls and requests that hang on it.

public import HTTP2
public import SystemIO

/// Why a connection is over.
public enum TransportEnd: Equatable, Sendable {
    /// The peer closed the connection.
    case peerClosed
    /// The socket failed.
    case socket(SystemError)
    /// The peer broke the rules of HTTP/2; GOAWAY says so.
    case protocolError(ConnectionError)
    /// A shutdown has come to its end.
    case drained
    /// We have closed it; the sentence says why.
    case closedByUs(String)

    /// The sentence for whatever it interrupts.
    public var reason: String {
        switch self {
        case .peerClosed: "the peer closed the connection"
        case .socket(let error): "\(error)"
        case .protocolError(let error): "\(error)"
        case .drained: "the connection was shut down"
        case .closedByUs(let reason): reason
        }
    }
}
