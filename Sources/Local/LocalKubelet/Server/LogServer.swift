// The kubelet's own small API, for the API server's pods/log: on a Unix socket in its root, which only its
// user can open.

internal import Glibc
package import HTTP
internal import HTTP1
package import KubernetesAPI
package import SystemIO

/// Serves `GET /containerLogs/{namespace}/{pod}/{container}`.
struct LogServer: Sendable {
    /// The socket's name in the kubelet's root.
    static let socketName = "kubelet-api.sock"
    /// The annotation of a Node that says where its kubelet's socket is, as `status.daemonEndpoints` does elsewhere.
    static let annotation = "local.ganglion.dev/kubelet-socket"

    /// Where the socket of a kubelet is.
    static func socket(root: String) -> String { root + "/" + socketName }

    private let server: HTTPServer

    /// Listens on `ROOT/kubelet-api.sock`.
    init(root: String, pods: PodManager, loop: EventLoop) async throws(SystemError) {
        server = HTTPServer(loop: loop) { request in await Self.answer(request, pods) }
        _ = try await server.listen(on: .unix(Self.socket(root: root)))
    }

    func shutdown() async { await server.shutdown(grace: .zero) }

    private static func answer(_ request: HTTPRequest, _ pods: PodManager) async -> HTTPResponse {
        let segments = request.segments
        guard request.method == "GET", segments.count == 4, segments[0] == "containerLogs" else {
            return .text(404, "404 page not found\n")
        }
        let (namespace, pod, container) = (segments[1], segments[2], segments[3])
        let previous = request.query("previous") == "true"
        switch await pods.log(namespace, pod, container, previous: previous) {
        case .noPod: return .text(404, "pod \"\(pod)\" not found in namespace \"\(namespace)\"\n")
        case .noContainer: return .text(400, "container \(container) is not valid for pod \(pod)\n")
        case .notStarted:
            return .text(400, "container \"\(container)\" in pod \"\(pod)\" is waiting to start\n")
        case .noPrevious:
            return .text(
                400, "previous terminated container \"\(container)\" in pod \"\(pod)\" not found\n")
        case .file(let directory):
            let lines = request.query("tailLines").flatMap { Int($0) }
            let limit = request.query("limitBytes").flatMap { Int($0) }
            let follow = request.query("follow") == "true"
            var headers = HTTPHeaders()
            headers["content-type"] = "text/plain"
            return HTTPResponse(
                200, headers: headers,
                body: .stream { writer in
                    try await ContainerLog.send(
                        directory: directory, tailLines: lines, limit: limit, follow: follow
                    ) { bytes in try await writer.write(bytes) }
                })
        }
    }
}

/// Reads logs from a kubelet of this machine; for the API server.
package struct KubeletLogClient: Sendable {
    private let client: HTTPClient

    /// - Parameter root: the kubelet's root directory.
    package init(root: String, loop: EventLoop = .shared) {
        client = HTTPClient(.unix(LogServer.socket(root: root)), host: "kubelet", loop: loop)
    }

    /// A client of the kubelet of a node.
    ///
    /// - Returns: nil where the node does not say where its kubelet is, or what is there belongs to another user than this
    ///   process: whoever may write a Node must not lead the API server elsewhere.
    package init?(_ node: Node, loop: EventLoop = .shared) {
        guard let path = node.metadata.annotations[LogServer.annotation],
            path.hasSuffix("/" + LogServer.socketName), Files.kind(path) == .socket,
            Files.owner(path) == geteuid()
        else { return nil }
        client = HTTPClient(.unix(path), host: "kubelet", loop: loop)
    }

    /// Asks for a container's log.
    ///
    /// - Parameter query: the query of the pods/log request as it came, without `?`: `follow=true&tailLines=10`;
    ///   `follow`, `tailLines`, `limitBytes` and `previous` are known, others are ignored.
    /// - Returns: status 200 and the log piece by piece, or 4xx and a sentence.
    /// - Throws: `HTTPError` where no kubelet answers.
    package func logs(
        namespace: String, pod: String, container: String, query: String = ""
    ) async throws(HTTPError) -> HTTPClient.Stream {
        let path = "/containerLogs/\(namespace)/\(pod)/\(container)"
        return try await client.stream(HTTPRequest("GET", query.isEmpty ? path : path + "?" + query))
    }
}
