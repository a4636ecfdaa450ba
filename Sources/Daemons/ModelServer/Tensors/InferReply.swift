// The reply to an inference request of the Open Inference Protocol.

internal import HTTP
internal import HTTP1
internal import JSON

/// What a model has made of a request's tensors.
struct InferReply: Equatable, Sendable {
    var model: String
    var version: String
    var id: String
    var outputs: [InferTensor]

    /// Leaves the outputs that were asked for, in that order.
    ///
    /// - Throws: 400 for one that the model does not have.
    func selecting(_ wanted: [InferRequest.Output]?) throws(HTTPProblem) -> InferReply {
        guard let wanted else { return self }
        var selected = self
        selected.outputs = []
        for output in wanted {
            guard let tensor = outputs.first(where: { $0.name == output.name }) else {
                throw HTTPProblem(
                    400,
                    "unexpected inference output '\(output.name)' for model '\(model)': it has "
                        + outputs.map { "'\($0.name)'" }.joined(separator: ", "))
            }
            selected.outputs.append(tensor)
        }
        return selected
    }

    /// The response: JSON, and behind it the outputs that are to be octets.
    ///
    /// - Throws: 400 where an output has no form in JSON.
    func response(to request: InferRequest) throws(HTTPProblem) -> HTTPResponse {
        var writer = JSONWriter(capacity: 256 + outputs.reduce(0) { $0 + $1.content.count * 4 })
        var binary: [UInt8] = []
        var hasBinary = false
        var problem: HTTPProblem?
        writer.object { writer in
            writer.member("model_name", model)
            writer.member("model_version", version)
            if !id.isEmpty { writer.member("id", id) }
            writer.key("outputs")
            writer.array { writer in
                for output in outputs {
                    let isBinary = request.isBinary(output.name)
                    writer.object { writer in
                        writer.member("name", output.name)
                        writer.member("datatype", output.datatype.rawValue)
                        writer.key("shape")
                        writer.array { for dimension in output.shape { $0.value(dimension) } }
                        if isBinary {
                            writer.key("parameters")
                            writer.object { $0.member("binary_data_size", output.content.count) }
                        } else {
                            writer.key("data")
                            do throws(HTTPProblem) {
                                try output.writeData(&writer)
                            } catch {
                                problem = error
                            }
                        }
                    }
                    if isBinary {
                        hasBinary = true
                        binary += output.content
                    }
                }
            }
        }
        if let problem { throw problem }
        guard hasBinary else {
            return HTTPResponse(
                200, headers: ["content-type": "application/json"], body: .bytes(writer.bytes))
        }
        return HTTPResponse(
            200,
            headers: [
                "content-type": "application/octet-stream",
                "inference-header-content-length": String(writer.bytes.count),
            ], body: .bytes(writer.bytes + binary))
    }
}
