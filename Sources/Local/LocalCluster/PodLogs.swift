// The API server's pods/log, answered by the kubelet of this machine.

package import HTTP
internal import HTTP1
internal import KubernetesAPI
package import LocalAPIServer
package import LocalKubelet
internal import SystemIO

extension KubeletLogClient {
    /// Answers a request for a log of a pod on a node, by that node's kubelet.
    static func answer(
        _ request: PodLogRequest, on node: String, of cluster: some ClusterAPI, loop: EventLoop
    ) async -> HTTPResponse {
        guard let object = try? await cluster.get(Node.self, ObjectKey(name: node)) else {
            return .text(500, "there is no node \(node)\n")
        }
        guard let client = KubeletLogClient(object, loop: loop) else {
            return .text(500, "the kubelet of node \(node) cannot be reached: is it running?\n")
        }
        return await client.answer(request)
    }

    /// Answers the API server's request for a log; 500 with a sentence where no kubelet answers.
    package func answer(_ request: PodLogRequest) async -> HTTPResponse {
        var query = "follow=\(request.follow)&previous=\(request.previous)"
        if let lines = request.tailLines { query += "&tailLines=\(lines)" }
        if let octets = request.limitBytes { query += "&limitBytes=\(octets)" }
        do throws(HTTPError) {
            let stream = try await logs(
                namespace: request.namespace, pod: request.pod, container: request.container, query: query)
            var headers = HTTPHeaders()
            headers["content-type"] = "text/plain"
            return HTTPResponse(
                stream.status, headers: headers,
                body: .stream { writer in for try await chunk in stream { try await writer.write(chunk) } })
        } catch {
            return .text(500, "the kubelet does not answer: \(error)\n")
        }
    }
}
