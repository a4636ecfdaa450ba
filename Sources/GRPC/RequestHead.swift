// What a server reads from the headers of a request, and with what it answers those that are no gRPC.

internal import HPACK

/// The fields of a request that decide what becomes of it.
struct RequestHead {
    var path: String
    var timeout: Duration?
    /// How compressed messages of the request are coded.
    var decoding: (any GRPCCompression)?

    /// - Throws: the answer, where the headers are no gRPC request that we can serve.
    init(
        _ headers: HeaderList, _ codings: MessageCodings = MessageCodings([])
    ) throws(RequestRefusal) {
        guard headers[":method"] == "POST" else {
            throw RequestRefusal(
                GRPCStatus(.internal, "the method is \(headers[":method"] ?? ""), gRPC uses POST"),
                httpStatus: "405")
        }
        let type = headers["content-type"] ?? ""
        guard ContentType.isGRPC(type) else {
            throw RequestRefusal(
                GRPCStatus(.invalidArgument, "content-type is \"\(type)\", not application/grpc"),
                httpStatus: "415")
        }
        if let encoding = headers["grpc-encoding"], encoding != "identity" {
            decoding = codings[encoding]
            guard decoding != nil else {
                throw RequestRefusal(
                    GRPCStatus(
                        .unimplemented, "grpc-encoding \(encoding) is not supported: send \(codings.accepted)"
                    ),
                    acceptedEncodings: codings.accepted)
            }
        }
        if let text = headers["grpc-timeout"] {
            guard let timeout = GRPCTimeout.decode(text) else {
                throw RequestRefusal(
                    GRPCStatus(.internal, "malformed grpc-timeout: \(text)"), httpStatus: "400")
            }
            self.timeout = timeout
        }
        path = headers[":path"] ?? ""
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
    private static let plain: HeaderList = [":status": "200", "content-type": "application/grpc"]
    private static let success: HeaderList = ["grpc-status": "0"]

    /// What stands before messages, with the handler's metadata.
    static func ok(
        _ metadata: GRPCMetadata = GRPCMetadata(), _ codings: MessageCodings = MessageCodings([]),
        _ encoder: MessageEncoder = MessageEncoder()
    ) -> HeaderList {
        var list = plain
        if let coding = encoder.coding { list.add("grpc-encoding", coding.name) }
        if !codings.isEmpty { list.add("grpc-accept-encoding", codings.accepted) }
        list.add(metadata)
        return list
    }

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
        for index in 0..<metadata.fields.count {
            add(
                metadata.fields.name(index), metadata.fields.value(index),
                indexing: metadata.fields.indexing(index))
        }
    }
}
