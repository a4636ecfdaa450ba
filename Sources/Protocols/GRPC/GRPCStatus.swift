// How a call ended. The codes are those of every gRPC implementation; the message is for people.

/// The end of a call, thrown by handlers and by the client.
public struct GRPCStatus: Error, Hashable, Sendable {
    /// gRPC's status codes.
    public enum Code: UInt8, Sendable, CaseIterable {
        case ok = 0
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case aborted = 10
        case outOfRange = 11
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case dataLoss = 15
        case unauthenticated = 16
    }

    /// The kind of end.
    public var code: Code
    /// One sentence for people; may hold any character.
    public var message: String

    /// A status with its sentence.
    public init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }

    /// A status with its sentence.
    public init(code: Code, message: String) { self.init(code, message) }

    /// What goes to the peer for an error of a handler: a status as it is, a cancellation as such, others as UNKNOWN.
    init(handlerError error: any Error) {
        switch error {
        case let status as GRPCStatus: self = status
        case is CancellationError: self.init(.cancelled, "the call was cancelled")
        default: self.init(.unknown, "\(error)")
        }
    }
}

extension GRPCStatus {
    private static let tooLargeStart = "a message of "

    static func messageTooLarge(_ octets: Int, limit: Int) -> GRPCStatus {
        GRPCStatus(
            .resourceExhausted, "\(tooLargeStart)\(octets) octets is larger than the limit of \(limit)")
    }

    /// Whether a message was larger than we take. Servers that refuse for too many calls have the same code.
    package var isMessageTooLarge: Bool {
        code == .resourceExhausted && message.hasPrefix(Self.tooLargeStart)
    }
}

extension GRPCStatus.Code: CustomStringConvertible {
    /// The name as gRPC writes it.
    public var description: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}

extension GRPCStatus: CustomStringConvertible {
    /// The code and the sentence.
    public var description: String { message.isEmpty ? code.description : "\(code): \(message)" }
}
