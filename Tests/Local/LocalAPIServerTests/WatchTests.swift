import APIMachinery
import JSON
import LocalTestSupport
import Testing

@testable import LocalAPIServer

private let configMaps = "/api/v1/namespaces/default/configmaps"

@Suite("Watches over HTTP")
struct WatchTests {
    private func configMap(_ name: String, labels: [String: String] = [:]) -> JSON {
        ["metadata": ["name": .string(name), "labels": JSON(labels)], "data": ["a": "1"]]
    }

    @Test("a classic watch goes on from a list's version")
    func classic() async throws {
        let live = try await LiveServer.start()
        try await live.send("POST", configMaps, configMap("before"))
        let version = try await live.send("GET", configMaps).body.metadata?.resourceVersion?.string ?? ""
        try await live.send("POST", configMaps, configMap("missed"))
        var lines = try await live.watch(
            "\(configMaps)?watch=true&resourceVersion=\(version)&allowWatchBookmarks=true&timeoutSeconds=30")
        try await live.send(
            "PATCH", configMaps + "/missed", ["data": ["a": "2"]], type: "application/merge-patch+json")
        try await live.send("DELETE", configMaps + "/before")
        #expect(try await lines.take(3) == ["ADDED missed", "MODIFIED missed", "DELETED before"])
        await lines.close()
        await live.stop()
    }

    @Test("a WatchList sends what there is, a bookmark, then changes")
    func watchList() async throws {
        let live = try await LiveServer.start()
        try await live.send("POST", configMaps, configMap("a"))
        try await live.send("POST", configMaps, configMap("b"))
        var lines = try await live.watch(
            "\(configMaps)?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
        )
        #expect(try await lines.take(3) == ["ADDED a", "ADDED b", "BOOKMARK  initial-events-end"])
        try await live.send("DELETE", configMaps + "/a")
        #expect(try await lines.take(1) == ["DELETED a"])
        await lines.close()
        await live.stop()
    }

    @Test("an object that begins to match is ADDED, one that ceases to is DELETED")
    func selector() async throws {
        let live = try await LiveServer.start()
        var lines = try await live.watch("\(configMaps)?watch=true&resourceVersion=0&labelSelector=app%3Dweb")
        try await live.send("POST", configMaps, configMap("x"))
        for (value, count) in [("web", 1), ("web", 2), ("db", 3)] {
            try await live.send(
                "PATCH", configMaps + "/x",
                ["metadata": ["labels": ["app": .string(value), "n": .string(String(count))]]],
                type: "application/merge-patch+json")
        }
        #expect(try await lines.take(3) == ["ADDED x", "MODIFIED x", "DELETED x"])
        await lines.close()
        await live.stop()
    }

    @Test("a version that history no longer reaches is an ERROR event with code 410")
    func expired() async throws {
        var limits = APIStateLimits()
        limits.historyEvents = 4
        let live = try await LiveServer.start(limits: limits)
        for index in 0..<8 { try await live.send("POST", configMaps, configMap("c\(index)")) }
        var lines = try await live.watch("\(configMaps)?watch=true&resourceVersion=2")
        let event = try await lines.next()
        #expect(lines.status == 200)
        #expect(event?.type?.string == "ERROR")
        #expect(event?["object"]?.code?.int == 410)
        #expect(event?["object"]?.reason?.string == "Expired")
        #expect(try await lines.next() == nil)
        let exact = try await live.send("GET", "\(configMaps)?resourceVersion=2&resourceVersionMatch=Exact")
        #expect(exact.body.message == "The resourceVersion for the provided list is too old.")
        await live.stop()
    }

    @Test("a watcher that does not keep up is ended")
    func slow() async throws {
        var limits = APIStateLimits()
        limits.watcherBacklog = 3
        let live = try await LiveServer.start(limits: limits)
        var lines = try await live.watch("\(configMaps)?watch=true&resourceVersion=0&timeoutSeconds=60")
        // On the server's own loop, so that the watcher cannot run in between.
        await live.server.flood("default", count: 10)
        while try await lines.next() != nil {}
        #expect(try await live.send("GET", configMaps).body.items?.array?.count == 10)
        await live.stop()
    }

    @Test("timeoutSeconds ends a watch as a complete response")
    func timeout() async throws {
        let live = try await LiveServer.start()
        var lines = try await live.watch("\(configMaps)?watch=true&resourceVersion=0&timeoutSeconds=1")
        #expect(try await lines.next() == nil)
        await live.stop()
    }

    @Test("a Table watch sends the columns once")
    func table() async throws {
        let live = try await LiveServer.start()
        var lines = try await live.watch(
            "\(configMaps)?watch=true&resourceVersion=0",
            accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
        try await live.send("POST", configMaps, configMap("a"))
        try await live.send("POST", configMaps, configMap("b"))
        let first = try await lines.next()
        let second = try await lines.next()
        #expect(first?["object"]?.columnDefinitions?.array?.count == 3)
        #expect(second?["object"]?.columnDefinitions == .null)
        #expect(second?["object"]?.rows?[0]?.cells?[0] == "b")
        await lines.close()
        await live.stop()
    }

    @Test("a client that goes away leaves no watcher behind")
    func goesAway() async throws {
        let live = try await LiveServer.start()
        var lines = try await live.watch("\(configMaps)?watch=true&resourceVersion=0")
        try await live.send("POST", configMaps, configMap("a"))
        #expect(try await lines.take(1) == ["ADDED a"])
        #expect(await live.server.watcherCount == 1)
        await lines.close()
        while await live.server.watcherCount > 0 { try await live.send("GET", "/version") }
        #expect(await live.server.watcherCount == 0)
        await live.stop()
    }
}

extension APIServer {
    var watcherCount: Int { state.watches.count }

    func flood(_ namespace: String, count: Int) {
        let resource = GroupResource("", "configmaps")
        for index in 0..<count {
            let name = ObjectName(namespace, "flood\(index)")
            let json: JSON = [
                "kind": "ConfigMap", "apiVersion": "v1",
                "metadata": ["name": .string(name.name), "namespace": .string(namespace)],
            ]
            state.put(resource, name, json)
        }
    }
}
