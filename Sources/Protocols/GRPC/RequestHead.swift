// What a server reads from the headers of a request, and with what it answers those that are no gRPC.

internal import HPACK

/// The fields of a request that decide what becomes of it.
struct RequestHead {
    let headers: HeaderList
    /// Where `:path` is.
    private var pathIndex: Int?
    private(set) var timeout: Duration?
    /// How compressed messages of the request are coded.
    private(set) var decoding: (any GRPCCompression)?

    /// The method; nothing where there is none.
    var path: String { pathIndex.map(headers.value) ?? "" }

    /// Whether `path` is this.
    func isPath(_ path: String) -> Bool { pathIndex.map { headers.hasValue($0, path) } ?? path.isEmpty }

    /// - Throws: the answer, where the headers are no gRPC request that we can serve.
    init(
        _ headers: HeaderList, _ codings: MessageCodings = MessageCodings([])
    ) throws(RequestRefusal) {
        self.headers = headers
        var method: Int?
        var type: Int?
        var encoding: Int?
        var deadline: Int?
        for index in 0..<headers.count {
            switch headers.knownName(index) {
            case .path: pathIndex = pathIndex ?? index
            case .method: method = method ?? index
            case .contentType: type = type ?? index
            case .grpcEncoding: encoding = encoding ?? index
            case .grpcTimeout: deadline = deadline ?? index
            default: break
            }
        }
        guard let method, headers.hasValue(method, "POST") else {
            throw RequestRefusal(
                GRPCStatus(.internal, "the method is \(method.map(headers.value) ?? ""), gRPC uses POST"),
                httpStatus: "405")
        }
        guard let type, headers.hasValue(type, "application/grpc") || ContentType.isGRPC(headers.value(type))
        else {
            throw RequestRefusal(
                GRPCStatus(
                    .invalidArgument,
                    "content-type is \"\(type.map(headers.value) ?? "")\", not application/grpc"),
                httpStatus: "415")
        }
        if let encoding, !headers.hasValue(encoding, "identity") {
            let name = headers.value(encoding)
            decoding = codings[name]
            guard decoding != nil else {
                throw RequestRefusal(
                    GRPCStatus(
                        .unimplemented, "grpc-encoding \(name) is not supported: send \(codings.accepted)"),
                    acceptedEncodings: codings.accepted)
            }
        }
        if let deadline {
            let text = headers.value(deadline)
            guard let timeout = GRPCTimeout.decode(text) else {
                throw RequestRefusal(
                    GRPCStatus(.internal, "malformed grpc-timeout: \(text)"), httpStatus: "400")
            }
            self.timeout = timeout
        }
    }
}

/// The one content type of both directions.
enum ContentType {
    /// `application/grpc`, alone or with a suffix as in `application/grpc+proto`.
    static func isGRPC(_ type: String) -> Bool {
        guard type.hasPrefix("application/grpc") else { return false }
        let next = type.utf8.dropFirst(16).first
        return next == nil || next == UInt8(ascii: "+") || next == UInt8(ascii: ";")
    }
}

/// A request that is answered without a call.
struct RequestRefusal: Error, Equatable {
    var status: GRPCStatus
    var httpStatus: String
    /// What the client may send instead of what it did; nil where that is not the point.
    var acceptedEncodings: String?

    init(_ status: GRPCStatus, httpStatus: String = "200", acceptedEncodings: String? = nil) {
        self.status = status
        self.httpStatus = httpStatus
        self.acceptedEncodings = acceptedEncodings
    }

    /// A response of headers alone.
    var response: HeaderList {
        var list: HeaderList = [":status": httpStatus, "content-type": "application/grpc"]
        if let acceptedEncodings { list.add("grpc-accept-encoding", acceptedEncodings) }
        status.append(to: &list)
        return list
    }
}

/// The header lists of responses.
enum ResponseHead {
    /// What stands before messages.
    static let plain: HeaderList = {
        var list: HeaderList = [":status": "200", "content-type": "application/grpc"]
        list.isSentOften = true
        return list
    }()
    private static let success: HeaderList = {
        var list: HeaderList = ["grpc-status": "0"]
        list.isSentOften = true
        return list
    }()

    /// What stands behind them.
    static func trailers(_ status: GRPCStatus, _ metadata: GRPCMetadata = GRPCMetadata()) -> HeaderList {
        if status.code == .ok, status.message.isEmpty, metadata.fields.isEmpty { return success }
        var list = HeaderList()
        status.append(to: &list)
        list.add(metadata)
        return list
    }

    /// A response without messages.
    static func trailersOnly(_ status: GRPCStatus, _ metadata: GRPCMetadata = GRPCMetadata()) -> HeaderList {
        var list = plain
        status.append(to: &list)
        list.add(metadata)
        return list
    }
}

extension HeaderList {
    /// Adds the fields of metadata that we send: no pseudo-fields among them.
    mutating func add(_ metadata: GRPCMetadata) {
        for index in 0..<metadata.fields.count { add(metadata.fields, index) }
    }
}
