// grpc/health/v1/health.proto of gRPC, its names, numbers and types: what kubelets' probes and load balancers ask.
//
// Made from Proto/grpc/health/v1/health.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// Tells clients which services can be called.
package enum HealthMethod {
    /// One answer; NOT_FOUND for a service that is not known.
    package static let check = "/grpc.health.v1.Health/Check"
    /// The status of every service; RESOURCE_EXHAUSTED where there are too many.
    package static let list = "/grpc.health.v1.Health/List"
    /// The status now and at each change.
    package static let watch = "/grpc.health.v1.Health/Watch"
}

/// Whether the server as a whole or one of its services is asked about.
package struct HealthCheckRequest: FieldMessage {
    /// The service, as `package.Service`; empty is the server as a whole.
    package var service: String = ""

    package init() {}

    package init(service: String = "") { self.service = service }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &service)
    }
}

/// Whether a service can be called.
package struct HealthCheckResponse: FieldMessage {
    /// Whether a service can be called.
    package enum ServingStatus: Int32, Sendable, CaseIterable {
        /// Not known.
        case unknown = 0
        /// It can be called.
        case serving = 1
        /// It is there and cannot be called.
        case notServing = 2
        /// Only told by Watch: there is no such service, yet.
        case serviceUnknown = 3
    }

    /// A status that has no name here is unknown.
    package var status: ServingStatus = .unknown

    package init() {}

    package init(status: ServingStatus = .unknown) { self.status = status }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &status, unknown: .unknown)
    }
}

/// Asks about all services.
package struct HealthListRequest: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}

/// What is known of all services.
package struct HealthListResponse: FieldMessage {
    /// By the service's name.
    package var statuses: [String: HealthCheckResponse] = [:]

    package init() {}

    package init(statuses: [String: HealthCheckResponse] = [:]) { self.statuses = statuses }

    package mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &statuses)
    }
}
