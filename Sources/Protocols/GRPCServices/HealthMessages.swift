// The messages of grpc/health/v1/health.proto.

package import Protobuf

/// Whether a service can be called (grpc.health.v1.HealthCheckResponse.ServingStatus).
package enum ServingStatus: Int32, Sendable, CaseIterable {
    case unknown = 0
    case serving = 1
    case notServing = 2
    /// Only told by Watch: there is no such service, yet.
    case serviceUnknown = 3
}

/// grpc.health.v1.HealthCheckRequest
package struct HealthCheckRequest: FieldMessage {
    /// string service; empty is the server as a whole.
    package var service = ""

    /// The whole server.
    package init() {}

    /// One service, as `package.Service`.
    package init(service: String) { self.service = service }

    /// The fields.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &service)
    }
}

/// grpc.health.v1.HealthCheckResponse
package struct HealthCheckResponse: FieldMessage {
    /// ServingStatus status
    package var status = ServingStatus.unknown

    /// Unknown.
    package init() {}

    /// A response with a status.
    package init(status: ServingStatus) { self.status = status }

    /// The fields; a status that has no name here is unknown.
    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &status, unknown: .unknown)
    }
}

/// grpc.health.v1.HealthListRequest
package struct HealthListRequest: FieldMessage {
    /// The default.
    package init() {}
    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// grpc.health.v1.HealthListResponse
package struct HealthListResponse: Message {
    /// map<string, HealthCheckResponse> statuses
    package var statuses: [String: ServingStatus] = [:]

    /// No services.
    package init() {}

    /// The services and their statuses.
    package init(statuses: [String: ServingStatus]) { self.statuses = statuses }

    /// An entry of the map, as it travels.
    private struct Entry: FieldMessage {
        var service = ""
        var response: HealthCheckResponse?

        init() {}
        init(_ service: String, _ status: ServingStatus) {
            self.service = service
            response = HealthCheckResponse(status: status)
        }

        mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
            try wire.field(1, &service)
            try wire.field(2, &response)
        }
    }

    /// Writes the fields, the services in order, so that equal lists are equal octets.
    package func encode(to writer: inout ProtobufWriter) {
        writer.write(1, statuses.sorted { $0.key < $1.key }.map { Entry($0.key, $0.value) })
    }

    /// Reads a field; of two entries of a service the last counts.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        guard field.number == 1 else { return }
        var entries: [Entry] = []
        try reader.read(field, into: &entries)
        for entry in entries { statuses[entry.service] = entry.response?.status ?? .unknown }
    }
}
