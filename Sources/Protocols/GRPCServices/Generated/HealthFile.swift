// grpc/health/v1/health.proto of gRPC, its names, numbers and types: what kubelets' probes and load balancers ask.
//
// Made from Proto/grpc/health/v1/health.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

extension ProtoFile {
    /// `grpc/health/v1/health.proto`
    package static let health = ProtoFile(
        "grpc/health/v1/health.proto", package: "grpc.health.v1",
        messages: [
            ProtoMessage("HealthCheckRequest", [.init("service", 1, .string)]),
            ProtoMessage("HealthCheckResponse",
                [
                    .init("status", 1, .enumeration("HealthCheckResponse.ServingStatus")),
                ],
                enums: [
                    ProtoEnum("ServingStatus", ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]),
                ]),
            ProtoMessage("HealthListRequest"),
            ProtoMessage("HealthListResponse",
                [
                    .init("statuses", 1, .message("HealthListResponse.StatusesEntry"), isRepeated: true),
                ],
                messages: [
                    .mapEntry("StatusesEntry", to: "HealthCheckResponse"),
                ]),
        ],
        services: [
            ProtoService("Health",
                [
                    .init("Check", "HealthCheckRequest", "HealthCheckResponse"),
                    .init("List", "HealthListRequest", "HealthListResponse"),
                    .init("Watch", "HealthCheckRequest", "HealthCheckResponse", serverStreaming: true),
                ]),
        ])
}
