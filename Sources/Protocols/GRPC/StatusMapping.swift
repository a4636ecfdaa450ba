// A call can end without a grpc-status: a proxy answered, the stream was reset, the connection broke. These tables give
// the status that gRPC prescribes then (doc/http-grpc-status-mapping.md, doc/PROTOCOL-HTTP2.md "Errors").

internal import HPACK
internal import HTTP2

extension GRPCStatus {
    /// For an HTTP status without grpc-status.
    init(httpStatus: String) {
        let code: Code =
            switch httpStatus {
            case "400", "431": .internal
            case "401": .unauthenticated
            case "403": .permissionDenied
            case "404": .unimplemented
            case "429", "502", "503", "504": .unavailable
            default: .unknown
            }
        self.init(code, "the server answered with HTTP status \(httpStatus) and without grpc-status")
    }

    /// For RST_STREAM.
    init(reset code: ErrorCode) {
        let status: Code =
            switch code {
            case .refusedStream: .unavailable
            case .cancel: .cancelled
            case .enhanceYourCalm: .resourceExhausted
            case .inadequateSecurity: .permissionDenied
            default: .internal
            }
        self.init(status, "the stream was reset with \(code)")
    }

    /// From trailers, or from the headers of a response that is nothing but trailers; nil where there is no grpc-status.
    init?(trailers: HeaderList) {
        guard let text = trailers["grpc-status"] else { return nil }
        let message = trailers["grpc-message"].map(PercentCoding.decode) ?? ""
        // A code that we do not know is UNKNOWN, never an error of ours.
        self.init(UInt8(text).flatMap(Code.init(rawValue:)) ?? .unknown, message)
    }

    /// The fields that end a response.
    func append(to list: inout HeaderList) {
        list.add("grpc-status", String(code.rawValue))
        if !message.isEmpty { list.add("grpc-message", PercentCoding.encode(message), indexing: .avoided) }
    }
}
