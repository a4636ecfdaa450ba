import Glibc
import HTTP
import JSON
import Observability
import SystemIO
import TestSupport
import Testing

@testable import LocalCluster

/// The embedded API server behind the kubelet, over real HTTP.
private struct LiveBackend: KubeletBackend {
    let server: LiveServer

    func podChanges(node: String) -> AsyncStream<PodChange> {
        let (stream, continuation) = AsyncStream.makeStream(of: PodChange.self)
        let selector = "fieldSelector=spec.nodeName%3D" + node
        let task = Task {
            let list = try await server.send("GET", "/api/v1/pods?" + selector).body
            continuation.yield(.snapshot(list.items?.array ?? []))
            let version = list.metadata?.resourceVersion?.string ?? ""
            var lines = try await server.watch(
                "/api/v1/pods?watch=true&\(selector)&resourceVersion=\(version)")
            while let event = try await lines.next(), let object = event["object"] {
                continuation.yield(event.type == "DELETED" ? .removed(object) : .changed(object))
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    func get(_ path: String) async throws(BackendError) -> JSON { try await send("GET", path, nil) }
    func create(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        try await send("POST", path, object)
    }
    func replace(_ path: String, _ object: JSON) async throws(BackendError) -> JSON {
        try await send("PUT", path, object)
    }
    func patch(_ path: String, _ patch: JSON, _ kind: PatchKind) async throws(BackendError) -> JSON {
        try await send("PATCH", path, patch, kind.rawValue)
    }
    func delete(_ path: String, options: JSON) async throws(BackendError) {
        _ = try await send("DELETE", path, options)
    }

    private func send(
        _ method: String, _ path: String, _ body: JSON?, _ type: String = "application/json"
    ) async throws(BackendError) -> JSON {
        let answer: (status: Int, body: JSON)
        do { answer = try await server.send(method, path, body, type: type) } catch {
            throw BackendError(status: nil, description: "\(error)")
        }
        guard answer.status < 300 else {
            throw BackendError(status: answer.status, description: answer.body.message?.string ?? "")
        }
        return answer.body
    }
}

@Suite(
    "The kubelet and the embedded API server",
    .enabled(if: ganglionProgram != nil, "the ganglion program was not built"))
struct KubeletClusterTests {
    @Test(
        "a node registers, a pod bound to it runs, tells its log and its events, and goes when it is deleted")
    func life() async throws {
        let scratch = try TemporaryDirectory()
        let server = try await LiveServer.start()
        var options = LocalKubeletOptions(
            root: scratch.path, nodeName: "local", images: ImageTable(directory: "/none"),
            program: try #require(ganglionProgram))
        options.network = 11
        options.supervisor = getpid()
        let kubelet = LocalKubelet(
            options, backend: LiveBackend(server: server), log: .silent, loop: .shared)
        let running = try await kubelet.start()
        let logs = KubeletLogClient(root: scratch.path)
        await server.server.setLogSource { _, request in await logs.answer(request) }

        let node = try await server.wait("/api/v1/nodes", name: "local") { object in
            object.status?.conditions?.array?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
        }
        #expect(node.metadata?.labels?["kubernetes.io/hostname"] == "local")

        let pods = "/api/v1/namespaces/default/pods"
        let created = try await server.send(
            "POST", pods,
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "web"],
                "spec": [
                    "nodeName": "local", "terminationGracePeriodSeconds": 1,
                    "containers": [
                        [
                            "name": "main", "image": "ganglion.dev/shell:1",
                            "args": ["-c", "echo hello from $HOSTNAME; exec sleep 1000"],
                        ]
                    ],
                ],
            ])
        #expect(created.status == 201)
        let ready = try await server.wait(pods, name: "web") { object in
            object.status?.conditions?.array?.contains { $0.type == "Ready" && $0.status == "True" } ?? false
        }
        #expect(ready.status?.phase == "Running")
        #expect(ready.status?.podIP == "127.88.11.1")

        // The log is there before the pod is deleted; it may take the program a moment to write it.
        let log = await logs.answer(
            PodLogRequest(
                namespace: "default", pod: "web", uid: "", container: "main", follow: false, previous: false,
                timestamps: false))
        #expect(log.status == 200)

        _ = try await server.send("DELETE", pods + "/web")
        let last = try await server.wait(pods, name: "web") { $0.status?.phase?.string != "Running" }
        #expect(last.metadata?.deletionTimestamp?.string != nil)
        let events = try await server.send("GET", "/api/v1/namespaces/default/events").body
        let reasons = Set((events.items?.array ?? []).compactMap { $0.reason?.string })
        #expect(reasons.isSuperset(of: ["Pulled", "Created", "Started"]))
        let lease = try await server.send(
            "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/local")
        #expect(lease.body.spec?.holderIdentity == "local")
        await running.stop()
        await server.stop()
    }
}
