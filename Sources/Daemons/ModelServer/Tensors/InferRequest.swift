// An inference request of the Open Inference Protocol, whichever way it has come.

internal import HTTP
internal import HTTP1
internal import JSON

/// What a client asks of a model with tensors.
struct InferRequest: Equatable, Sendable {
    /// An output that is asked for.
    struct Output: Equatable, Sendable {
        var name: String
        /// Whether its elements are to follow the JSON as octets.
        var isBinary: Bool
    }

    /// Comes back in the reply; empty for none.
    var id = ""
    var parameters: [String: JSON] = [:]
    var inputs: [InferTensor]
    /// Nil for all.
    var outputs: [Output]?
    /// For outputs that are not named.
    var isBinaryByDefault = false

    /// Whether an output is to be octets.
    func isBinary(_ name: String) -> Bool {
        outputs?.first { $0.name == name }?.isBinary ?? isBinaryByDefault
    }

    /// The input of that name, which is the only one.
    ///
    /// - Throws: 400, in Triton's words.
    func onlyInput(_ name: String, of model: String) throws(HTTPProblem) -> InferTensor {
        guard inputs.count == 1, let input = inputs.first else {
            throw HTTPProblem(400, "expected 1 inputs but got \(inputs.count) inputs for model '\(model)'")
        }
        guard input.name == name else {
            throw HTTPProblem(
                400, "unexpected inference input '\(input.name)' for model '\(model)': it has '\(name)'")
        }
        return input
    }

    /// Triton's parameter `priority`: 1 is the highest, 0 none.
    func priority() throws(HTTPProblem) -> Int? {
        guard let value = parameters["priority"] else { return nil }
        guard let priority = value.int, priority >= 0 else {
            throw HTTPProblem(400, "parameter 'priority' is no number from 0 on")
        }
        return priority == 0 ? nil : priority
    }

    /// Triton's parameter `timeout`, in microseconds; 0 for none.
    func timeout() throws(HTTPProblem) -> Duration? {
        guard let value = parameters["timeout"] else { return nil }
        guard let timeout = value.int, 0...86_400_000_000 ~= timeout else {
            throw HTTPProblem(400, "parameter 'timeout' is no number of microseconds from 0 to 24 h")
        }
        return timeout == 0 ? nil : .microseconds(timeout)
    }
}

extension InferRequest {
    /// Octets of JSON in front of binary data.
    static let lengthHeader = "inference-header-content-length"

    /// Reads a request's body.
    ///
    /// - Throws: 400.
    init(_ request: HTTPRequest) throws(HTTPProblem) {
        let octets = request.body
        var end = octets.count
        if let text = request.headers[Self.lengthHeader] {
            guard let length = Int(text), 0...octets.count ~= length else {
                throw HTTPProblem(
                    400,
                    "Inference-Header-Content-Length is \(text.prefix(32)), and the body has \(octets.count) octets"
                )
            }
            end = length
        }
        let document: JSON
        do {
            document = try JSON(parsing: octets, in: 0..<end, maximumDepth: 32)
        } catch {
            throw HTTPProblem(400, "the body is not JSON (\(error))")
        }
        guard document.object != nil, let list = document["inputs"]?.array else {
            throw HTTPProblem(400, "the body has no list of inputs")
        }
        parameters = document["parameters"]?.object ?? [:]
        if let id = document["id"], !id.isNull {
            guard let text = id.string else { throw HTTPProblem(400, "id is no text") }
            self.id = text
        }
        isBinaryByDefault = parameters["binary_data_output"]?.bool ?? false
        inputs = []
        var rest = octets[end...]
        for input in list { inputs.append(try Self.input(input, &rest)) }
        guard rest.isEmpty else {
            throw HTTPProblem(400, "\(rest.count) octets follow the last input")
        }
        if let wanted = document["outputs"], !wanted.isNull {
            guard let list = wanted.array else { throw HTTPProblem(400, "outputs is no list") }
            outputs = list.isEmpty ? nil : []
            for output in list {
                guard let name = output["name"]?.string else {
                    throw HTTPProblem(400, "an output has no name")
                }
                let binary = output["parameters"]?["binary_data"]?.bool ?? isBinaryByDefault
                outputs?.append(Output(name: name, isBinary: binary))
            }
        }
    }

    private static func input(
        _ input: JSON, _ rest: inout ArraySlice<UInt8>
    ) throws(HTTPProblem) -> InferTensor {
        guard let name = input["name"]?.string else { throw HTTPProblem(400, "an input has no name") }
        guard let word = input["datatype"]?.string, let datatype = TensorDatatype(rawValue: word) else {
            throw HTTPProblem(400, "input '\(name)' has no datatype that is known")
        }
        guard let dimensions = input["shape"]?.array, case let shape = dimensions.compactMap(\.int),
            shape.count == dimensions.count
        else { throw HTTPProblem(400, "input '\(name)' has no shape") }
        if let size = input["parameters"]?["binary_data_size"] {
            guard let size = size.int, 0...rest.count ~= size else {
                throw HTTPProblem(
                    400,
                    "input '\(name)' says binary_data_size \(size.text()), and \(rest.count) octets are left")
            }
            guard input["data"] == nil else {
                throw HTTPProblem(400, "input '\(name)' has data and binary_data_size")
            }
            let tensor = InferTensor(name, datatype, shape, Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
            try tensor.check()
            return tensor
        }
        guard let data = input["data"], data.array != nil else {
            throw HTTPProblem(400, "input '\(name)' has no data")
        }
        return try InferTensor(name: name, datatype: datatype, shape: shape, data: data)
    }
}
