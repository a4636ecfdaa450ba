// The messages of grpc/testing/messages.proto that the interop cases use, with the numbers of that file.

package import Protobuf

/// grpc.testing.Empty
package struct Empty: FieldMessage {
    /// The default.
    package init() {}
    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// grpc.testing.Payload; its type is always COMPRESSABLE, the default.
package struct Payload: FieldMessage {
    /// bytes body
    package var body: [UInt8] = []

    /// The default.
    package init() {}

    /// `size` zeros.
    package init(zeros size: Int) { body = [UInt8](repeating: 0, count: size) }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(2, &body)
    }
}

/// grpc.testing.BoolValue: a choice that may also be left open.
package struct BoolValue: FieldMessage {
    /// bool value
    package var value = false

    /// The default.
    package init() {}

    /// One or the other.
    package init(_ value: Bool) { self.value = value }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &value)
    }
}

/// grpc.testing.EchoStatus
package struct EchoStatus: FieldMessage {
    /// int32 code
    package var code: Int32 = 0
    /// string message
    package var message = ""

    /// The default.
    package init() {}

    /// A message of these fields.
    package init(code: Int32, message: String) {
        self.code = code
        self.message = message
    }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &code)
        try wire.field(2, &message)
    }
}

/// grpc.testing.SimpleRequest
package struct SimpleRequest: FieldMessage {
    /// int32 response_size, in octets
    package var responseSize: Int32 = 0
    /// Payload payload
    package var payload: Payload?
    /// BoolValue response_compressed: whether the response is to be compressed
    package var responseCompressed: BoolValue?
    /// EchoStatus response_status: what the call is to end with
    package var responseStatus: EchoStatus?
    /// BoolValue expect_compressed: whether this request has to be
    package var expectCompressed: BoolValue?

    /// The default.
    package init() {}

    /// A message of these fields.
    package init(
        responseSize: Int32 = 0, payload: Payload? = nil, status: EchoStatus? = nil,
        responseCompressed: Bool? = nil, expectCompressed: Bool? = nil
    ) {
        self.responseSize = responseSize
        self.payload = payload
        responseStatus = status
        self.responseCompressed = responseCompressed.map { BoolValue($0) }
        self.expectCompressed = expectCompressed.map { BoolValue($0) }
    }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(2, &responseSize)
        try wire.field(3, &payload)
        try wire.field(6, &responseCompressed)
        try wire.field(7, &responseStatus)
        try wire.field(8, &expectCompressed)
    }
}

/// grpc.testing.StreamingInputCallRequest
package struct StreamingInputCallRequest: FieldMessage {
    /// Payload payload
    package var payload: Payload?
    /// BoolValue expect_compressed: whether this request has to be
    package var expectCompressed: BoolValue?

    /// The default.
    package init() {}

    /// A request with `size` zeros.
    package init(zeros size: Int, expectCompressed: Bool? = nil) {
        payload = Payload(zeros: size)
        self.expectCompressed = expectCompressed.map { BoolValue($0) }
    }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &payload)
        try wire.field(2, &expectCompressed)
    }
}

/// grpc.testing.StreamingInputCallResponse
package struct StreamingInputCallResponse: FieldMessage {
    /// int32 aggregated_payload_size, in octets
    package var aggregatedPayloadSize: Int32 = 0

    /// The default.
    package init() {}

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &aggregatedPayloadSize)
    }
}

/// grpc.testing.ResponseParameters
package struct ResponseParameters: FieldMessage {
    /// int32 size, in octets
    package var size: Int32 = 0
    /// int32 interval_us: before the response
    package var intervalMicroseconds: Int32 = 0
    /// BoolValue compressed: whether the response is to be compressed
    package var compressed: BoolValue?

    /// The default.
    package init() {}

    /// A message of these fields.
    package init(size: Int32, compressed: Bool? = nil) {
        self.size = size
        self.compressed = compressed.map { BoolValue($0) }
    }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &size)
        try wire.field(2, &intervalMicroseconds)
        try wire.field(3, &compressed)
    }
}

/// grpc.testing.StreamingOutputCallRequest
package struct StreamingOutputCallRequest: FieldMessage {
    /// repeated ResponseParameters response_parameters
    package var responseParameters: [ResponseParameters] = []
    /// Payload payload
    package var payload: Payload?
    /// EchoStatus response_status: what the call is to end with
    package var responseStatus: EchoStatus?

    /// The default.
    package init() {}

    /// A message of these fields.
    package init(sizes: [Int32], payload: Payload? = nil, status: EchoStatus? = nil) {
        responseParameters = sizes.map { ResponseParameters(size: $0) }
        self.payload = payload
        responseStatus = status
    }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(2, &responseParameters)
        try wire.field(3, &payload)
        try wire.field(7, &responseStatus)
    }
}

/// grpc.testing.SimpleResponse and grpc.testing.StreamingOutputCallResponse, which are alike as far as the cases go.
package struct PayloadResponse: FieldMessage {
    /// Payload payload
    package var payload: Payload?

    /// The default.
    package init() {}

    /// A response with `size` zeros.
    package init(zeros size: Int) { payload = Payload(zeros: size) }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &payload)
    }
}
