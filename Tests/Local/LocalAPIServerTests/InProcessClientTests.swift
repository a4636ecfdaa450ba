import APIMachinery
import JSON
import KubernetesAPI
import Testing

@testable import LocalAPIServer

@Suite("The API server as programs of its process use it")
struct InProcessClientTests {
    private let server = APIServer(options: APIServerOptions(tokens: [:]))
    private let client: InProcessClient
    private let key = ObjectKey(namespace: "default", name: "c")

    init() { client = InProcessClient(server, program: "tester") }

    private func configMap(_ name: String = "c", _ data: [String: String] = [:]) -> ConfigMap {
        ConfigMap(ObjectMetadata(name: name, namespace: "default"), data: data)
    }

    @Test("objects are made, read, replaced, patched, applied and deleted by their types")
    func verbs() async throws {
        let made = try await client.create(configMap("c", ["a": "1"]))
        #expect(!made.metadata.uid.isEmpty)
        #expect(try await client.get(ConfigMap.self, key) == made)
        var changed = made
        changed.data["b"] = "2"
        let replaced = try await client.replace(changed)
        #expect(replaced.data == ["a": "1", "b": "2"])
        let patched = try await client.patch(
            ConfigMap.self, key, ["data": ["a": "3"]], kind: .merge, subresource: nil)
        #expect(patched.data == ["a": "3", "b": "2"])
        let applied = try await client.apply(configMap("c", ["c": "4"]))
        #expect(applied.data == ["a": "3", "b": "2", "c": "4"])
        #expect(try await client.apply(configMap("c", ["d": "5"])).data == ["a": "3", "b": "2", "d": "5"])
        try await client.delete(ConfigMap.self, key, DeleteOptions())
        await #expect(throws: ClusterError(status: 404, description: "configmaps \"c\" not found")) {
            try await client.get(ConfigMap.self, key)
        }
    }

    @Test("refusals keep their status and their sentence")
    func refusals() async throws {
        let made = try await client.create(configMap())
        await #expect(throws: ClusterError(status: 409, description: "configmaps \"c\" already exists")) {
            try await client.create(configMap("c", ["a": "1"]))
        }
        try await client.patch(ConfigMap.self, key, ["data": ["a": "1"]], kind: .merge, subresource: nil)
        do {
            try await client.replace(made)
            Issue.record("an old version was taken")
        } catch {
            #expect(error.status == 409)
            #expect(!error.isWorthRetrying)
        }
        do {
            try await client.delete(ConfigMap.self, key, DeleteOptions(uid: "another"))
            Issue.record("another object was deleted")
        } catch {
            #expect(error.status == 409)
        }
    }

    @Test("a list has the objects of one namespace or of all, in the order of their keys")
    func lists() async throws {
        for name in ["b", "a"] { try await client.create(configMap(name)) }
        var other = configMap("z")
        other.metadata.namespace = "kube-public"
        try await client.create(other)
        #expect(
            try await client.list(ConfigMap.self, namespace: "default").map(\.metadata.name) == ["a", "b"])
        #expect(try await client.list(ConfigMap.self).map(\.metadata.name) == ["a", "b", "z"])
        #expect(try await client.list(Node.self).isEmpty)
    }

    @Test("updates begin with what there is, follow a selector, and end with their reader")
    func updates() async throws {
        func pod(_ name: String, on node: String) -> Pod {
            var spec = PodSpec(containers: [Container(name: "c", image: "i")])
            spec.nodeName = node
            return Pod(ObjectMetadata(name: name, namespace: "default"), spec: spec)
        }
        try await client.create(pod("first", on: "n1"))
        try await client.create(pod("elsewhere", on: "n2"))
        let own = FieldSelector([FieldSelector.Term("spec.nodeName", "n1")])
        var updates = client.updates(of: Pod.self, where: own).makeAsyncIterator()
        guard case .snapshot(let known)? = await updates.next() else {
            Issue.record("no snapshot")
            return
        }
        #expect(known.map(\.metadata.name) == ["first"])
        try await client.create(pod("other", on: "n2"))
        let second = try await client.create(pod("second", on: "n1"))
        #expect(await updates.next() == .changed(second))
        try await client.delete(Pod.self, second.key, DeleteOptions(gracePeriodSeconds: 0))
        var last = await updates.next()
        while case .changed? = last { last = await updates.next() }  // marked as being deleted first
        guard case .removed(let gone)? = last else {
            Issue.record("no removal")
            return
        }
        #expect(gone.metadata.uid == second.metadata.uid)
    }

    @Test("writes are owned by the program")
    func managers() async throws {
        try await client.create(configMap("c", ["a": "1"]))
        let stored = await server.objects(GroupResource("", "configmaps"))
        #expect(stored.first { $0.metadata?.name == "c" }?.metadata?.managedFields?[0]?.manager == "tester")
    }
}
