import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalTestSupport
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("The kubelet's log server")
struct LogServerTests {
    private let scratch: TemporaryDirectory
    private let server: LogServer
    private let client: KubeletLogClient

    /// A kubelet with the pod `web`, whose container `main` has run twice.
    init() async throws {
        scratch = try TemporaryDirectory()
        let directory = PodDirectory(root: scratch.path, uid: "uid-web")
        try directory.write(
            PodDirectory.Record(
                uid: "uid-web", namespace: "default", name: "web", ip: "127.88.0.1", startTime: .now))
        for (attempt, text) in ["first\n", "a\nb\nc\n"].enumerated() {
            try Files.makeDirectory(directory.run("main", attempt), mode: 0o700)
            try Files.write(directory.log("main", attempt), Array(text.utf8))
            try ExitRecord(code: 0, finishedAt: 0).write(in: directory.run("main", attempt))
        }
        let cluster = ScriptedCluster()
        let services = KubeletServices(
            root: scratch.path, nodeName: "local", loop: .shared, images: ImageTable(directory: "/none"),
            shim: ShimCommand(path: "/none", environment: [:]), devices: NoDevices(), cluster: cluster,
            actions: ScriptedActions(), events: CoreEventRecorder(cluster, component: "kubelet"),
            timings: KubeletTimings(), baseEnvironment: [:])
        let room = NodeRoom(cpu: 1000, memory: 1 << 30, pods: 110, labels: [:])
        server = try await LogServer(
            root: scratch.path, pods: PodManager(services: services, room: room, network: 1), loop: .shared)
        client = KubeletLogClient(root: scratch.path)
    }

    private func log(
        _ pod: String = "web", _ container: String = "main", _ query: String = ""
    ) async throws -> (status: Int, text: String) {
        let stream = try await client.logs(namespace: "default", pod: pod, container: container, query: query)
        var octets: [UInt8] = []
        for try await chunk in stream { octets += chunk }
        return (stream.status, String(decoding: octets, as: UTF8.self))
    }

    @Test(
        "sends the last run's log, or a part of it, or the run's before",
        arguments: [
            ("", "a\nb\nc\n"), ("tailLines=2", "b\nc\n"), ("tailLines=0", ""), ("limitBytes=3", "a\nb"),
            ("tailLines=1&limitBytes=1", "c"), ("previous=true", "first\n"), ("follow=true", "a\nb\nc\n"),
            ("unknown=1", "a\nb\nc\n"),
        ])
    func parts(query: String, text: String) async throws {
        let answer = try await log("web", "main", query)
        #expect(answer.status == 200)
        #expect(answer.text == text)
        await server.shutdown()
    }

    @Test("says what is not there")
    func absent() async throws {
        var answer = try await log("nope")
        #expect(answer.status == 404)
        #expect(answer.text == "pod \"nope\" not found in namespace \"default\"\n")
        answer = try await log("web", "nope")
        #expect(answer.status == 400)
        #expect(answer.text == "container nope is not valid for pod web\n")
        try Files.removeTree(PodDirectory(root: scratch.path, uid: "uid-web").run("main", 0))
        answer = try await log("web", "main", "previous=true")
        #expect(answer.status == 400)
        #expect(answer.text == "previous terminated container \"main\" in pod \"web\" not found\n")
        await server.shutdown()
    }

    @Test("knows one path and one method")
    func paths() async throws {
        let http = HTTPClient(.unix(scratch.path + "/" + LogServer.socketName), host: "kubelet")
        for request in [
            HTTPRequest("GET", "/"), HTTPRequest("GET", "/containerLogs/default/web"),
            HTTPRequest("POST", "/containerLogs/default/web/main"),
        ] {
            #expect(try await http.send(request).status == 404)
        }
        await http.close()
        await server.shutdown()
    }
}
