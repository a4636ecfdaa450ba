// What a peer can do wrong in HTTP/1.1, with the status that tells it so.

/// A message that is malformed or too large; the connection cannot be used any further.
public enum HTTP1Error: Error, Equatable, CustomStringConvertible {
    /// The start line is not one.
    case startLine(String)
    /// A version other than 1.0 and 1.1.
    case version(String)
    /// A field line that RFC 9112 §5 forbids.
    case field(String)
    /// A request whose host is not clear (RFC 9112 §3.2).
    case host(String)
    /// Start line and fields are longer than allowed.
    case headTooLarge(limit: Int)
    /// There are more field lines than allowed.
    case tooManyFields(limit: Int)
    /// The body is longer than allowed.
    case bodyTooLarge(limit: Int)
    /// Content-Length and Transfer-Encoding that contradict each other or are no valid framing (RFC 9112 §6.3).
    case framing(String)
    /// The chunked coding is broken (RFC 9112 §7.1).
    case chunk(String)
    /// The connection ended within a message.
    case truncated

    /// The status for a request with this fault.
    public var status: Int {
        switch self {
        case .headTooLarge, .tooManyFields: 431
        case .bodyTooLarge: 413
        case .version: 505
        default: 400
        }
    }

    /// One sentence: the thing, the value, the limit.
    public var description: String {
        switch self {
        case .startLine(let line): "the first line \"\(line)\" is not that of an HTTP/1.1 message"
        case .version(let version): "HTTP version \"\(version)\" is not supported: use HTTP/1.1"
        case .field(let line): "the header line \"\(line)\" is malformed"
        case .host(let why): "the request names its host not once: \(why) in Host"
        case .headTooLarge(let limit): "the header is longer than \(limit) octets"
        case .tooManyFields(let limit): "the header has more than \(limit) fields"
        case .bodyTooLarge(let limit): "the body is longer than \(limit) octets"
        case .framing(let why): "the length of the body is unclear: \(why)"
        case .chunk(let why): "the chunked body is malformed: \(why)"
        case .truncated: "the connection ended in the middle of a message"
        }
    }
}

/// Bounds on what a peer may send.
public struct HTTP1Limits: Sendable {
    /// Octets of the start line and the fields together.
    public var head = 65_536
    /// Field lines.
    public var fields = 128
    /// Octets of a body.
    public var body = 3 << 20

    /// The defaults: 64 KiB of header, 128 fields, 3 MiB of body (what a Kubernetes API server takes).
    public init() {}
}
