// The ways to send texts: the Hugging Face form {"inputs": ...}, the TensorFlow Serving and KServe v1 form
// {"instances": [...]}, plain text, and the query of a GET as the 3,000-models benchmark sends it (`seq_0`).

internal import HTTP
internal import HTTP1
internal import JSON

/// What a client may send at most.
package struct RequestLimits: Equatable, Sendable {
    /// Texts per request.
    package var texts = 128
    /// Octets of one text; a model reads 512 tokens at most, so longer texts are a mistake.
    package var textOctets = 65_536
    /// Octets of a request's body.
    package var body = 1 << 20

    /// The defaults: 128 texts, 64 KiB each, 1 MiB in all.
    package init() {}

    /// - Throws: 413 for too many texts, and for one that is too long.
    func check(_ texts: [String]) throws(HTTPProblem) {
        guard texts.count <= self.texts else {
            throw HTTPProblem(413, "the request has \(texts.count) texts: send at most \(self.texts)")
        }
        for (index, text) in texts.enumerated() where text.utf8.count > textOctets {
            throw HTTPProblem(
                413, "text \(index) has \(text.utf8.count) octets: send at most \(textOctets)")
        }
    }
}

/// The texts of a request.
struct PredictionRequest: Equatable {
    let texts: [String]
    /// Whether the answer's vectors are called `predictions`, as those who send `instances` expect.
    let usesInstances: Bool
    /// What a language model is told besides.
    let parameters: [String: JSON]

    /// Reads a request.
    ///
    /// - Throws: `HTTPProblem` with status 400 or 413.
    init(_ request: HTTPRequest, limits: RequestLimits) throws(HTTPProblem) {
        guard request.body.count <= limits.body else {
            throw HTTPProblem(413, "the body has \(request.body.count) octets: send at most \(limits.body)")
        }
        if request.method == "GET" || request.method == "HEAD" {
            texts = request.query.filter { $0.name == "inputs" || $0.name.hasPrefix("seq_") }.map(\.value)
            usesInstances = false
            parameters = [:]
            guard !texts.isEmpty else {
                throw HTTPProblem(400, "the query has no text: add ?inputs=TEXT, or send JSON with POST")
            }
        } else if request.mediaType == "text/plain" {
            guard let text = String(validating: request.body, as: UTF8.self) else {
                throw HTTPProblem(400, "the body is not UTF-8: send text as UTF-8")
            }
            texts = [text]
            usesInstances = false
            parameters = [:]
        } else {
            (texts, usesInstances, parameters) = try Self.parse(request.body)
        }
        try limits.check(texts)
    }

    private static func parse(_ body: [UInt8]) throws(HTTPProblem) -> ([String], Bool, [String: JSON]) {
        let hint = "send {\"inputs\": \"a text\"} or {\"inputs\": [\"a text\", \"another\"]}"
        let document: JSON
        do {
            // A list in an object, and room for what other servers' clients send besides.
            document = try JSON(parsing: body, maximumDepth: 16)
        } catch {
            throw HTTPProblem(400, "the body is not JSON (\(error)): \(hint)")
        }
        let inputs = document["inputs"]
        guard let value = inputs ?? document["instances"] else {
            throw HTTPProblem(400, "the body has neither inputs nor instances: \(hint)")
        }
        guard let parameters = (document["parameters"] ?? [:]).object else {
            throw HTTPProblem(400, "the body's parameters are no object: \(hint)")
        }
        if let text = value.string { return ([text], inputs == nil, parameters) }
        guard let list = value.array, !list.isEmpty else {
            throw HTTPProblem(400, "the body's inputs are neither a text nor a list of texts: \(hint)")
        }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else {
            throw HTTPProblem(400, "the body's inputs hold something that is no text: \(hint)")
        }
        return (texts, inputs == nil, parameters)
    }
}

extension HTTPRequest {
    /// The Content-Type without parameters, in small letters.
    fileprivate var mediaType: String {
        let value = headers["content-type"] ?? ""
        return String(value.prefix { $0 != ";" && $0 != " " }).lowercased()
    }
}
