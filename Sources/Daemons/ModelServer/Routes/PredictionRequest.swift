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

/// What a prediction is made for.
enum PredictionInput: Equatable {
    case text(String)
    /// Two texts that are looked at together.
    case pair(String, String)
    case question(String, context: String)

    /// One input of JSON: a text, `{"text": ..., "text_pair": ...}`, a list of two texts, or
    /// `{"question": ..., "context": ...}`. Nil for what is none of these.
    init?(_ json: JSON) {
        if let text = json.string {
            self = .text(text)
        } else if let list = json.array, list.count == 2, let one = list[0].string, let two = list[1].string {
            self = .pair(one, two)
        } else if let text = json["text"]?.string {
            guard let other = json["text_pair"] else {
                self = .text(text)
                return
            }
            guard let other = other.string else { return nil }
            self = .pair(text, other)
        } else if let question = json["question"]?.string, let context = json["context"]?.string {
            self = .question(question, context: context)
        } else {
            return nil
        }
    }

    /// All texts of it.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .pair(let one, let two), .question(let one, context: let two): [one, two]
        }
    }
}

/// The texts of a request.
struct PredictionRequest: Equatable {
    /// Those of `inputs` that are plain texts; all, unless the model takes others.
    var texts: [String] { inputs.compactMap { if case .text(let text) = $0 { text } else { nil } } }
    let inputs: [PredictionInput]
    /// Whether they came as a list.
    let isList: Bool
    /// Whether the answer's vectors are called `predictions`, as those who send `instances` expect.
    let usesInstances: Bool
    /// What a model is told besides.
    let parameters: [String: JSON]

    /// Reads a request.
    ///
    /// - Parameter takesPairs: whether inputs may be more than plain texts.
    /// - Throws: `HTTPProblem` with status 400 or 413.
    init(
        _ request: HTTPRequest, limits: RequestLimits, takesPairs: Bool = false
    ) throws(HTTPProblem) {
        guard request.body.count <= limits.body else {
            throw HTTPProblem(413, "the body has \(request.body.count) octets: send at most \(limits.body)")
        }
        if request.method == "GET" || request.method == "HEAD" {
            inputs = request.query.filter { $0.name == "inputs" || $0.name.hasPrefix("seq_") }
                .map { .text($0.value) }
            isList = inputs.count > 1
            usesInstances = false
            parameters = [:]
            guard !inputs.isEmpty else {
                throw HTTPProblem(400, "the query has no text: add ?inputs=TEXT, or send JSON with POST")
            }
        } else if request.mediaType == "text/plain" {
            guard let text = String(validating: request.body, as: UTF8.self) else {
                throw HTTPProblem(400, "the body is not UTF-8: send text as UTF-8")
            }
            inputs = [.text(text)]
            isList = false
            usesInstances = false
            parameters = [:]
        } else {
            (inputs, isList, usesInstances, parameters) = try Self.parse(request.body, takesPairs)
        }
        guard inputs.count <= limits.texts else {
            throw HTTPProblem(413, "the request has \(inputs.count) texts: send at most \(limits.texts)")
        }
        for input in inputs { try limits.check(input.texts) }
    }

    private static func parse(
        _ body: [UInt8], _ takesPairs: Bool
    ) throws(HTTPProblem) -> ([PredictionInput], isList: Bool, Bool, [String: JSON]) {
        let hint =
            takesPairs
            ? "send {\"inputs\": \"a text\"}, {\"inputs\": {\"text\": ..., \"text_pair\": ...}} or"
                + " {\"inputs\": {\"question\": ..., \"context\": ...}}"
            : "send {\"inputs\": \"a text\"} or {\"inputs\": [\"a text\", \"another\"]}"
        let document: JSON
        do {
            // A list in an object, and room for what other servers' clients send besides.
            document = try JSON(parsing: body, maximumDepth: 16)
        } catch {
            throw HTTPProblem(400, "the body is not JSON (\(error)): \(hint)")
        }
        guard let parameters = (document["parameters"] ?? [:]).object else {
            throw HTTPProblem(400, "the body's parameters are no object: \(hint)")
        }
        let inputs = document["inputs"]
        guard let value = inputs ?? document["instances"] else {
            // A question may come as it is.
            if takesPairs, let input = PredictionInput(document) {
                return ([input], false, false, parameters)
            }
            throw HTTPProblem(400, "the body has neither inputs nor instances: \(hint)")
        }
        func input(_ json: JSON) -> PredictionInput? {
            guard let input = PredictionInput(json) else { return nil }
            return takesPairs || json.string != nil ? input : nil
        }
        guard let list = value.array else {
            guard let one = input(value) else {
                throw HTTPProblem(400, "the body's inputs are neither a text nor a list of texts: \(hint)")
            }
            return ([one], false, inputs == nil, parameters)
        }
        guard !list.isEmpty else {
            throw HTTPProblem(400, "the body's inputs are neither a text nor a list of texts: \(hint)")
        }
        let all = list.compactMap(input)
        guard all.count == list.count else {
            throw HTTPProblem(400, "the body's inputs hold something that is no text: \(hint)")
        }
        return (all, true, inputs == nil, parameters)
    }
}

extension HTTPRequest {
    /// The Content-Type without parameters, in small letters.
    fileprivate var mediaType: String {
        let value = headers["content-type"] ?? ""
        return String(value.prefix { $0 != ";" && $0 != " " }).lowercased()
    }
}
