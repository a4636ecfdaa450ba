import APIMachinery
import JSON
import Testing

@testable import LocalAPIServer

@Suite("The index of owners")
struct OwnerIndexTests {
    private let resource = GroupResource("", "configmaps")
    private var state: ClusterState {
        var state = ClusterState(limits: APIStateLimits())
        state.register(resource)
        return state
    }

    private func object(
        _ name: String, owners: [String] = [], finalizers: [String] = [], deleted: Bool = false
    ) -> JSON {
        var metadata: JSON = [
            "name": .string(name), "uid": .string("uid-" + name),
            "ownerReferences": .array(owners.map { ["uid": .string("uid-" + $0)] }),
            "finalizers": JSON(finalizers),
        ]
        if deleted { metadata.deletionTimestamp = "2026-01-01T00:00:00Z" }
        return ["metadata": metadata]
    }

    private func name(_ name: String) -> ObjectName { ObjectName("default", name) }

    private func dependents(of name: String, _ state: ClusterState) -> [String] {
        state.dependents(of: "uid-" + name).map(\.1.name)
    }

    @Test("knows dependents by name, also before their owner is there")
    func dependents() {
        var state = state
        state.put(resource, name("b"), object("b", owners: ["o"]))
        state.put(resource, name("a"), object("a", owners: ["o", "other"]))
        #expect(dependents(of: "o", state) == ["a", "b"])
        #expect(dependents(of: "other", state) == ["a"])
        #expect(!state.isAlive("uid-o"))
        #expect(state.orphans.map(\.1.name).sorted() == ["a", "a", "b"])
        state.put(resource, name("o"), object("o"))
        #expect(state.isAlive("uid-o"))
        #expect(state.orphans.map(\.1.name) == ["a"])
    }

    @Test("follows references as they change, and forgets what is deleted")
    func changes() {
        var state = state
        state.put(resource, name("o"), object("o"))
        state.put(resource, name("a"), object("a", owners: ["o"]))
        state.put(resource, name("a"), object("a", owners: ["p"]))
        #expect(dependents(of: "o", state) == [])
        #expect(dependents(of: "p", state) == ["a"])
        state.remove(resource, name("a"))
        #expect(dependents(of: "p", state) == [])
        #expect(state.orphans.isEmpty)
        state.remove(resource, name("o"))
        #expect(!state.isAlive("uid-o"))
    }

    @Test("knows who waits for dependents: an object in foreground deletion, and no other")
    func waiting() {
        var state = state
        state.put(resource, name("a"), object("a", finalizers: ["foregroundDeletion"], deleted: true))
        state.put(resource, name("b"), object("b", finalizers: ["foregroundDeletion"]))
        state.put(resource, name("c"), object("c", finalizers: ["example.com/other"], deleted: true))
        #expect(state.waitingOwners.map(\.1.name) == ["a"])
        state.put(resource, name("a"), object("a", deleted: true))
        #expect(state.waitingOwners.isEmpty)
    }
}

@Suite("The state of the cluster")
struct ClusterStateTests {
    private let resource = GroupResource("", "configmaps")
    private let place = ObjectName("default", "a")

    @Test("tells observers of their resource, and none that has ended")
    func observers() {
        var state = ClusterState(limits: APIStateLimits())
        let other = GroupResource("", "secrets")
        state.register(resource)
        state.register(other)
        let seen = Recorded<String>()
        let observer = state.observe(resource) { seen.append("\($0.kind) \($0.name.name)") }
        state.put(resource, place, ["metadata": ["name": "a"]])
        state.put(other, place, ["metadata": ["name": "a"]])
        state.put(resource, place, ["metadata": ["name": "a", "labels": ["x": "y"]]])
        state.remove(resource, place)
        state.remove(resource, place)
        #expect(seen.all == ["added a", "modified a", "deleted a"])
        state.stopObserving(observer)
        state.put(resource, place, ["metadata": ["name": "a"]])
        #expect(seen.all.count == 3)
    }

    @Test("a watch has what it missed, then changes of its namespace, then its end")
    func watches() throws {
        var state = ClusterState(limits: APIStateLimits())
        state.register(resource)
        state.put(resource, place, ["metadata": ["name": "a"]])
        let missed = try #require(state.changes(resource, after: 1))
        let watch = state.watches.add(resource, namespace: "default", missed: missed)
        #expect(names(state.watches.wakeup(watch)) == ["a"])
        #expect(state.watches.wakeup(watch) == nil)
        state.put(resource, ObjectName("elsewhere", "b"), ["metadata": ["name": "b"]])
        state.put(resource, ObjectName("default", "c"), ["metadata": ["name": "c"]])
        state.watches.bookmark(watch, at: state.revision)
        #expect(names(state.watches.wakeup(watch)) == ["c"])
        guard case .bookmark(state.revision) = state.watches.wakeup(watch) else {
            Issue.record("no bookmark")
            return
        }
        state.unregister(resource)
        guard case .end = state.watches.wakeup(watch) else {
            Issue.record("the watch goes on")
            return
        }
        state.watches.remove(watch)
        #expect(state.watches.count == 0)
    }

    @Test("a watcher that does not keep up is ended")
    func backlog() {
        var limits = APIStateLimits()
        limits.watcherBacklog = 2
        var state = ClusterState(limits: limits)
        state.register(resource)
        let watch = state.watches.add(resource, namespace: nil, missed: [])
        for name in ["a", "b", "c"] {
            state.put(resource, ObjectName("default", name), ["metadata": ["name": .string(name)]])
        }
        guard case .end = state.watches.wakeup(watch) else {
            Issue.record("the watch goes on")
            return
        }
    }

    private func names(_ signal: Watches.Wakeup?) -> [String]? {
        guard case .events(let events)? = signal else { return nil }
        return events.map(\.name.name)
    }
}
