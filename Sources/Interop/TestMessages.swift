// The messages of grpc/testing/messages.proto that the interop cases use, with the numbers of that file.

package import Protobuf

/// grpc.testing.Empty
package struct Empty: Message {
    /// The default.
    package init() {}
    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {}
    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {}
}

/// grpc.testing.Payload; its type is always COMPRESSABLE, the default.
package struct Payload: Message {
    /// bytes body
    package var body: [UInt8] = []

    /// The default.
    package init() {}

    /// `size` zeros.
    package init(zeros size: Int) { body = [UInt8](repeating: 0, count: size) }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(2, body) }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        if field.number == 2 { try reader.read(field, into: &body) }
    }
}

/// grpc.testing.BoolValue: a choice that may also be left open.
package struct BoolValue: Message {
    /// bool value
    package var value = false

    /// The default.
    package init() {}

    /// One or the other.
    package init(_ value: Bool) { self.value = value }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(1, value) }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        if field.number == 1 { try reader.read(field, into: &value) }
    }
}

/// grpc.testing.EchoStatus
package struct EchoStatus: Message {
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

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, code)
        writer.write(2, message)
    }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &code)
        case 2: try reader.read(field, into: &message)
        default: break
        }
    }
}

/// grpc.testing.SimpleRequest
package struct SimpleRequest: Message {
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

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(2, responseSize)
        writer.write(3, payload)
        writer.write(6, responseCompressed)
        writer.write(7, responseStatus)
        writer.write(8, expectCompressed)
    }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 2: try reader.read(field, into: &responseSize)
        case 3: try reader.read(field, into: &payload)
        case 6: try reader.read(field, into: &responseCompressed)
        case 7: try reader.read(field, into: &responseStatus)
        case 8: try reader.read(field, into: &expectCompressed)
        default: break
        }
    }
}

/// grpc.testing.StreamingInputCallRequest
package struct StreamingInputCallRequest: Message {
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

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, payload)
        writer.write(2, expectCompressed)
    }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &payload)
        case 2: try reader.read(field, into: &expectCompressed)
        default: break
        }
    }
}

/// grpc.testing.StreamingInputCallResponse
package struct StreamingInputCallResponse: Message {
    /// int32 aggregated_payload_size, in octets
    package var aggregatedPayloadSize: Int32 = 0

    /// The default.
    package init() {}

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(1, aggregatedPayloadSize) }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        if field.number == 1 { try reader.read(field, into: &aggregatedPayloadSize) }
    }
}

/// grpc.testing.ResponseParameters
package struct ResponseParameters: Message {
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

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, size)
        writer.write(2, intervalMicroseconds)
        writer.write(3, compressed)
    }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 1: try reader.read(field, into: &size)
        case 2: try reader.read(field, into: &intervalMicroseconds)
        case 3: try reader.read(field, into: &compressed)
        default: break
        }
    }
}

/// grpc.testing.StreamingOutputCallRequest
package struct StreamingOutputCallRequest: Message {
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

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(2, responseParameters)
        writer.write(3, payload)
        writer.write(7, responseStatus)
    }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        switch field.number {
        case 2: try reader.read(field, into: &responseParameters)
        case 3: try reader.read(field, into: &payload)
        case 7: try reader.read(field, into: &responseStatus)
        default: break
        }
    }
}

/// grpc.testing.SimpleResponse and grpc.testing.StreamingOutputCallResponse, which are alike as far as the cases go.
package struct PayloadResponse: Message {
    /// Payload payload
    package var payload: Payload?

    /// The default.
    package init() {}

    /// A response with `size` zeros.
    package init(zeros size: Int) { payload = Payload(zeros: size) }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(1, payload) }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        if field.number == 1 { try reader.read(field, into: &payload) }
    }
}
