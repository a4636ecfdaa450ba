// Errors in the shape of the protocol that was spoken, so that each protocol's clients understand them: TorchServe's and
// DJL's code, type and message; the Open Inference Protocol's one sentence; OpenAI's object.

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
    /// The field of the request that is wrong, for OpenAI's clients.
    let parameter: String?
    /// Fields beside the body's.
    let headers: [String: String]

    init(
        _ status: Int, type: String? = nil, _ message: String, parameter: String? = nil,
        headers: [String: String] = [:]
    ) {
        self.status = status
        self.type = type ?? Self.type(status)
        self.message = message
        self.parameter = parameter
        self.headers = headers
    }

    private static func type(_ status: Int) -> String {
        switch status {
        case 400: "BadRequestException"
        case 401: "UnauthorizedException"
        case 403: "ForbiddenException"
        case 404: "ResourceNotFoundException"
        case 405: "MethodNotAllowedException"
        case 409: "ConflictStatusException"
        case 413: "RequestEntityTooLargeException"
        case 429, 503: "ServiceUnavailableException"
        case 507: "InsufficientStorageException"
        default: "InternalServerException"
        }
    }

    /// How a protocol writes errors.
    enum Shape: Sendable {
        case torchServe
        case openInference
        case openAI
    }

    /// The response in a protocol's shape.
    func response(_ shape: Shape) -> HTTPResponse {
        var response = HTTPResponse.json(statusCode(shape), body(shape))
        for (name, value) in headers { response.headers[name] = value }
        return response
    }

    /// OpenAI's clients know a full queue by 429.
    private func statusCode(_ shape: Shape) -> Int {
        shape == .openAI && status == 503 && headers["retry-after"] != nil ? 429 : status
    }

    /// The body in a protocol's shape.
    func body(_ shape: Shape) -> JSON {
        switch shape {
        case .torchServe: ["code": JSON(status), "type": .string(type), "message": .string(message)]
        case .openInference: ["error": .string(message)]
        case .openAI:
            [
                "error": [
                    "message": .string(message), "type": .string(openAIType),
                    "param": parameter.map(JSON.string) ?? .null,
                    "code": openAICode.map(JSON.string) ?? .null,
                ]
            ]
        }
    }

    private var openAIType: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 503 where headers["retry-after"] != nil: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private var openAICode: String? {
        switch type {
        case "ModelNotFoundException", "ModelVersionNotFoundException": "model_not_found"
        case "UnauthorizedException": "invalid_api_key"
        default: nil
        }
    }
}

extension HTTPResponse {
    /// A JSON document.
    static func json(_ status: Int, _ body: JSON) -> HTTPResponse {
        HTTPResponse(
            status, headers: ["content-type": "application/json"], body: .bytes(body.serialized() + [10]))
    }
}
