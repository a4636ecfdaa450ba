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
package struct HealthCheckRequest: Message {
    /// string service; empty is the server as a whole.
    package var service = ""

    /// The whole server.
    package init() {}

    /// One service, as `package.Service`.
    package init(service: String) { self.service = service }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(1, service) }

    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        if field.number == 1 { try reader.read(field, into: &service) }
    }
}

/// grpc.health.v1.HealthCheckResponse
package struct HealthCheckResponse: Message {
    /// ServingStatus status
    package var status = ServingStatus.unknown

    /// Unknown.
    package init() {}

    /// A response with a status.
    package init(status: ServingStatus) { self.status = status }

    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) { writer.write(1, status.rawValue) }

    /// Reads a field; a status that has no name here is unknown.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {
        guard field.number == 1 else { return }
        var number: Int32 = 0
        try reader.read(field, into: &number)
        status = ServingStatus(rawValue: number) ?? .unknown
    }
}

/// grpc.health.v1.HealthListRequest
package struct HealthListRequest: Message {
    /// The default.
    package init() {}
    /// Writes the fields.
    package func encode(to writer: inout ProtobufWriter) {}
    /// Reads a field.
    package mutating func decode(
        field: ProtobufField, from reader: inout ProtobufReader
    ) throws(ProtobufError) {}
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
    private struct Entry: Message {
        var service = ""
        var response: HealthCheckResponse?

        init() {}
        init(_ service: String, _ status: ServingStatus) {
            self.service = service
            response = HealthCheckResponse(status: status)
        }

        func encode(to writer: inout ProtobufWriter) {
            writer.write(1, service)
            writer.write(2, response)
        }

        mutating func decode(
            field: ProtobufField, from reader: inout ProtobufReader
        ) throws(ProtobufError) {
            switch field.number {
            case 1: try reader.read(field, into: &service)
            case 2: try reader.read(field, into: &response)
            default: break
            }
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
