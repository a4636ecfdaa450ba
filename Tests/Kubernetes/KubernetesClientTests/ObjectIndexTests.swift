// The copy of a collection and the changes that readers are told of.

import JSON
import KubernetesAPI
import Testing

@testable import KubernetesClient

@Suite("Object index and change queue")
struct ObjectIndexTests {
    private static func object(_ name: String, _ version: Int, uid: String = "u", namespace: String = "n")
        -> JSON
    {
        [
            "metadata": [
                "name": .string(name), "namespace": .string(namespace), "uid": .string(uid),
                "resourceVersion": .string(String(version)),
            ]
        ]
    }

    @Test("tells additions, modifications and deletions apart")
    func changes() {
        var index = ObjectIndex<JSON>()
        #expect(index.apply(.upsert(Self.object("a", 1))) == [.added(Self.object("a", 1))])
        #expect(index.apply(.upsert(Self.object("a", 1))).isEmpty)
        #expect(
            index.apply(.upsert(Self.object("a", 2)))
                == [.modified(old: Self.object("a", 1), new: Self.object("a", 2))])
        #expect(index.apply(.delete(Self.object("a", 3))) == [.deleted(Self.object("a", 3))])
        #expect(index.apply(.delete(Self.object("a", 3))).isEmpty)
        #expect(index.count == 0)
        #expect(index.list(namespace: "n").isEmpty)
    }

    @Test("finds what a relist changed, and an object that was replaced by one of the same name")
    func replace() {
        var index = ObjectIndex<JSON>()
        _ = index.apply(.replace([Self.object("a", 1), Self.object("b", 1), Self.object("c", 1)]))
        let changes = index.apply(
            .replace([Self.object("a", 1), Self.object("b", 5, uid: "v"), Self.object("d", 6)]))
        #expect(
            changes == [
                .deleted(Self.object("c", 1)), .deleted(Self.object("b", 1)),
                .added(Self.object("b", 5, uid: "v")), .added(Self.object("d", 6)),
            ])
    }

    @Test("lists by namespace in the order of names")
    func list() {
        var index = ObjectIndex<JSON>()
        for object in [Self.object("b", 1), Self.object("a", 1), Self.object("c", 1, namespace: "m")] {
            _ = index.apply(.upsert(object))
        }
        #expect(index.list().map(\.objectKey.description) == ["m/c", "n/a", "n/b"])
        #expect(index.list(namespace: "n").map(\.objectKey.name) == ["a", "b"])
        #expect(index[ObjectKey(namespace: "m", name: "c")] != nil)
    }

    @Test(
        "merges the unread changes of an object",
        arguments: [
            (
                [.added(object("a", 1)), .modified(old: object("a", 1), new: object("a", 2))],
                [.added(object("a", 2))]
            ),
            (
                [
                    .modified(old: object("a", 1), new: object("a", 2)),
                    .modified(old: object("a", 2), new: object("a", 3)),
                ], [.modified(old: object("a", 1), new: object("a", 3))]
            ),
            (
                [.modified(old: object("a", 1), new: object("a", 2)), .deleted(object("a", 3))],
                [.deleted(object("a", 3))]
            ),
            ([.added(object("a", 1)), .deleted(object("a", 2))], []),
            (
                [.deleted(object("a", 2)), .added(object("a", 3))],
                [.deleted(object("a", 2)), .added(object("a", 3))]
            ),
            (
                [.deleted(object("a", 2)), .added(object("a", 3)), .deleted(object("a", 4))],
                [.deleted(object("a", 2))]
            ),
        ] as [([ObjectChange<JSON>], [ObjectChange<JSON>])])
    func coalesces(changes: [ObjectChange<JSON>], expected: [ObjectChange<JSON>]) {
        var queue = ChangeQueue<JSON>()
        for change in changes { queue.append(change) }
        #expect(queue.count == 1)
        #expect(queue.popFirst() == expected)
        #expect(queue.popFirst().isEmpty)
        #expect(queue.isEmpty)
    }

    @Test("keeps the order of objects and stays as short as there are objects")
    func bounded() {
        var queue = ChangeQueue<JSON>()
        for version in 1...1000 {
            for name in ["b", "a", "c"] { queue.append(.added(Self.object(name, version))) }
        }
        #expect(queue.count == 3)
        #expect((0..<3).flatMap { _ in queue.popFirst() }.map(\.key.name) == ["b", "a", "c"])
    }

    @Test("finds objects by the values of an index, wherever they move")
    func indexes() {
        var index = ObjectIndex<Pod>([
            StoreIndex("node") { [$0.spec.nodeName ?? ""] },
            StoreIndex("label") { $0.metadata.labels.values.sorted() },
        ])
        func pod(_ name: String, on node: String?, labels: [String: String] = [:]) -> Pod {
            var pod = Pod(ObjectMetadata(name: name, namespace: "n", labels: labels))
            pod.spec.nodeName = node
            return pod
        }
        _ = index.apply(
            .replace([pod("b", on: "x"), pod("a", on: "x"), pod("c", on: nil, labels: ["k": "v", "l": "w"])]))
        #expect(index.list(index: "node", value: "x").map(\.metadata.name) == ["a", "b"])
        #expect(index.list(index: "label", value: "w").map(\.metadata.name) == ["c"])
        _ = index.apply(.upsert(pod("a", on: "y")))
        _ = index.apply(.remove(ObjectKey(namespace: "n", name: "c")))
        #expect(index.list(index: "node", value: "x").map(\.metadata.name) == ["b"])
        #expect(index.list(index: "node", value: "y").map(\.metadata.name) == ["a"])
        #expect(index.list(index: "label", value: "w").isEmpty)
        #expect(index.list(index: "other", value: "x").isEmpty)
    }

    @Test("keeps what it has of objects that a relist cannot read")
    func unreadable() {
        var index = ObjectIndex<JSON>()
        _ = index.apply(.replace([Self.object("a", 1), Self.object("b", 1)]))
        let key = ObjectKey(namespace: "n", name: "b")
        #expect(index.apply(.replace([], unreadable: [key])) == [.deleted(Self.object("a", 1))])
        #expect(index[key] == Self.object("b", 1))
        #expect(index.apply(.remove(key)) == [.deleted(Self.object("b", 1))])
    }
}
