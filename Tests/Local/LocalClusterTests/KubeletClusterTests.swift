import Glibc
import HTTP
import JSON
import KubernetesAPI
import LocalAPIServer
import LocalTestSupport
import Observability
import SystemIO
import TestSupport
import Testing

@testable import LocalCluster
@testable import LocalKubelet

@Suite("Who has a pod's log")
struct LogSourceTests {
    @Test("is the kubelet whose socket the node names, if it is a socket of a kubelet of this user")
    func socket() async throws {
        let root = Scratch.path()
        try Files.makeDirectory(root)
        func client(_ path: String?) -> KubeletLogClient? {
            var node = Node(ObjectMetadata(name: "n"))
            if let path { node.metadata.annotations["local.ganglion.dev/kubelet-socket"] = path }
            return KubeletLogClient(node)
        }
        #expect(client(nil) == nil)
        #expect(client(root + "/kubelet-api.sock") == nil, "nothing is there")
        try Files.write(root + "/kubelet-api.sock", [])
        #expect(client(root + "/kubelet-api.sock") == nil, "a file is there")
        try Files.remove(root + "/kubelet-api.sock")
        let listener = try Listener(.unix(root + "/kubelet-api.sock")) { _ in }
        let other = try Listener(.unix(root + "/docker.sock")) { _ in }
        try await listener.start()
        try await other.start()
        #expect(client(root + "/kubelet-api.sock") != nil)
        #expect(client(root + "/docker.sock") == nil)
        if geteuid() == 0 {
            try #require(chown(root + "/kubelet-api.sock", 12_345, 12_345) == 0)
            #expect(client(root + "/kubelet-api.sock") == nil)
        }
        await listener.close()
        await other.close()
        try Files.removeTree(root)
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
        var options = KubeletOptions(
            root: scratch.path, nodeName: "local", images: ImageTable(directory: "/none"),
            program: try #require(ganglionProgram))
        options.network = 11
        options.supervisor = getpid()
        let kubelet = Kubelet(
            options, client: server.cluster.client(program: "kubelet"), log: .silent)
        let running = try await kubelet.start()
        let nodes = InProcessClient(server.server, program: "kube-apiserver")
        await server.server.setLogSource { node, request in
            await KubeletLogClient.answer(request, on: node, of: nodes, loop: .shared)
        }

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
        let log = try await server.send("GET", pods + "/web/log")
        #expect(log.status == 200)

        // A pod of a node that has no kubelet has no log either.
        _ = try await server.send(
            "POST", pods,
            [
                "metadata": ["name": "lost"],
                "spec": ["nodeName": "other", "containers": [["name": "c", "image": "i"]]],
            ])
        #expect(try await server.send("GET", pods + "/lost/log").status == 500)

        // Followed from before the deletion: the pod may be gone before a later watch begins.
        let version = try #require(ready.metadata?.resourceVersion?.string)
        var changes = try await server.watch(
            "\(pods)?watch=true&resourceVersion=\(version)&fieldSelector=metadata.name%3Dweb&timeoutSeconds=20"
        )
        _ = try await server.send("DELETE", pods + "/web")
        var isMarked = false
        while let event = try await changes.next(), event["type"]?.string != "DELETED" {
            isMarked = isMarked || event["object"]?.metadata?.deletionTimestamp?.string != nil
        }
        #expect(isMarked)
        await changes.close()
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
