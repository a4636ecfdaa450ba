import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import SystemIO
import TestSupport
import Testing

@Suite("The API server alone")
struct EmbeddedAPIServerTests {
    private static let definition: JSON = [
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": ["name": "widgets.example.com"],
        "spec": [
            "group": "example.com", "scope": "Namespaced",
            "names": ["plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"],
            "versions": [
                [
                    "name": "v1", "served": true, "storage": true,
                    "schema": [
                        "openAPIV3Schema": [
                            "type": "object",
                            "properties": [
                                "spec": [
                                    "type": "object",
                                    "properties": ["size": ["type": "integer", "default": 3]],
                                ]
                            ],
                        ]
                    ],
                ]
            ],
        ],
    ]

    private static let widgets = APIResource(
        group: "example.com", version: "v1", plural: "widgets", kind: "Widget")

    @Test(
        "listens on a port of loopback or on a Unix socket, and serves definitions", arguments: [true, false])
    func serves(onSocket: Bool) async throws {
        let scratch = try TemporaryDirectory()
        let address = onSocket ? SocketAddress.unix(scratch.path + "/api.sock") : .ip("127.0.0.1", port: 0)
        let cluster = try await EmbeddedAPIServer.start(on: address)
        #expect(cluster.address.isLocal)
        try await cluster.install([Self.definition])
        let client = cluster.client()
        let made = try await client.create(
            Self.widgets,
            [
                "apiVersion": "example.com/v1", "kind": "Widget",
                "metadata": ["name": "w", "namespace": "default"], "spec": [:],
            ])
        #expect(made.spec == ["size": 3])
        #expect(try await client.get(Namespace.self, ObjectKey(name: "default")).status.phase == "Active")
        await cluster.stop()
    }

    @Test("has no controllers: a pod stays where it is")
    func noControllers() async throws {
        let cluster = try await EmbeddedAPIServer.start()
        let client = cluster.client()
        try await client.create(
            Pod(
                ObjectMetadata(name: "p", namespace: "default"),
                spec: PodSpec(containers: [Container(name: "c", image: "i")])))
        #expect(
            try await client.get(Pod.self, ObjectKey(namespace: "default", name: "p")).spec.nodeName == nil)
        await cluster.stop()
    }

    @Test("wants its token, lets a test change the options and stand in between")
    func options() async throws {
        let cluster = try await EmbeddedAPIServer.start(configure: { $0.maximumBody = 100 }) {
            request, server in
            if request.path == "/faulty" { return .text(503, "not now") }
            return await server.handle(request)
        }
        let client = HTTPClient(cluster.address)
        #expect(try await client.send(HTTPRequest("GET", "/faulty")).status == 503)
        #expect(try await client.send(HTTPRequest("GET", "/api/v1/pods")).status == 401)
        let large = HTTPRequest("POST", "/api/v1/namespaces", body: [UInt8](repeating: 32, count: 101))
        #expect(try await client.send(large).status == 413)
        await client.close()
        await cluster.stop()
    }
}
