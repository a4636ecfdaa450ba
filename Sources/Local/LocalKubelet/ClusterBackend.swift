// The real API server behind the kubelet's few words for it.

internal import JSON
internal import KubernetesAPI
package import KubernetesClient
package import Observability
package import SystemIO

extension Kubelet {
    /// A kubelet of the API server that `client` talks to.
    package init(
        _ options: KubeletOptions, client: KubernetesClient, log: Logger, loop: EventLoop = .shared
    ) {
        self.init(options, backend: ClusterBackend(client: client, loop: loop), log: log, loop: loop)
    }
}

/// Uses a `KubernetesClient`.
struct ClusterBackend: KubeletBackend {
    let client: KubernetesClient
    let loop: EventLoop

    func podChanges(node: String) -> AsyncStream<PodChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: PodChange.self)
        let informer = Informer<JSON>(client, .pods, fieldSelector: "spec.nodeName=" + node, loop: loop)
        let task = Task {
            await informer.start()
            await informer.store.synced()
            // Taken before the list, so that no change falls between the two; what is in both is told twice.
            let changes = informer.store.changes()
            continuation.yield(.snapshot(informer.store.list()))
            for await batch in changes {
                for change in batch {
                    switch change {
                    case .added(let pod), .modified(_, let pod): continuation.yield(.changed(pod))
                    case .deleted(let pod): continuation.yield(.removed(pod))
                    }
                }
            }
        }
        continuation.onTermination = { _ in
            task.cancel()
            Task { await informer.stop() }
        }
        return stream
    }

    func get(_ path: String) async throws(BackendError) -> JSON { try await send("GET", path) }

    func create(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        try await send("POST", path, object)
    }

    func replace(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        try await send("PUT", path, object)
    }

    func patch(_ path: String, _ patch: JSON, _ kind: PatchKind) async throws(BackendError) -> JSON {
        try await send("PATCH", path, patch, contentType: kind.rawValue)
    }

    func delete(_ path: String, options: JSON) async throws(BackendError) {
        _ = try await send("DELETE", path, options)
    }

    private func send(
        _ method: String, _ path: String, _ body: JSON? = nil, contentType: String = "application/json"
    ) async throws(BackendError) -> JSON {
        do throws(KubernetesError) {
            return try await client.request(method, path, body: body, contentType: contentType)
        } catch {
            throw BackendError(status: error.code, description: error.description)
        }
    }
}
