// Errors as TorchServe and DJL send them, so that clients of theirs understand: code, type and message.

internal import HTTP
internal import HTTP1
internal import JSON

/// A request that is answered with an error.
struct HTTPProblem: Error, Equatable {
    let status: Int
    /// The class name that clients of other model servers know.
    let type: String
    /// One sentence.
    let message: String
    /// Fields beside the body's.
    let headers: [String: String]

    init(_ status: Int, type: String? = nil, _ message: String, headers: [String: String] = [:]) {
        self.status = status
        self.type = type ?? Self.type(status)
        self.message = message
        self.headers = headers
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 400: "BadRequestException"
        case 404: "ResourceNotFoundException"
        case 405: "MethodNotAllowedException"
        case 413: "RequestEntityTooLargeException"
        case 503: "ServiceUnavailableException"
        default: "InternalServerException"
        }
    }

    var response: HTTPResponse {
        let body: JSON = ["code": JSON(status), "type": .string(type), "message": .string(message)]
        var response = HTTPResponse.json(status, body)
        for (name, value) in headers { response.headers[name] = value }
        return response
    }
}

extension HTTPResponse {
    /// A JSON document.
    static func json(_ status: Int, _ body: JSON) -> HTTPResponse {
        HTTPResponse(
            status, headers: ["content-type": "application/json"], body: .bytes(body.serialized() + [10]))
    }
}
