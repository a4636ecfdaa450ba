// Tensors as gRPC carries them: raw octets, or in the list of their datatype.

internal import JSON
internal import Protobuf
internal import SystemIO

extension InferRequest {
    /// Reads a request.
    ///
    /// - Parameter deadline: when the client gives up; nil when it waits for ever.
    /// - Throws: 400.
    init(_ message: ModelInferRequest, deadline: ContinuousClock.Instant? = nil) throws(HTTPProblem) {
        var inputs: [InferTensor] = []
        let raw = message.rawInputContents
        guard raw.isEmpty || raw.count == message.inputs.count else {
            throw HTTPProblem(
                400, "the request has \(message.inputs.count) inputs and \(raw.count) raw contents")
        }
        for (index, input) in message.inputs.enumerated() {
            guard let datatype = TensorDatatype(rawValue: input.datatype) else {
                throw HTTPProblem(400, "input '\(input.name)' has no datatype that is known")
            }
            let content: [UInt8]
            if raw.isEmpty {
                content = try (input.contents ?? InferTensorContents()).octets(datatype, of: input.name)
            } else {
                guard input.contents == nil else {
                    throw HTTPProblem(400, "input '\(input.name)' has contents, and there are raw contents")
                }
                content = raw[index]
            }
            let tensor = InferTensor(input.name, datatype, input.shape.map { Int($0) }, content)
            try tensor.check()
            inputs.append(tensor)
        }
        self.init(inputs: inputs)
        id = message.id
        parameters = message.parameters.mapValues(\.json)
        if !message.outputs.isEmpty {
            outputs = message.outputs.map { Output(name: $0.name, isBinary: true) }
        }
        if let deadline, parameters["timeout"] == nil {
            let left = max(.microseconds(1), deadline - .now).components
            parameters["timeout"] = .int(
                min(86_400_000_000, left.seconds * 1_000_000 + left.attoseconds / 1_000_000_000_000 + 1))
        }
    }
}

extension InferParameter {
    fileprivate var json: JSON {
        switch parameterChoice {
        case .boolParam(let value): .bool(value)
        case .int64Param(let value): .int(value)
        case .stringParam(let value): .string(value)
        case .doubleParam(let value): .double(value)
        case .uint64Param(let value): .int(Int64(clamping: value))
        case nil: .null
        }
    }
}

extension InferTensorContents {
    /// The elements of a datatype as octets.
    ///
    /// - Throws: 400 where there are elements of another list, and for numbers that are too large.
    fileprivate func octets(_ datatype: TensorDatatype, of name: String) throws(HTTPProblem) -> [UInt8] {
        func narrowed<I: FixedWidthInteger>(
            _ numbers: [some FixedWidthInteger], _ type: I.Type
        ) throws(HTTPProblem) -> [UInt8] {
            var octets: [UInt8] = []
            for number in numbers {
                guard let value = I(exactly: number) else {
                    throw HTTPProblem(400, "input '\(name)' has \(number), which is no \(datatype.rawValue)")
                }
                InferTensor.append(value, to: &octets)
            }
            return octets
        }
        let content: [UInt8]
        switch datatype {
        case .bool: content = boolContents.map { $0 ? 1 : 0 }
        case .int8: content = try narrowed(intContents, Int8.self)
        case .int16: content = try narrowed(intContents, Int16.self)
        case .int32: content = try narrowed(intContents, Int32.self)
        case .int64: content = try narrowed(int64Contents, Int64.self)
        case .uint8: content = try narrowed(uintContents, UInt8.self)
        case .uint16: content = try narrowed(uintContents, UInt16.self)
        case .uint32: content = try narrowed(uintContents, UInt32.self)
        case .uint64: content = try narrowed(uint64Contents, UInt64.self)
        case .float32: content = InferTensor.content(of: [fp32Contents])
        case .float64: content = try narrowed(fp64Contents.map(\.bitPattern), UInt64.self)
        case .bytes: content = InferTensor.content(of: bytesContents)
        case .float16, .brain16:
            throw HTTPProblem(
                400, "input '\(name)' has datatype \(datatype.rawValue), which has no list: send raw contents"
            )
        }
        return content
    }
}

extension ModelInferResponse {
    /// A reply with raw contents, as Triton sends them.
    init(_ reply: InferReply) {
        self.init(
            modelName: reply.model, modelVersion: reply.version, id: reply.id,
            outputs: reply.outputs.map {
                .init(name: $0.name, datatype: $0.datatype.rawValue, shape: $0.shape.map { Int64($0) })
            }, rawOutputContents: reply.outputs.map(\.content))
    }
}
