// What grpc/health/v1/health.proto says.

extension HealthService {
    /// The file, for reflection.
    package static let file: ProtoFile = {
        let package = ".grpc.health.v1"
        return ProtoFile(
            "grpc/health/v1/health.proto", package: "grpc.health.v1",
            messages: [
                ProtoMessage("HealthCheckRequest", [.init("service", 1, .string)]),
                ProtoMessage(
                    "HealthCheckResponse",
                    [.init("status", 1, .enumeration("\(package).HealthCheckResponse.ServingStatus"))],
                    enums: [
                        ProtoEnum("ServingStatus", ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"])
                    ]),
                ProtoMessage("HealthListRequest"),
                ProtoMessage(
                    "HealthListResponse",
                    [
                        .init(
                            "statuses", 1, .message("\(package).HealthListResponse.StatusesEntry"),
                            isRepeated: true)
                    ], messages: [.mapEntry("StatusesEntry", to: "\(package).HealthCheckResponse")]),
            ],
            services: [
                ProtoService(
                    "Health",
                    [
                        .init("Check", "\(package).HealthCheckRequest", "\(package).HealthCheckResponse"),
                        .init("List", "\(package).HealthListRequest", "\(package).HealthListResponse"),
                        .init(
                            "Watch", "\(package).HealthCheckRequest", "\(package).HealthCheckResponse",
                            serverStreaming: true),
                    ])
            ])
    }()
}
