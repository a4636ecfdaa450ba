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
    package static let path = path("v1")
    /// `/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo`
    package static let alphaPath = path("v1alpha")

    private let index: ProtoIndex

    /// A service that knows these files, and its own.
    ///
    /// - Parameter files: each with the files that it imports; of two with one name the first counts.
    package init(files: [ProtoFile]) {
        index = ProtoIndex(files + [Self.file("v1"), Self.file("v1alpha")])
    }

    /// Adds both versions to a server's methods. After all others: those that are there then are listed.
    package func register(in router: inout GRPCRouter) {
        let listed = GRPCServiceList()
        for path in [Self.path, Self.alphaPath] {
            router.bidirectional(path) {
                (
                    requests: GRPCRequestStream<ReflectionRequest>, _,
                    writer: GRPCResponseWriter<ReflectionResponse>
                ) in
                // What went out on this stream is known there and not sent again.
                var sent: Set<String> = []
                for try await request in requests {
                    let answer = try answer(request, listed.names, &sent)
                    try await writer.write(ReflectionResponse(answer, to: request))
                }
            }
        }
        listed.names = router.services
    }

    /// The answer to a question.
    ///
    /// - Throws: INVALID_ARGUMENT for none.
    func answer(
        _ request: ReflectionRequest, _ services: [String], _ sent: inout Set<String>
    ) throws(GRPCStatus) -> ReflectionResponse.Answer {
        switch request.question {
        case .listServices: return .services(services)
        case .fileByName(let name):
            guard index.hasFile(name) else { return notFound("file", name) }
            return .files(index.descriptors(name, sent: &sent))
        case .fileContainingSymbol(let symbol):
            guard let name = index.file(defining: symbol) else { return notFound("symbol", symbol) }
            return .files(index.descriptors(name, sent: &sent))
        case .fileContainingExtension(let type, let number):
            return notFound("extension", "\(number) of \(type)")
        case .allExtensionNumbers(let type):
            guard index.hasMessage(type) else { return notFound("message", type) }
            return .extensionNumbers(type: type)
        case nil: throw GRPCStatus(.invalidArgument, "the request asks nothing that is known here")
        }
    }

    private func notFound(_ kind: String, _ name: String) -> ReflectionResponse.Answer {
        .error(code: Int32(GRPCStatus.Code.notFound.rawValue), message: "\(kind) not found: \(name)")
    }

    private static func path(_ version: String) -> String {
        "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo"
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
