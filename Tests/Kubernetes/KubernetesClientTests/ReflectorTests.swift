// The steps of following a collection, without a server and without time.

import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Reflector")
struct ReflectorTests {
    private static func pod(_ name: String, version: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": "n", "resourceVersion": .string(version)],
        ]
    }
    private static let initialQuery: [String: String] = [
        "watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true", "timeoutSeconds": "300",
    ]
    private static func following(_ version: String) -> Reflector<JSON>.Step {
        .watch(query: [
            "watch": "1", "resourceVersion": version, "allowWatchBookmarks": "true", "timeoutSeconds": "300",
        ])
    }
    private static func failure(_ code: Int, retryAfter: Int? = nil) -> KubernetesError {
        .status(APIStatus(code: code, reason: "", message: "", retryAfterSeconds: retryAfter))
    }

    /// A reflector that has received the initial events up to version 5.
    private func synced() -> Reflector<JSON> {
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        _ = reflector.receive(.bookmark(resourceVersion: "5", endsInitialEvents: true))
        return reflector
    }

    @Test("asks for the initial events first and replaces the copy when they have all come")
    func watchList() {
        var reflector = Reflector<JSON>(resource: .pods)
        #expect(reflector.next(random: 0) == .watch(query: Self.initialQuery))
        #expect(reflector.receive(.added(Self.pod("b", version: "2"))) == .init())
        #expect(reflector.receive(.added(Self.pod("a", version: "3"))) == .init())
        #expect(reflector.receive(.modified(Self.pod("a", version: "4"))) == .init())
        #expect(reflector.receive(.added(Self.pod("c", version: "4"))) == .init())
        #expect(reflector.receive(.deleted(Self.pod("c", version: "5"))) == .init())
        #expect(!reflector.isFollowing)
        #expect(
            reflector.receive(.bookmark(resourceVersion: "9", endsInitialEvents: true))
                == .init(changes: [.replace([Self.pod("a", version: "4"), Self.pod("b", version: "2")])]))
        #expect(reflector.isFollowing)
    }

    @Test("goes on with the same stream, and after its end from the last version seen")
    func continues() {
        var reflector = synced()
        let pod = Self.pod("a", version: "6")
        #expect(reflector.receive(.added(pod)) == .init(changes: [.upsert(pod)]))
        let gone = Self.pod("a", version: "7")
        #expect(reflector.receive(.deleted(gone)) == .init(changes: [.delete(gone)]))
        #expect(reflector.ended(lasted: .milliseconds(1), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == Self.following("7"))
        #expect(reflector.receive(.bookmark(resourceVersion: "12", endsInitialEvents: false)) == .init())
        #expect(reflector.ended(lasted: .seconds(300), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == Self.following("12"))
    }

    @Test("lists when the initial events end without their mark, and says so once")
    func noEndMark() {
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        _ = reflector.receive(.added(Self.pod("a", version: "1")))
        reflector.lacksInitialEvents("why")
        #expect(reflector.takeNotice() == "why: listing instead of watching for the initial events")
        #expect(reflector.ended(lasted: .milliseconds(2), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        #expect(reflector.receive(list: ObjectList([], resourceVersion: "5")) == [.replace([])])
        #expect(reflector.ended(Self.failure(410), lasted: .zero, now: .zero, random: 0) > .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        reflector.lacksInitialEvents("again")
        #expect(reflector.takeNotice() == nil)
    }

    @Test("takes a bookmark without the mark for a server that knows no initial events")
    func unmarkedBookmark() {
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        _ = reflector.receive(.added(Self.pod("a", version: "1")))
        let reception = reflector.receive(.bookmark(resourceVersion: "5", endsInitialEvents: false))
        #expect(reception == .init(endsStream: true))
        #expect(
            reflector.takeNotice()
                == "a bookmark came without the end mark: listing instead of watching for the initial events")
        #expect(reflector.ended(lasted: .seconds(10), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
    }

    @Test("a stream past its initial events ends as any other")
    func pastTheMark() {
        var reflector = synced()
        reflector.lacksInitialEvents("why")
        #expect(reflector.takeNotice() == nil)
        #expect(reflector.next(random: 0) == Self.following("5"))
    }

    @Test("does not ask in a tight loop for watches that end at once, whatever they say")
    func shortWatchesWithEvents() {
        var reflector = synced()
        var pauses: [Duration] = []
        for version in 6...9 {
            _ = reflector.next(random: 0)
            _ = reflector.receive(.bookmark(resourceVersion: String(version), endsInitialEvents: false))
            pauses.append(reflector.ended(lasted: .milliseconds(3), now: .zero, random: 0))
        }
        // Once is what every server does at times.
        #expect(pauses == [0, 800, 1600, 3200].map(Duration.milliseconds))
        _ = reflector.next(random: 0)
        #expect(reflector.ended(lasted: .seconds(300), now: .zero, random: 0) == .zero)
        _ = reflector.next(random: 0)
        _ = reflector.receive(.added(Self.pod("a", version: "10")))
        #expect(reflector.ended(lasted: .milliseconds(3), now: .zero, random: 0) == .zero)
    }

    @Test("gives up a list whose next page is the one before, after a pause")
    func samePage() {
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        _ = reflector.ended(Self.failure(422), lasted: .zero, now: .zero, random: 0)
        _ = reflector.next(random: 0)
        let page = ObjectList<JSON>([], resourceVersion: "5", continueToken: "t")
        #expect(reflector.receive(list: page).isEmpty)
        #expect(reflector.ended(lasted: .zero, now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500", "continue": "t"]))
        #expect(reflector.receive(list: page).isEmpty)
        #expect(reflector.ended(lasted: .zero, now: .zero, random: 0) == .milliseconds(800))
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
    }

    /// Ends the step with a failure.
    private static func fail(_ reflector: inout Reflector<JSON>, _ error: KubernetesError) -> Duration {
        reflector.ended(error, lasted: .seconds(2), now: .zero, random: 0)
    }

    @Test("lists when the initial events are cut off twice, and watches no more where the list comes through")
    func cutOff() {
        var reflector = Reflector<JSON>(resource: .pods)
        for pause in [800, 1600] {
            #expect(reflector.next(random: 0) == .watch(query: Self.initialQuery))
            _ = reflector.receive(.added(Self.pod("a", version: "1")))
            #expect(Self.fail(&reflector, .connection("gone")) == .milliseconds(pause))
        }
        #expect(reflector.takeNotice() == nil)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        var other = reflector
        #expect(reflector.receive(list: ObjectList([], resourceVersion: "5")) == [.replace([])])
        #expect(
            reflector.takeNotice()
                == "the initial events do not come as a watch, but as a list (the API server cannot be reached: gone): listing instead of watching for the initial events"
        )
        #expect(Self.fail(&reflector, Self.failure(410)) > .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        // The list fails as well: the two take turns.
        for _ in 0..<2 {
            #expect(Self.fail(&other, .connection("gone")) > .zero)
            #expect(other.next(random: 0) == .watch(query: Self.initialQuery))
            #expect(Self.fail(&other, .connection("gone")) > .zero)
            #expect(other.next(random: 0) == .list(query: ["limit": "500"]))
        }
    }

    @Test(
        "tries a list at once where the answer will hardly change, and after a second try where it may",
        arguments: [(403, 1), (404, 1), (429, 2), (500, 2), (503, 2), (504, 2)])
    func initialEventsFail(code: Int, tries: Int) {
        var reflector = Reflector<JSON>(resource: .pods)
        for _ in 0..<tries {
            #expect(reflector.next(random: 0) == .watch(query: Self.initialQuery))
            #expect(Self.fail(&reflector, Self.failure(code)) > .zero)
        }
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        _ = reflector.receive(list: ObjectList([], resourceVersion: "5"))
        #expect(reflector.ended(lasted: .seconds(1), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == Self.following("5"))
        // A server that has just come back answers lists, too: what may pass has to show twice.
        #expect((reflector.takeNotice() == nil) == (tries == 2))
        #expect(Self.fail(&reflector, Self.failure(410)) > .zero)
        if tries == 2 {
            #expect(reflector.next(random: 0) == .watch(query: Self.initialQuery))
            #expect(Self.fail(&reflector, Self.failure(code)) > .zero)
        }
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        _ = reflector.receive(list: ObjectList([], resourceVersion: "6"))
        #expect((reflector.takeNotice() != nil) == (tries == 2))
    }

    @Test("lists page by page on a server that refuses initial events", arguments: [400, 422])
    func fallsBack(code: Int) throws {
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        #expect(reflector.ended(Self.failure(code), lasted: .zero, now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500"]))
        let first: JSON = [
            "metadata": ["resourceVersion": "8", "continue": "t"],
            "items": [["metadata": ["name": "a", "namespace": "n", "managedFields": []]]],
        ]
        #expect(try reflector.receive(list: first.decode()).isEmpty)
        #expect(reflector.ended(lasted: .zero, now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == .list(query: ["limit": "500", "continue": "t"]))
        let last: JSON = ["metadata": ["resourceVersion": "8"], "items": [Self.pod("b", version: "8")]]
        let a: JSON = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a", "namespace": "n"]]
        #expect(try reflector.receive(list: last.decode()) == [.replace([a, Self.pod("b", version: "8")])])
        #expect(reflector.ended(lasted: .zero, now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == Self.following("8"))
    }

    @Test("leaves managed fields away")
    func managedFields() {
        var reflector = synced()
        var pod = Self.pod("a", version: "6")
        let expected = pod
        pod[path: ["metadata", "managedFields"]] = [["manager": "x"]]
        #expect(reflector.receive(.added(pod)) == .init(changes: [.upsert(expected)]))
    }

    @Test("passes over what cannot be read, and keeps what is known of it")
    func unreadable() {
        let key = ObjectKey(namespace: "n", name: "bad")
        let bad = UnreadableObject(key: key, version: "7", fault: "spec is odd")
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        #expect(reflector.receive(.unreadable(bad, isGone: false)) == .init(unreadable: bad))
        #expect(
            reflector.receive(.bookmark(resourceVersion: "5", endsInitialEvents: true))
                == .init(changes: [.replace([], unreadable: [key])]))
        #expect(reflector.receive(.unreadable(bad, isGone: false)) == .init(unreadable: bad))
        #expect(
            reflector.receive(.unreadable(bad, isGone: true))
                == .init(changes: [.remove(key)], unreadable: bad))
        #expect(reflector.ended(lasted: .seconds(1), now: .zero, random: 0) == .zero)
        #expect(reflector.next(random: 0) == Self.following("7"))
    }

    @Test("starts anew when its version is too old, at connect or in the stream")
    func gone() {
        var atConnect = synced()
        #expect(
            atConnect.ended(Self.failure(410), lasted: .zero, now: .zero, random: 0) == .milliseconds(800))
        #expect(atConnect.next(random: 0) == .watch(query: Self.initialQuery))

        var inStream = synced()
        let status = APIStatus(code: 410, reason: "Expired", message: "too old")
        #expect(inStream.receive(.error(status)) == .init(endsStream: true))
        #expect(inStream.ended(lasted: .zero, now: .zero, random: 1) == .milliseconds(1600))
        #expect(inStream.next(random: 0) == .watch(query: Self.initialQuery))
    }

    @Test(
        "goes on from its version after bytes that cannot be followed, and starts anew where they come again")
    func undecodable() {
        var reflector = synced()
        for version in ["5", "6"] {
            _ = reflector.receive(.added(Self.pod("a", version: version)))
            #expect(reflector.ended(undecodable: "x", lasted: .zero, now: .zero, random: 0) > .zero)
            #expect(reflector.next(random: 0) == Self.following(version))
        }
        #expect(reflector.ended(undecodable: "x", lasted: .zero, now: .zero, random: 0) > .zero)
        #expect(reflector.next(random: 0) == .watch(query: Self.initialQuery))
    }

    @Test("keeps its version over other faults", arguments: [403, 404, 429, 500, 503])
    func transient(code: Int) {
        var reflector = synced()
        #expect(
            reflector.ended(Self.failure(code), lasted: .zero, now: .zero, random: 0) == .milliseconds(800))
        #expect(reflector.next(random: 0) == Self.following("5"))
    }

    @Test("waits as long as the server says, within reason", arguments: [(7, 7), (9999, 300), (-1, 0)])
    func retryAfter(seconds: Int, waits: Int) {
        var reflector = synced()
        let pause = reflector.ended(
            Self.failure(429, retryAfter: seconds), lasted: .zero, now: .zero, random: 0)
        #expect(pause == max(.seconds(waits), .milliseconds(800)))
    }

    @Test("does not ask in a tight loop for watches that end at once and say nothing")
    func shortWatches() {
        var reflector = synced()
        _ = reflector.next(random: 0)
        #expect(reflector.ended(lasted: .milliseconds(3), now: .zero, random: 0) == .milliseconds(800))
        _ = reflector.next(random: 0)
        #expect(reflector.ended(lasted: .milliseconds(3), now: .zero, random: 0) == .milliseconds(1600))
    }

    @Test("doubles its pauses up to 30 s and begins anew after two quiet minutes")
    func backoff() {
        var backoff = Backoff.reflector
        let pauses = (0..<8).map { _ in backoff.failed(now: .seconds(1), random: 0) }
        #expect(
            pauses == [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000].map(Duration.milliseconds))
        #expect(backoff.failed(now: .seconds(121), random: 0) == .seconds(30))
        #expect(backoff.failed(now: .seconds(242), random: 0.5) == .milliseconds(1200))
    }

    @Test("follows what a real API server sent")
    func captured() throws {
        var decoder = WatchDecoder<JSON>()
        var reflector = Reflector<JSON>(resource: .pods)
        _ = reflector.next(random: 0)
        var index = ObjectIndex<JSON>()
        var changes: [ObjectChange<JSON>] = []
        for chunk in try Captures.chunks("31-watchlist") {
            for event in try decoder.receive(chunk) {
                for change in reflector.receive(event).changes { changes += index.apply(change) }
            }
        }
        #expect(changes.map(\.key.name) == ["created", "p0", "p1", "p2", "p3", "p4", "p0"])
        #expect(index.count == 6)
        #expect(index[ObjectKey(namespace: "capture", name: "p0")]?.meta.resourceVersion == "1849")
        #expect(reflector.next(random: 0) == Self.following("1849"))
    }
}
