// A connection error ends everything with GOAWAY, a stream error ends one stream with RST_STREAM (RFC 9113 §5.4). They
// are two types, so that the compiler keeps them apart; `Fault` is for the few places where both can come.

/// A stream's number; 0 is the connection, a client's are odd.
public typealias StreamID = UInt32

/// A fault of the peer that ends the connection.
public struct ConnectionError: Error, Equatable, Sendable {
    /// What GOAWAY says.
    public var code: ErrorCode
    /// One sentence for the log and for GOAWAY's debug data.
    public var reason: String

    /// An error with its sentence.
    public init(_ code: ErrorCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// A fault of the peer that ends one stream.
public struct StreamError: Error, Equatable, Sendable {
    /// The stream.
    public var stream: StreamID
    /// What RST_STREAM says.
    public var code: ErrorCode
    /// One sentence for the log.
    public var reason: String

    /// An error with its sentence.
    public init(_ stream: StreamID, _ code: ErrorCode, _ reason: String) {
        self.stream = stream
        self.code = code
        self.reason = reason
    }
}

/// Either of the two.
public enum Fault: Error, Equatable, Sendable {
    /// Ends the connection.
    case connection(ConnectionError)
    /// Ends a stream.
    case stream(StreamError)

    static func connection(_ code: ErrorCode, _ reason: String) -> Fault {
        .connection(ConnectionError(code, reason))
    }

    static func stream(_ stream: StreamID, _ code: ErrorCode, _ reason: String) -> Fault {
        .stream(StreamError(stream, code, reason))
    }

    /// The code that goes to the peer.
    public var code: ErrorCode {
        switch self {
        case .connection(let error): error.code
        case .stream(let error): error.code
        }
    }
}

extension ConnectionError: CustomStringConvertible {
    /// The sentence and the code.
    public var description: String { "\(reason) (\(code))" }
}

extension StreamError: CustomStringConvertible {
    /// The stream, the sentence and the code.
    public var description: String { "stream \(stream): \(reason) (\(code))" }
}
