// An API server over HTTP with this project's resources: users and kubelets are played by the tests.

import GanglionAPI
import HTTP
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Scheduling
import SchedulingTestSupport
import SystemIO
import TestSupport
import Testing

@testable import Operator

/// An API server with this project's resources.
final class LiveCluster: Sendable {
    /// The repository.
    static let root = Repository.root

    let client: KubernetesClient
    private let server: EmbeddedAPIServer

    private init(_ server: EmbeddedAPIServer) {
        self.server = server
        client = server.client(program: "ganglion")
    }

    /// - Parameters:
    ///   - definitions: whether the project's resources are there from the start.
    ///   - answer: may answer a request in the API server's place, or change its answer.
    static func start(
        nodes: [String: String] = ["a": "inf2.48xlarge"], definitions: Bool = true,
        answer: @escaping EmbeddedAPIServer.Handler = { await $1.handle($0) }
    ) async throws -> LiveCluster {
        let cluster = LiveCluster(try await EmbeddedAPIServer.start(handler: answer))
        if definitions { try await cluster.define() }
        for (name, type) in nodes { try await cluster.addNode(name, type: type) }
        return cluster
    }

    /// A client that the server can tell from others by its name.
    func client(program: String) -> KubernetesClient { server.client(program: program) }

    /// Installs the project's resources.
    func define() async throws {
        try await server.install(
            ["modelservers", "neuronnodes"].map {
                try YAMLReader.read(try Files.read("\(Self.root)/charts/ganglion/crds/\($0).yaml"))
            })
    }

    func addNode(_ name: String, type: String) async throws {
        var node = Make.nodeObject(name, type: type)
        let status = node["status"] ?? .null
        node["status"] = nil
        try await client.create(.nodes, node)
        try await client.patch(.nodes, ObjectKey(name: name), ["status": status], subresource: "status")
        // A definition is served a moment after it was made.
        let report = Make.report(name, type: type)
        var bare = report
        bare["status"] = nil
        try await client.create(.neuronNodes, bare)
        try await client.apply(.neuronNodes, report, manager: "test", subresource: "status")
    }

    func create(_ name: String, spec: JSON) async throws {
        try await client.create(
            .modelServers,
            [
                "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
                "metadata": ["name": .string(name), "namespace": "default"], "spec": spec,
            ])
    }

    /// What a kubelet says of a pod that runs.
    func run(_ pod: JSON, ready: Bool = true) async throws {
        try await client.patch(
            .pods, pod.objectKey,
            [
                "status": [
                    "phase": "Running",
                    "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
                ]
            ], subresource: "status")
    }

    /// Follows a collection until `isDone`; returns the objects then.
    @discardableResult
    func wait(_ resource: APIResource, until isDone: ([JSON]) -> Bool) async -> [JSON] {
        let informer = Informer<JSON>(client, resource)
        let changes = informer.store.changes()
        await informer.start()
        await informer.store.synced()
        if !isDone(informer.store.list()) {
            for await _ in changes where isDone(informer.store.list()) { break }
        }
        await informer.stop()
        return informer.store.list()
    }

    /// The pods of ModelServers once there are `count` and all are bound.
    @discardableResult
    func boundPods(_ count: Int) async -> [JSON] {
        await wait(.pods) { pods in
            pods.count == count && pods.allSatisfy { $0["spec"]?["nodeName"] != nil }
        }
    }

    func stop() async { await server.stop() }
}
