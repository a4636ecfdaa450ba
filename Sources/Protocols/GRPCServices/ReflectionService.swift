// Server reflection (doc/server-reflection.md): grpcurl, grpc_cli and the like ask a server which services it has and
// what their messages look like.

package import GRPC
internal import Protobuf
internal import SystemIO

/// Tells clients what a server serves, as grpc.reflection.v1 and as v1alpha, which many tools still ask.
///
///     ReflectionService(files: [HealthService.file]).register(in: &router)
package struct ReflectionService: Sendable {
    /// `/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`
    package static let path = ReflectionAPI.Method.serverReflectionInfo
    /// `/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo`
    package static let alphaPath = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"

    /// The file of v1alpha: the same as that of v1 but for its name and package.
    static let alphaFile: ProtoFile = {
        var file = ProtoFile.reflection
        file.name = "grpc/reflection/v1alpha/reflection.proto"
        file.package = "grpc.reflection.v1alpha"
        return file
    }()

    private let index: ProtoIndex

    /// A service that knows these files, and its own.
    ///
    /// - Parameter files: each with the files that it imports; of two with one name the first counts.
    package init(files: [ProtoFile]) {
        index = ProtoIndex(files + [.reflection, Self.alphaFile])
    }

    /// Adds both versions to a server's methods. After all others: those that are there then are listed.
    package func register(in router: inout GRPCRouter) {
        let listed = GRPCServiceList()
        for path in [Self.path, Self.alphaPath] {
            router.bidirectional(path) {
                (
                    requests: GRPCRequestStream<ReflectionAPI.ServerReflectionRequest>, _,
                    writer: GRPCResponseWriter<ReflectionAPI.ServerReflectionResponse>
                ) in
                // What went out on this stream is known there and not sent again.
                var sent: Set<String> = []
                for try await request in requests {
                    let answer = try answer(request, listed.names, &sent)
                    try await writer.write(
                        .init(validHost: request.host, originalRequest: request, messageResponse: answer))
                }
            }
        }
        listed.names = router.services
    }

    /// The answer to a question.
    ///
    /// - Throws: INVALID_ARGUMENT for none.
    func answer(
        _ request: ReflectionAPI.ServerReflectionRequest, _ services: [String], _ sent: inout Set<String>
    ) throws(GRPCStatus) -> ReflectionAPI.ServerReflectionResponse.MessageResponse {
        switch request.messageRequest {
        case .listServices:
            return .listServicesResponse(.init(service: services.map { .init(name: $0) }))
        case .fileByFilename(let name):
            guard index.hasFile(name) else { return notFound("file", name) }
            return files(name, &sent)
        case .fileContainingSymbol(let symbol):
            guard let name = index.file(defining: symbol) else { return notFound("symbol", symbol) }
            return files(name, &sent)
        case .fileContainingExtension(let request):
            return notFound("extension", "\(request.extensionNumber) of \(request.containingType)")
        case .allExtensionNumbersOfType(let type):
            guard index.hasMessage(type) else { return notFound("message", type) }
            return .allExtensionNumbersResponse(.init(baseTypeName: type))
        case nil: throw GRPCStatus(.invalidArgument, "the request asks nothing that is known here")
        }
    }

    private func files(
        _ name: String, _ sent: inout Set<String>
    ) -> ReflectionAPI.ServerReflectionResponse.MessageResponse {
        .fileDescriptorResponse(.init(fileDescriptorProto: index.descriptors(name, sent: &sent)))
    }

    private func notFound(
        _ kind: String, _ name: String
    ) -> ReflectionAPI.ServerReflectionResponse.MessageResponse {
        .errorResponse(
            .init(
                errorCode: Int32(GRPCStatus.Code.notFound.rawValue),
                errorMessage: "\(kind) not found: \(name)"))
    }
}

/// The services of a router, once all of them are there.
private final class GRPCServiceList: Sendable {
    private let list = Lock<[String]>([])

    var names: [String] {
        get { list.withLock { $0 } }
        set { list.withLock { $0 = newValue } }
    }
}
