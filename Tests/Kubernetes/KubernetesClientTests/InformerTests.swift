// The whole of an informer over real sockets: what a reader sees must be right whatever the server does.

import GanglionAPI
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import Observability
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Informer", .timeLimit(.minutes(10)))
struct InformerTests {
    private static func event(_ type: String, _ name: String, _ version: Int) -> String {
        let object: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "n", "uid": .string("u-\(name)"),
                "resourceVersion": .string(String(version)),
            ],
        ]
        return (["type": .string(type), "object": object] as JSON).text() + "\n"
    }
    private static func bookmark(_ version: Int, endsInitialEvents: Bool = false) -> String {
        var metadata: JSON = ["resourceVersion": .string(String(version))]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        return (["type": "BOOKMARK", "object": ["metadata": metadata]] as JSON).text() + "\n"
    }

    private static func error(_ code: Int, _ message: String) -> String {
        let status: JSON = ["kind": "Status", "code": JSON(code), "message": .string(message)]
        return (["type": "ERROR", "object": status] as JSON).text() + "\n"
    }

    private static func describe(_ change: ObjectChange<JSON>) -> String {
        switch change {
        case .added(let object): "+\(object.meta.name)@\(object.meta.resourceVersion)"
        case .modified(_, let object): "~\(object.meta.name)@\(object.meta.resourceVersion)"
        case .deleted(let object): "-\(object.meta.name)"
        }
    }

    @Test("follows initial events, changes, an end and a version that is too old, with pieces cut anywhere")
    func follows() async throws {
        let server = try await ScriptedServer { request, number in
            switch number {
            case 1:
                let text =
                    Self.event("ADDED", "a", 1) + Self.event("ADDED", "b", 2)
                    + Self.bookmark(3, endsInitialEvents: true) + Self.event("MODIFIED", "a", 4)
                return ScriptedServer.watch(text.map(String.init))
            case 2: return ScriptedServer.watch([Self.event("DELETED", "b", 5)])
            case 3:
                return ScriptedServer.watch([
                    #"{"type":"ERROR","object":{"code":410,"reason":"Expired"}}"# + "\n"
                ])
            case 4:
                return ScriptedServer.watch(
                    [
                        Self.event("ADDED", "a", 4), Self.event("ADDED", "c", 9),
                        Self.bookmark(9, endsInitialEvents: true),
                    ],
                    stays: true)
            default: return ScriptedServer.failure(500, "unexpected")
            }
        }
        let informer = Informer<JSON>(server.client, .pods, namespace: "n", fieldSelector: "spec.nodeName=x")
        let changes = informer.store.changes()
        await informer.start()
        var seen: [String] = []
        for await change in changes {
            seen += change.map(Self.describe)
            if seen.last == "+c@9" { break }
        }
        // Changes of one object that were not read in time are merged; the end is the same.
        #expect(seen.suffix(2) == ["-b", "+c@9"])
        #expect(informer.store.isSynced)
        #expect(informer.store.list().map(\.objectKey.name) == ["a", "c"])
        #expect(informer.store[ObjectKey(namespace: "n", name: "a")]?.meta.resourceVersion == "4")
        let queries = server.requests.map(\.target)
        #expect(queries.count == 4)
        #expect(queries.allSatisfy { $0.contains("fieldSelector=spec.nodeName%3Dx") })
        #expect(queries[0].contains("sendInitialEvents=true"))
        #expect(queries[1].contains("resourceVersion=4&"))
        #expect(queries[2].contains("resourceVersion=5&"))
        #expect(queries[3].contains("sendInitialEvents=true"))
        await informer.stop()
        await server.stop()
    }

    @Test("a collection that the cluster does not know is named once, and followed as soon as it is there")
    func unknown() async throws {
        let server = try await ScriptedServer { _, number in
            number < 3
                ? ScriptedServer.failure(404, "NotFound")
                : ScriptedServer.watch([Self.bookmark(1, endsInitialEvents: true)], stays: true)
        }
        let lines = Lock<[String]>([])
        let log = Logger { bytes in
            // What stands before the level is the time.
            let line = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 1).last ?? ""
            lines.withLock { $0.append(String(line)) }
        }
        let informer = Informer<JSON>(server.client, .modelServers, log: log)
        await informer.start()
        await informer.store.synced()
        #expect(informer.problem == nil)
        let told = lines.withLock { $0 }
        #expect(told.count == 2)
        #expect(
            told.first?.hasPrefix(
                "warning cannot follow resource=modelservers error=\"the cluster does not know modelservers.ganglion.dev: install that CustomResourceDefinition, it is followed as soon as it is there\" again="
            ) == true)
        #expect(told.last == "info following again resource=modelservers\n")
        await informer.stop()
        await server.stop()
    }

    @Test("lists on a server that knows no initial events")
    func lists() async throws {
        let server = try await ScriptedServer { request, _ in
            if request.query("sendInitialEvents") != nil { return ScriptedServer.failure(422, "Invalid") }
            if request.query("watch") != nil { return ScriptedServer.watch([], stays: true) }
            let token = request.query("continue")
            var metadata: JSON = ["resourceVersion": "7"]
            if token == nil { metadata["continue"] = "next" }
            let name = token == nil ? "a" : "b"
            return ScriptedServer.json(
                200,
                ["metadata": metadata, "items": [["metadata": ["name": .string(name), "namespace": "n"]]]])
        }
        let informer = Informer<JSON>(server.client, .pods)
        await informer.start()
        await informer.store.synced()
        #expect(informer.store.list().map(\.objectKey.name) == ["a", "b"])
        #expect(informer.store.list().map { $0["kind"] } == ["Pod", "Pod"])
        await informer.stop()
        await server.stop()
    }

    @Test(
        "a subscriber that comes later gets everything that is there, and its stream ends with the informer")
    func lateSubscriber() async throws {
        let server = try await ScriptedServer { _, _ in
            ScriptedServer.watch(
                [Self.event("ADDED", "a", 1), Self.bookmark(1, endsInitialEvents: true)], stays: true)
        }
        let informer = Informer<JSON>(server.client, .pods)
        await informer.start()
        await informer.store.synced()
        let iterator = informer.store.changes().makeAsyncIterator()
        #expect(await iterator.next()?.map(Self.describe) == ["+a@1"])
        await informer.stop()
        #expect(await iterator.next() == nil)
        await server.stop()
    }

    @Test("typed: what is not of the type's shape is named once and passed over, on every way")
    func typed() async throws {
        let bad =
            #"{"metadata":{"name":"bad","namespace":"n","uid":"u","resourceVersion":"3"},"spec":{"nodeName":5}}"#
        @Sendable func good(_ name: String) -> String {
            #"{"metadata":{"name":"\#(name)","namespace":"n","uid":"u"},"spec":{"nodeName":"x"}}"#
        }
        let server = try await ScriptedServer { request, number in
            switch number {
            case 1: return ScriptedServer.failure(422, "Invalid")
            case 2:
                let list = #"{"metadata":{"resourceVersion":"4"},"items":[\#(bad),\#(good("a"))]}"#
                return ScriptedServer.json(200, (try? JSON(parsing: list)) ?? .null)
            default:
                return ScriptedServer.watch(
                    [
                        #"{"type":"MODIFIED","object":\#(bad)}"# + "\n",
                        #"{"type":"ADDED","object":\#(good("b"))}"# + "\n",
                    ], stays: true)
            }
        }
        let lines = Lock<[String]>([])
        let log = Logger { bytes in
            let line = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 1).last ?? ""
            lines.withLock { $0.append(String(line)) }
        }
        let informer = Informer<Pod>(
            server.client, indexes: [StoreIndex("node") { [$0.spec.nodeName ?? ""] }], log: log)
        let changes = informer.store.changes()
        await informer.start()
        for await change in changes where change.last?.key.name == "b" { break }
        #expect(informer.store.list(index: "node", value: "x").map(\.metadata.name) == ["a", "b"])
        #expect(
            lines.withLock { $0 } == [
                "warning object passed over resource=pods object=n/bad error=\"spec.nodeName is not a string\"\n"
            ])
        await informer.stop()
        await server.stop()
    }

    /// What a server, or something before it, does to initial events.
    enum Broken: Sendable, CaseIterable {
        case endsAtOnce, isAnotherBookmark, isCut, isGarbage, isForbidden, isUnknown, isOverloaded, isAway
        case isAnError

        /// Requests for initial events until a list is tried, and until no more are made.
        var requests: Int {
            switch self {
            case .endsAtOnce, .isAnotherBookmark, .isForbidden, .isUnknown: 1
            case .isCut, .isGarbage: 2
            case .isOverloaded, .isAway, .isAnError: 3
            }
        }
    }

    @Test(
        "where the initial events do not end as they must it lists, says so once and never asks for them again",
        arguments: Broken.allCases)
    func noEndMark(broken: Broken) async throws {
        let isTooOld = Lock([true, false])
        let server = try await ScriptedServer { request, number in
            if request.query("sendInitialEvents") != nil {
                switch broken {
                case .endsAtOnce: return ScriptedServer.watch([Self.event("ADDED", "a", 1)])
                case .isAnotherBookmark:
                    return ScriptedServer.watch([Self.event("ADDED", "a", 1), Self.bookmark(2)], stays: true)
                case .isCut:
                    return HTTPResponse(
                        200,
                        body: .stream { writer in
                            try await writer.write(Self.event("ADDED", "a", 1))
                            throw CancellationError()
                        })
                case .isGarbage: return ScriptedServer.watch([Self.event("ADDED", "a", 1), "<html>\n"])
                case .isForbidden: return ScriptedServer.failure(403, "Forbidden")
                case .isUnknown: return ScriptedServer.failure(404, "NotFound")
                case .isOverloaded: return ScriptedServer.failure(429, "TooManyRequests")
                case .isAway: return ScriptedServer.failure(503, "ServiceUnavailable")
                case .isAnError: return ScriptedServer.watch([Self.error(500, "etcdserver: no leader")])
                }
            }
            if request.query("watch") == nil {
                return ScriptedServer.json(
                    200, ["metadata": ["resourceVersion": "5"], "items": [["metadata": ["name": "b"]]]])
            }
            // Too old at once: everything anew.
            return request.query("resourceVersion") == "5" && isTooOld.withLock({ $0.removeFirst() })
                ? ScriptedServer.failure(410, "Expired")
                : ScriptedServer.watch([Self.event("ADDED", "c", 6)], stays: true)
        }
        let lines = Lock<[String]>([])
        let log = Logger(level: .warning) { bytes in
            lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }
        let informer = Informer<JSON>(server.client, .pods, backoff: .quick, log: log)
        let changes = informer.store.changes()
        await informer.start()
        for await change in changes where change.last?.key.name == "c" { break }
        let sentences = lines.withLock { $0 }.filter { $0.contains("listing instead") }
        #expect(sentences.count == 1)
        let initial = server.requests.filter { $0.target.contains("sendInitialEvents") }
        #expect(initial.count == broken.requests)
        if broken == .isAnError {
            // The server's own words, not what was to be seen from outside.
            #expect(lines.withLock { $0 }.contains { $0.contains("etcdserver: no leader") })
        }
        #expect(server.requests.contains { $0.target.hasSuffix("/pods?limit=500") })
        #expect(informer.store.list().map(\.objectKey.name) == ["b", "c"])
        await informer.stop()
        await server.stop()
    }

    @Test("counts what it cannot read, until it can or that is gone")
    func unreadableObjects() async throws {
        let registry = MetricsRegistry()
        let (steps, step) = AsyncStream.makeStream(of: String.self)
        let bad =
            #"{"type":"ADDED","object":{"metadata":{"name":"bad","namespace":"n"},"spec":{"nodeName":5}}}"#
            + "\n"
        let server = try await ScriptedServer { _, _ in
            HTTPResponse(
                200,
                body: .stream { writer in
                    try await writer.write(bad + Self.bookmark(1, endsInitialEvents: true))
                    for await text in steps { try await writer.write(text) }
                })
        }
        let informer = Informer<Pod>(server.client, registry: registry)
        let changes = informer.store.changes()
        await informer.start()
        await informer.store.synced()
        #expect(informer.problem == nil)
        #expect(
            informer.unreadable == [ObjectKey(namespace: "n", name: "bad"): "spec.nodeName is not a string"])
        #expect(registry.exposition().contains("ganglion_unreadable_objects{resource=\"pods\"} 1\n"))
        step.yield(Self.event("MODIFIED", "bad", 2))
        for await change in changes where change.last?.key.name == "bad" { break }
        step.yield(Self.event("ADDED", "next", 3))
        for await change in changes where change.last?.key.name == "next" { break }
        #expect(informer.unreadable.isEmpty)
        #expect(registry.exposition().contains("ganglion_unreadable_objects{resource=\"pods\"} 0\n"))
        step.finish()
        await informer.stop()
        await server.stop()
    }

    @Test("keeps of an object what it is told to keep, from a list and from a watch")
    func transforms() async throws {
        let server = try await ScriptedServer { request, number in
            if number == 1 { return ScriptedServer.failure(422, "Invalid") }
            if request.query("watch") == nil {
                return ScriptedServer.json(
                    200,
                    [
                        "metadata": ["resourceVersion": "5"],
                        "items": [["metadata": ["name": "a", "namespace": "n", "annotations": ["k": "v"]]]],
                    ])
            }
            return ScriptedServer.watch(
                [
                    #"{"type":"ADDED","object":{"metadata":{"name":"b","namespace":"n","annotations":{"k":"v"}}}}"#
                        + "\n"
                ],
                stays: true)
        }
        let informer = Informer<Pod>(
            server.client,
            transform: { pod in
                var pod = pod
                pod.metadata.annotations = [:]
                return pod
            })
        let changes = informer.store.changes()
        await informer.start()
        for await change in changes where change.last?.key.name == "b" { break }
        #expect(informer.store.list().map(\.metadata.name) == ["a", "b"])
        #expect(informer.store.list().map(\.metadata.annotations) == [[:], [:]])
        await informer.stop()
        await server.stop()
    }
}

extension Backoff {
    /// Pauses that a test does not notice.
    fileprivate static var quick: Backoff { Backoff(base: .milliseconds(1), limit: .milliseconds(1)) }
}
