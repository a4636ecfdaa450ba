import CEL
import HTTP
import JSON
import LocalTestSupport
import SystemIO
import Testing

@testable import LocalControllers

private let pods = "/api/v1/namespaces/default/pods"

@Suite("The controllers together")
struct ControllersTests {
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

    private let node: JSON = [
        "metadata": ["name": "n1"],
        "status": [
            "allocatable": ["cpu": "2", "pods": "10"],
            "conditions": [["type": "Ready", "status": "True", "lastHeartbeatTime": "2999-01-01T00:00:00Z"]],
        ],
    ]

    @Test("a pod is scheduled, and a service leads to it")
    func services() async throws {
        let live = try await LiveServer.start()
        let controllers = Controllers(server: live.server)
        await controllers.start()
        let backend = HTTPServer { .text(200, "answer to \($0.path)") }
        let address = try await backend.listen(on: .ip("127.0.0.1", port: 0))
        guard case .ip(_, let port) = address else { return }
        try await live.send("POST", "/api/v1/nodes", node)
        try await live.send("POST", pods, pod("web", labels: ["app": "web"]))
        let bound = try await live.wait(pods, name: "web") { $0.spec?.nodeName?.string == "n1" }
        #expect(bound.status?.conditions?[0]?.status == "True")
        try await live.send(
            "PATCH", pods + "/web/status",
            [
                "status": [
                    "phase": "Running", "podIP": "127.0.0.1",
                    "conditions": [["type": "Ready", "status": "True"]],
                ]
            ], type: "application/strategic-merge-patch+json")
        let service = try await live.send(
            "POST", "/api/v1/namespaces/default/services",
            [
                "metadata": ["name": "web"],
                "spec": [
                    "selector": ["app": "web"], "ports": [["port": 18_080, "targetPort": JSON(Int(port))]],
                ],
            ]
        ).body
        let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
        let slice = try await live.wait(slices, name: "web-local") {
            $0.endpoints?[0]?.conditions?.ready == true
        }
        #expect(slice.endpoints?[0]?.addresses == ["127.0.0.1"])
        let front = service.spec?.clusterIP?.string ?? ""
        #expect(front.hasPrefix("127.96."))
        let client = HTTPClient(.ip(front, port: 18_080))
        var answer: HTTPResponse?
        while answer == nil {
            answer = try? await client.send(HTTPRequest("GET", "/through"), timeout: .seconds(2))
        }
        #expect(answer.map { String(decoding: $0.bytes, as: UTF8.self) } == "answer to /through")
        await client.close()
        await controllers.stop()
        await live.stop()
        await backend.shutdown(grace: .zero)
    }

    @Test("a node whose kubelet is silent becomes unknown")
    func lostNode() async throws {
        let live = try await LiveServer.start()
        let controllers = Controllers(server: live.server)
        await controllers.start()
        var silent = node
        silent.status?.conditions = [
            ["type": "Ready", "status": "True", "lastHeartbeatTime": "2020-01-01T00:00:00Z"]
        ]
        try await live.send("POST", "/api/v1/nodes", silent)
        try await live.send(
            "PATCH", "/api/v1/nodes/n1/status", ["status": ["phase": "Running"]],
            type: "application/merge-patch+json")
        // The creation counts as a sign of life as well, so the clock is asked as if 41 s had passed.
        await NodeLifecycle(server: live.server).reconcile(now: APITime.now.adding(seconds: 41))
        let lost = try await live.send("GET", "/api/v1/nodes/n1").body
        let ready = lost.status?.conditions?.array?.first { $0.type == "Ready" }
        #expect(ready?.status == "Unknown")
        #expect(ready?.reason == "NodeStatusUnknown")
        await controllers.stop()
        await live.stop()
    }
}
