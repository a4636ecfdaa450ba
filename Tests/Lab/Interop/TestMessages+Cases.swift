// Short ways to say what the cases send: sizes instead of octets, choices instead of messages. The messages themselves are
// in Proto/grpc/testing.

extension Payload {
    /// `size` zeros.
    package init(zeros size: Int) { self.init(body: [UInt8](repeating: 0, count: size)) }
}

extension BoolValue: ExpressibleByBooleanLiteral {
    /// `true` or `false`.
    package init(booleanLiteral value: Bool) { self.init(value: value) }
}

extension StreamingInputCallRequest {
    /// A request with `size` zeros.
    package init(zeros size: Int, expectCompressed: BoolValue? = nil) {
        self.init(payload: Payload(zeros: size), expectCompressed: expectCompressed)
    }
}

extension StreamingOutputCallRequest {
    /// Responses of these sizes.
    package init(sizes: [Int32], payload: Payload? = nil, status: EchoStatus? = nil) {
        self.init(
            responseParameters: sizes.map { ResponseParameters(size: $0) }, payload: payload,
            responseStatus: status)
    }
}

extension SimpleResponse {
    /// A response with `size` zeros.
    package init(zeros size: Int) { self.init(payload: Payload(zeros: size)) }
}

extension StreamingOutputCallResponse {
    /// A response with `size` zeros.
    package init(zeros size: Int) { self.init(payload: Payload(zeros: size)) }
}
