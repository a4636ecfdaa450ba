// grpc/testing/messages.proto of gRPC: the messages and fields that the interop cases use, with the numbers of that file.
//
// Made from Proto/grpc/testing/messages.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// What a payload is made of.
package enum PayloadType: Int32, Sendable, CaseIterable {
    /// Octets that can be compressed.
    case compressable = 0
}

/// A choice that may also be left open.
package struct BoolValue: FieldMessage {
    /// One or the other.
    package var value: Bool = false

    package init() {}

    package init(value: Bool = false) { self.value = value }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &value)
    }
}

/// Octets.
package struct Payload: FieldMessage {
    /// What they are made of.
    package var type: PayloadType = .compressable
    /// The octets.
    package var body: [UInt8] = []

    package init() {}

    package init(type: PayloadType = .compressable, body: [UInt8] = []) {
        self.type = type
        self.body = body
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &type, unknown: .compressable)
        try wire.field(2, &body)
    }
}

/// What a call is to end with.
package struct EchoStatus: FieldMessage {
    /// A code of gRPC.
    package var code: Int32 = 0
    /// One sentence.
    package var message: String = ""

    package init() {}

    package init(code: Int32 = 0, message: String = "") {
        self.code = code
        self.message = message
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &code)
        try wire.field(2, &message)
    }
}

/// Asks for a payload.
package struct SimpleRequest: FieldMessage {
    /// What the response is to be made of.
    package var responseType: PayloadType = .compressable
    /// The size of the response, in octets.
    package var responseSize: Int32 = 0
    /// Only to have something to send.
    package var payload: Payload? = nil
    /// Whether the response is to be compressed.
    package var responseCompressed: BoolValue? = nil
    /// What the call is to end with.
    package var responseStatus: EchoStatus? = nil
    /// Whether this request has to be compressed.
    package var expectCompressed: BoolValue? = nil

    package init() {}

    package init(
        responseType: PayloadType = .compressable, responseSize: Int32 = 0, payload: Payload? = nil,
        responseCompressed: BoolValue? = nil, responseStatus: EchoStatus? = nil,
        expectCompressed: BoolValue? = nil
    ) {
        self.responseType = responseType
        self.responseSize = responseSize
        self.payload = payload
        self.responseCompressed = responseCompressed
        self.responseStatus = responseStatus
        self.expectCompressed = expectCompressed
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &responseType, unknown: .compressable)
        try wire.field(2, &responseSize)
        try wire.field(3, &payload)
        try wire.field(6, &responseCompressed)
        try wire.field(7, &responseStatus)
        try wire.field(8, &expectCompressed)
    }
}

/// A payload.
package struct SimpleResponse: FieldMessage {
    /// As large as was asked for.
    package var payload: Payload? = nil

    package init() {}

    package init(payload: Payload? = nil) { self.payload = payload }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &payload)
    }
}

/// One of a stream of payloads.
package struct StreamingInputCallRequest: FieldMessage {
    /// Is added to the sum.
    package var payload: Payload? = nil
    /// Whether this request has to be compressed.
    package var expectCompressed: BoolValue? = nil

    package init() {}

    package init(payload: Payload? = nil, expectCompressed: BoolValue? = nil) {
        self.payload = payload
        self.expectCompressed = expectCompressed
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &payload)
        try wire.field(2, &expectCompressed)
    }
}

/// What came of a stream of payloads.
package struct StreamingInputCallResponse: FieldMessage {
    /// The sizes of all payloads together, in octets.
    package var aggregatedPayloadSize: Int32 = 0

    package init() {}

    package init(aggregatedPayloadSize: Int32 = 0) { self.aggregatedPayloadSize = aggregatedPayloadSize }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &aggregatedPayloadSize)
    }
}

/// What one response of a stream is to be.
package struct ResponseParameters: FieldMessage {
    /// Its size, in octets.
    package var size: Int32 = 0
    /// The time before it.
    package var intervalMicroseconds: Int32 = 0
    /// Whether it is to be compressed.
    package var compressed: BoolValue? = nil

    package init() {}

    package init(size: Int32 = 0, intervalMicroseconds: Int32 = 0, compressed: BoolValue? = nil) {
        self.size = size
        self.intervalMicroseconds = intervalMicroseconds
        self.compressed = compressed
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &size)
        try wire.field(2, &intervalMicroseconds)
        try wire.field(3, &compressed)
    }
}

/// Asks for a stream of payloads.
package struct StreamingOutputCallRequest: FieldMessage {
    /// What the responses are to be made of.
    package var responseType: PayloadType = .compressable
    /// One for each response.
    package var responseParameters: [ResponseParameters] = []
    /// Only to have something to send.
    package var payload: Payload? = nil
    /// What the call is to end with.
    package var responseStatus: EchoStatus? = nil

    package init() {}

    package init(
        responseType: PayloadType = .compressable, responseParameters: [ResponseParameters] = [],
        payload: Payload? = nil, responseStatus: EchoStatus? = nil
    ) {
        self.responseType = responseType
        self.responseParameters = responseParameters
        self.payload = payload
        self.responseStatus = responseStatus
    }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &responseType, unknown: .compressable)
        try wire.field(2, &responseParameters)
        try wire.field(3, &payload)
        try wire.field(7, &responseStatus)
    }
}

/// One of a stream of payloads.
package struct StreamingOutputCallResponse: FieldMessage {
    /// As large as was asked for.
    package var payload: Payload? = nil

    package init() {}

    package init(payload: Payload? = nil) { self.payload = payload }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &payload)
    }
}
