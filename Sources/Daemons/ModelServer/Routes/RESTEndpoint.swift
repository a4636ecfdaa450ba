// One thing that the server answers: where, in which shape, and how. The table of these is the server's surface: the router is
// made of it, and so is the OpenAPI document.

internal import HTTP
internal import JSON

/// A request that has found its endpoint.
struct EndpointCall: Sendable {
    let request: HTTPRequest
    /// What stands where the path has `{name}`, in their order.
    let names: [String]

    /// The body as JSON.
    ///
    /// - Throws: 400.
    func json(depth: Int = 32) throws(HTTPProblem) -> JSON {
        let document: JSON
        do {
            document = try JSON(parsing: request.body, maximumDepth: depth)
        } catch {
            throw HTTPProblem(400, "the body is not JSON (\(error))")
        }
        guard document.object != nil else { throw HTTPProblem(400, "the body is no JSON object") }
        return document
    }
}

/// A method and a path, and what answers them.
struct RESTEndpoint: Sendable {
    typealias Answer = @Sendable (InferenceServer, EndpointCall) async throws(HTTPProblem) -> HTTPResponse

    /// What a body is: by media type the name of its schema among `OpenAPI.schemas`.
    typealias Content = [String: String]

    /// HEAD is answered wherever GET is.
    let methods: [String]
    /// `{name}` stands for any segment.
    let path: String
    /// The name of the operation; with several methods, each has its own in front.
    let operation: String
    let tag: String
    let summary: String
    var errors = HTTPProblem.Shape.torchServe
    /// The fields of the query, each with what it is.
    var query: [String: String] = [:]
    /// Those of them without which a method is refused.
    var required: [String: [String]] = [:]
    var body: Content = [:]
    var bodyIsOptional = false
    var reply: Content = ["application/json": "Any"]
    /// Statuses besides 200 that it may answer.
    var statuses: [Int] = []
    /// Whether it answers later where that is asked for.
    var answersLater = false
    /// A key is asked for, where the server has any.
    var needsKey = true
    let answer: Answer
}
