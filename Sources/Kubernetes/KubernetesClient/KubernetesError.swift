// What can go wrong with a request, in the words that callers decide by: the server's Status, or no answer at all.

internal import HTTP1
public import JSON
internal import KubernetesWire

/// The server's `Status` object (meta/v1) about a request that failed.
public struct APIStatus: Equatable, Sendable {
    /// One of `details.causes`.
    public struct Cause: Equatable, Sendable {
        /// Such as `FieldValueInvalid`.
        public var reason: String
        /// The cause in words.
        public var message: String
        /// The path of the field, empty where there is none.
        public var field: String
    }

    /// The HTTP status code.
    public var code: Int
    /// The machine's word, such as `AlreadyExists`; empty where the server gave none.
    public var reason: String
    /// The server's sentence.
    public var message: String
    /// The single faults of an invalid object.
    public var causes: [Cause] = []
    /// When to try again, in seconds; nil where the server did not say.
    public var retryAfterSeconds: Int?

    /// A status made of its parts.
    public init(
        code: Int, reason: String, message: String, causes: [Cause] = [], retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// Reads a `Status` object; members that are missing read as empty.
    public init(_ json: JSON, code: Int? = nil) {
        self.code = code ?? json["code"]?.int ?? 0
        reason = json["reason"]?.string ?? ""
        message = json["message"]?.string ?? ""
        causes = (json["details"]?["causes"]?.array ?? []).map {
            Cause(
                reason: $0["reason"]?.string ?? "", message: $0["message"]?.string ?? "",
                field: $0["field"]?.string ?? "")
        }
        retryAfterSeconds = json["details"]?["retryAfterSeconds"]?.int
    }
}

extension APIStatus {
    /// The failure as a `Status`, made up where the answer carries none, such as a proxy's page.
    init(code: Int, body: [UInt8], headers: HTTPHeaders) {
        if let object = ProtobufEnvelope.object(in: body) {
            self.init(WireStatus(body, object), code: code)
        } else if let json = try? JSON(parsing: body), json["kind"]?.string == "Status" {
            self.init(json, code: code)
        } else {
            let text = String(decoding: body.prefix(256), as: UTF8.self)
            self.init(code: code, reason: "", message: text.isEmpty ? "no reason was given" : text)
        }
        if retryAfterSeconds == nil { retryAfterSeconds = Self.retryAfter(headers) }
    }

    /// Seconds of Retry-After. A date (RFC 9110 §10.2.3) is no number, and no API server sends one.
    static func retryAfter(_ headers: HTTPHeaders) -> Int? { headers["retry-after"].flatMap { Int($0) } }

    /// A `Status` that came in protobuf.
    init(_ status: WireStatus, code: Int? = nil) {
        self.init(
            code: code ?? status.code, reason: status.reason, message: status.message,
            causes: status.causes.map { Cause(reason: $0.reason, message: $0.message, field: $0.field) },
            retryAfterSeconds: status.retryAfterSeconds)
    }
}

/// Why a request to the API server failed.
public enum KubernetesError: Error, Equatable {
    /// The server answered with a failure.
    case status(APIStatus)
    /// No connection, or it broke before the answer was whole. Whether the server did the work is not known.
    case connection(String)
    /// No answer in time. Whether the server did the work is not known.
    case timedOut(after: Duration, request: String)
    /// Nothing was sent, so nothing was done: the client may change nothing any more.
    case notSent(String)
    /// The answer was no HTTP or no JSON, or larger than allowed.
    case malformed(String)
}

extension KubernetesError {
    /// The HTTP code, nil where no answer came.
    public var code: Int? { if case .status(let status) = self { status.code } else { nil } }
    /// The server's reason, empty where no answer came.
    public var reason: String { if case .status(let status) = self { status.reason } else { "" } }

    /// The object does not exist.
    public var isNotFound: Bool { code == 404 }
    /// The name is taken.
    public var isAlreadyExists: Bool { code == 409 && reason == "AlreadyExists" }
    /// The object has changed since it was read, or its state forbids the request.
    public var isConflict: Bool { code == 409 && reason != "AlreadyExists" }
    /// The resource version is no longer known: list again.
    public var isGone: Bool { code == 410 }
    /// The version asked for is newer than the server has seen (a lagging watch cache): list without one.
    public var isResourceVersionTooLarge: Bool {
        guard case .status(let status) = self else { return false }
        return status.causes.contains { $0.reason == "ResourceVersionTooLarge" }
    }
    /// Whether the same request may succeed later after an answer with this HTTP code.
    public static func isTransient(code: Int) -> Bool { code == 429 || code >= 500 }
    /// Whether the same request may succeed later without a change of ours.
    public var isTransient: Bool {
        switch self {
        case .status(let status): Self.isTransient(code: status.code)
        case .connection, .timedOut: true
        case .malformed, .notSent: false
        }
    }
}

extension KubernetesError: CustomStringConvertible {
    /// One sentence for a log.
    public var description: String {
        switch self {
        case .status(let status):
            let name = status.reason.isEmpty ? "" : " \(status.reason)"
            return "the API server answered \(status.code)\(name): \(status.message)"
        case .connection(let fault):
            return "the API server cannot be reached: \(fault)"
        case .timedOut(let limit, let request):
            return "the API server did not answer \(request) within \(limit)"
        case .notSent(let why):
            return "nothing was sent to the API server: \(why)"
        case .malformed(let fault):
            return "the API server's answer cannot be read: \(fault)"
        }
    }
}
