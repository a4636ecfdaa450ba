// Real informers as sources: which keys a change of an object brings.

import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import SystemIO
import Testing

@testable import Controller

/// Answers each watch with events that a test wrote down, and keeps it open.
private struct WatchServer {
    let client: KubernetesClient
    private let server: HTTPServer

    /// - Parameter objects: by the resource's plural.
    static func start(_ objects: [String: [JSON]]) async throws -> WatchServer {
        let server = HTTPServer { request in
            let plural = String(request.path.split(separator: "/").last ?? "")
            let lines =
                (objects[plural] ?? []).map { event("ADDED", $0) } + [
                    event(
                        "BOOKMARK",
                        [
                            "metadata": [
                                "resourceVersion": "9",
                                "annotations": ["k8s.io/initial-events-end": "true"],
                            ]
                        ])
                ]
            return HTTPResponse(
                200,
                body: .stream { writer in
                    for line in lines { try await writer.write(line) }
                    try await Task.sleep(for: .seconds(3600))
                })
        }
        let address = try await server.listen(on: .ip("127.0.0.1", port: 0))
        let client = KubernetesClient(
            configuration: ClientConfiguration(server: try ServerAddress("http://\(address)")),
            address: address, security: nil)
        return WatchServer(client: client, server: server)
    }

    private static func event(_ type: String, _ object: JSON) -> String {
        (["type": .string(type), "object": object] as JSON).text() + "\n"
    }

    func stop() async { await server.shutdown(grace: .zero) }
}

@Suite("Informers as sources of keys", .timeLimit(.minutes(5)))
struct InformerSourceTests {
    private static let sets = APIResource(
        group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet")

    private static func object(_ name: String, in namespace: String = "n", owner: OwnerReference? = nil)
        -> JSON
    {
        var metadata: JSON = [
            "name": .string(name), "namespace": .string(namespace), "uid": .string("u-\(name)"),
            "resourceVersion": "1",
        ]
        if let owner { metadata["ownerReferences"] = [owner.json] }
        return ["metadata": metadata]
    }

    private static func owner(
        _ name: String, apiVersion: String = "apps/v1", kind: String = "ReplicaSet", controller: Bool = true
    ) -> OwnerReference {
        OwnerReference(
            apiVersion: apiVersion, kind: kind, name: name, uid: "u-\(name)", controller: controller)
    }

    @Test(
        "for brings the objects, owns who controls them, watches what it is mapped to, each once it is known")
    func sources() async throws {
        let server = try await WatchServer.start([
            "replicasets": [Self.object("web"), Self.object("db", in: "m"), Self.object("skipped")],
            "pods": [
                Self.object("web-1", owner: Self.owner("web")), Self.object("alone"),
                Self.object("other", owner: Self.owner("old")),
            ],
            "nodes": [Self.object("a", in: "")],
        ])
        let sets = Informer<JSON>(server.client, Self.sets)
        let pods = Informer<JSON>(server.client, .pods)
        let nodes = Informer<JSON>(server.client, .nodes)
        let calls = Record()
        let controller = Controller<ObjectKey>(named: "test") { key in
            // Whatever is looked at, everything is known.
            calls.add("\(key) of \(sets.store.list().count), \(pods.store.list().count) pods")
            return .done
        }
        .for(sets) { $0.key.name != "skipped" }
        .owns(pods, by: Self.sets)
        .watches(nodes) { [ObjectKey(namespace: "on", name: $0.key.name)] }
        let manager = ControllerManager()
        manager.add(controller)
        await manager.start()
        #expect(manager.isSynced && manager.problem == nil)
        await calls.wait { Set($0).count == 4 }
        await manager.stop()
        await server.stop()
        #expect(
            Set(calls.entries)
                == Set(["m/db", "n/web", "n/old", "on/a"].map { "\($0) of 3, 3 pods" }))
    }

    @Test(
        "an owner counts where it controls the object, and is of the kind and group, in any version",
        arguments: [
            (owner("web"), "n/web"), (owner("web", apiVersion: "apps/v2"), "n/web"),
            (owner("web", controller: false), nil), (owner("web", kind: "Deployment"), nil),
            (owner("web", apiVersion: "appsx/v1"), nil), (owner("web", apiVersion: "v1"), nil),
        ] as [(OwnerReference, String?)])
    func owners(owner: OwnerReference, key: String?) {
        let object = Self.object("web-1", owner: owner)
        #expect(object.owner(of: Self.sets)?.description == key)
    }

    @Test("an owner of the cluster has no namespace")
    func clusterScoped() {
        let object = Self.object(
            "web-1", owner: Self.owner("a", apiVersion: "v1", kind: "Node", controller: true))
        #expect(object.owner(of: .nodes) == ObjectKey(name: "a"))
    }
}
