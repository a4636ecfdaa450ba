import KubernetesAPI
import Testing

@testable import LocalAPIServer

@Suite("What grows old goes")
struct MaintenanceTests {
    private let server = APIServer(options: APIServerOptions(tokens: [:]))
    private let client: InProcessClient

    init() { client = InProcessClient(server, program: "tester") }

    /// An event that was last seen so many seconds ago.
    private func makeEvent(_ name: String, age: Int64) async throws {
        var event = CoreEvent(
            ObjectMetadata(name: name, namespace: "default"),
            about: ObjectReference(apiVersion: "v1", kind: "Pod", namespace: "default", name: "p"))
        event.reason = "Test"
        event.lastTimestamp = Timestamp.now.adding(seconds: -age)
        try await client.create(event)
    }

    private func events() async throws -> [String] {
        try await client.list(CoreEvent.self).map(\.metadata.name)
    }

    @Test("events that were last seen long ago; their creation counts as having been seen")
    func ages() async throws {
        try await makeEvent("a", age: 7_200)
        await server.expireEvents(olderThan: 3_600, keeping: 10)
        #expect(try await events() == ["a"])
        await server.expireEvents(olderThan: -1, keeping: 10)
        #expect(try await events().isEmpty)
    }

    @Test("the oldest of too many events")
    func count() async throws {
        for (name, age) in [("middle", Int64(-20)), ("oldest", -10), ("newest", -30)] {
            try await makeEvent(name, age: age)
        }
        await server.expireEvents(olderThan: 3_600, keeping: 2)
        #expect(try await events() == ["middle", "newest"])
    }

    @Test("objects none of whose owners exist, and no others")
    func orphans() async throws {
        func make(_ name: String, owners: [OwnerReference]) async throws -> ConfigMap {
            try await client.create(
                ConfigMap(ObjectMetadata(name: name, namespace: "default", ownerReferences: owners)))
        }
        let owner = try await make("owner", owners: [])
        let gone = OwnerReference(
            apiVersion: "v1", kind: "ConfigMap", name: "gone", uid: "gone", controller: false)
        var known = owner.controllerReference
        known.blockOwnerDeletion = nil
        _ = try await make("owned", owners: [known])
        _ = try await make("half", owners: [known, gone])
        _ = try await make("orphan", owners: [gone])
        await server.collectOrphans()
        #expect(
            try await client.list(ConfigMap.self, namespace: "default").map(\.metadata.name)
                == ["half", "owned", "owner"])
    }
}
