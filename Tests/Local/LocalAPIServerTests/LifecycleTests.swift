import HTTP
import HTTP1
import JSON
import LocalTestSupport
import SystemIO
import Testing

@testable import LocalAPIServer

private let pods = "/api/v1/namespaces/default/pods"
private let configMaps = "/api/v1/namespaces/default/configmaps"

@Suite("Lives of objects")
struct LifecycleTests {
    private func pod(_ name: String, labels: [String: String] = [:]) -> JSON {
        [
            "metadata": ["name": .string(name), "labels": JSON(labels)],
            "spec": [
                "containers": [
                    ["name": "a", "image": "i", "ports": [["containerPort": 8_080, "name": "http"]]]
                ]
            ],
        ]
    }

    @Test("a bound pod waits for its kubelet, which deletes it with grace 0")
    func grace() async throws {
        let live = try await LiveServer.start()
        try await live.send("POST", pods, pod("p"))
        try await live.send(
            "POST", pods + "/p/binding",
            ["metadata": ["name": "p"], "target": ["kind": "Node", "name": "n1"]])
        let marked = try await live.send("DELETE", pods + "/p").body
        #expect(marked.metadata?.deletionGracePeriodSeconds == 30)
        #expect(marked.metadata?.generation == 2)
        #expect(try await live.send("GET", pods + "/p").status == 200)
        #expect(try await live.send("DELETE", pods + "/p", ["gracePeriodSeconds": 0]).status == 200)
        #expect(try await live.send("GET", pods + "/p").status == 404)
        await live.stop()
    }

    @Test("an object with a finalizer goes when the finalizer does")
    func finalizers() async throws {
        let live = try await LiveServer.start()
        try await live.send(
            "POST", configMaps, ["metadata": ["name": "c", "finalizers": ["example.com/hold"]]])
        #expect(
            try await live.send("DELETE", configMaps + "/c").body.metadata?.deletionTimestamp?.string != nil)
        #expect(try await live.send("GET", configMaps + "/c").status == 200)
        try await live.send(
            "PATCH", configMaps + "/c", ["metadata": ["finalizers": .null]],
            type: "application/merge-patch+json")
        #expect(try await live.send("GET", configMaps + "/c").status == 404)
        await live.stop()
    }

    @Test("dependents go with their last owner", arguments: ["Background", "Foreground"])
    func owners(policy: String) async throws {
        let live = try await LiveServer.start()
        func owner(_ name: String) async throws -> JSON {
            let made = try await live.send("POST", configMaps, ["metadata": ["name": .string(name)]]).body
            return [
                "apiVersion": "v1", "kind": "ConfigMap", "name": .string(name),
                "uid": made.metadata?.uid ?? "",
            ]
        }
        let first = try await owner("first")
        let second = try await owner("second")
        try await live.send("POST", configMaps, ["metadata": ["name": "one", "ownerReferences": [first]]])
        try await live.send(
            "POST", configMaps, ["metadata": ["name": "both", "ownerReferences": [first, second]]])
        try await live.send("DELETE", "\(configMaps)/first?propagationPolicy=\(policy)")
        #expect(try await live.send("GET", configMaps + "/one").status == 404)
        #expect(try await live.send("GET", configMaps + "/both").status == 200)
        try await live.send("DELETE", configMaps + "/second")
        #expect(try await live.send("GET", configMaps + "/both").status == 404)
        await live.stop()
    }

    @Test("orphans keep living")
    func orphans() async throws {
        let live = try await LiveServer.start()
        let owner = try await live.send("POST", configMaps, ["metadata": ["name": "o"]]).body
        let reference: JSON = [
            "apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": owner.metadata?.uid ?? "",
        ]
        try await live.send("POST", configMaps, ["metadata": ["name": "d", "ownerReferences": [reference]]])
        try await live.send("DELETE", configMaps + "/o", ["propagationPolicy": "Orphan"])
        let left = try await live.send("GET", configMaps + "/d")
        #expect(left.status == 200)
        #expect(left.body.metadata?.ownerReferences == nil)
        await live.stop()
    }

    @Test("a namespace goes with what is in it")
    func namespaces() async throws {
        let live = try await LiveServer.start()
        try await live.send("POST", "/api/v1/namespaces", ["metadata": ["name": "team"]])
        try await live.send("POST", "/api/v1/namespaces/team/configmaps", ["metadata": ["name": "c"]])
        #expect(try await live.send("DELETE", "/api/v1/namespaces/team").status == 200)
        #expect(try await live.send("GET", "/api/v1/namespaces/team").status == 404)
        #expect(try await live.send("GET", "/api/v1/configmaps").body.items?.array == [])
        let refused = try await live.send(
            "POST", "/api/v1/namespaces/team/configmaps", ["metadata": ["name": "c"]])
        #expect(refused.body.message == "namespaces \"team\" not found")
        await live.stop()
    }

    @Test("requests need a token and this machine's name")
    func access() async throws {
        let server = APIServer(
            options: APIServerOptions(tokens: ["right": APIUser("admin", groups: ["system:masters"])]))
        func status(_ host: String, _ authorization: String?, _ path: String = "/api/v1/pods") async -> Int {
            var headers: HTTPHeaders = ["host": host]
            headers["authorization"] = authorization
            return await server.handle(HTTPRequest("GET", path, headers: headers)).status
        }
        #expect(await status("localhost:6443", "Bearer right") == 200)
        #expect(await status("127.0.0.1:6443", "Bearer right") == 200)
        #expect(await status("[::1]:6443", "Bearer right") == 200)
        #expect(await status("127.0.0.1", "Bearer wrong") == 401)
        #expect(await status("127.0.0.1", "Bearer ") == 401)
        #expect(await status("127.0.0.1", nil) == 401)
        #expect(await status("127.0.0.1", nil, "/readyz") == 200)
        #expect(await status("evil.example", "Bearer right") == 421)
        #expect(await status("127.0.0.1.evil.example", "Bearer right") == 421)
    }

    @Test("a body beyond the limit is refused")
    func bodies() async throws {
        var options = APIServerOptions(tokens: [:])
        options.requiresToken = false
        options.maximumBody = 100
        let server = APIServer(options: options)
        let body = [UInt8](repeating: 32, count: 101)
        let response = await server.handle(
            HTTPRequest("POST", configMaps, headers: ["host": "localhost"], body: body))
        #expect(response.status == 413)
    }
}
