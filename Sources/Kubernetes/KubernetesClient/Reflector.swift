// Follows one collection of the API server so that a copy of it stays true. The order of steps, as client-go's reflector
// takes them since Kubernetes 1.35:
//
//     start ──▶ WatchList ──bookmark "initial-events-end"──▶ following ──end──▶ watch from the last version ──┐
//       ▲        │      ▲                                         ▲   ▲                                        │
//       │   fails▼      │fails, too                               │   └────────────────────────────────────────┘
//       │     list page by page ──▶ watch from its version ───────┘
//       └── 410, a version that is too large, bytes that cannot be followed twice: everything anew
//
// What a failed WatchList means is not always to be seen in its answer: a 404 is a collection that does not exist or a
// proxy that knows no such query, a 503 a server that starts or one that has no room for this request alone. The list
// tells: where it comes through, it is the WatchList that does not, and is asked for no more; where it fails as well, the
// two take turns. A server that refuses the query itself (400, 422 and their like) is listed at once; what may pass is
// given a second try before.
//
// No I/O and no clock: whoever drives it performs `next`, hands in what came and waits the pauses it is told.

public import KubernetesAPI
public import SystemIO

/// The state of following one collection.
public struct Reflector<Object: APIObject>: Sendable {
    /// What has to be asked next.
    public enum Step: Equatable, Sendable {
        /// GET the collection as a watch with this query.
        case watch(query: [String: String])
        /// GET the collection as a list with this query.
        case list(query: [String: String])
    }

    /// What to do to the copy.
    public enum Change: Equatable, Sendable {
        /// The copy is exactly these objects; of those that cannot be read it keeps what it has.
        case replace([Object], unreadable: Set<ObjectKey> = [])
        /// The object is new or has changed.
        case upsert(Object)
        /// The object is gone; this was its last state.
        case delete(Object)
        /// The object is gone; its last state cannot be read.
        case remove(ObjectKey)
    }

    /// What an event means.
    public struct Reception: Equatable, Sendable {
        /// What to do to the copy, in order.
        public var changes: [Change] = []
        /// An object that is passed over, since it is not of its kind's shape.
        public var unreadable: UnreadableObject?
        /// The stream is of no more use: close it and call `ended`.
        public var endsStream = false
    }

    /// Objects of a list page.
    public static var pageSize: Int { 500 }

    private enum Phase: Sendable {
        /// Nothing is known yet.
        case start
        /// The initial events of a WatchList are coming in.
        case initialEvents([ObjectKey: Object], unreadable: Set<ObjectKey>)
        /// Pages of a list are coming in.
        case listing(token: String, items: [Object], unreadable: Set<ObjectKey>)
        /// The copy is complete as of `resourceVersion`.
        case following
    }

    private let resource: APIResource
    private var phase = Phase.start
    private var resourceVersion = ""
    private var initialEvents = InitialEvents()
    /// Streams in a row that have ended at once although they said something.
    private var shortStreams = 0
    /// The version after which bytes could not be followed the last time.
    private var undecodableAfter: String?
    private var backoff: Backoff
    /// What the server has said in the stream to end it; nil while there is nothing.
    public private(set) var fault: KubernetesError?
    private var events = 0
    private var repeatsPage = false
    private var stepIsWatch = true

    /// Starts with nothing known.
    public init(resource: APIResource, backoff: Backoff = .reflector) {
        self.resource = resource
        self.backoff = backoff
    }

    /// Whether the copy has been complete once and only changes are outstanding.
    public var isFollowing: Bool { if case .following = phase { true } else { false } }

    /// What to ask the server now.
    ///
    /// - Parameter random: 0 to 1; watches end after five to ten minutes so that load spreads over servers.
    public mutating func next(random: Double) -> Step {
        events = 0
        fault = nil
        stepIsWatch = true
        let timeout = 300 + Int(300 * min(1, max(0, random)))
        switch phase {
        case .start where initialEvents.listsNext:
            stepIsWatch = false
            return .list(query: ["limit": String(Self.pageSize)])
        case .start, .initialEvents:
            // Without a version the server answers with a consistent read, not with what its cache happens to hold.
            phase = .initialEvents([:], unreadable: [])
            return .watch(query: [
                "watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan",
                "allowWatchBookmarks": "true", "timeoutSeconds": String(timeout),
            ])
        case .listing(let token, _, _):
            stepIsWatch = false
            return .list(query: ["limit": String(Self.pageSize), "continue": token])
        case .following:
            return .watch(query: [
                "watch": "1", "resourceVersion": resourceVersion, "allowWatchBookmarks": "true",
                "timeoutSeconds": String(timeout),
            ])
        }
    }

    /// Takes a page of a list.
    public mutating func receive(list: ObjectList<Object>) -> [Change] {
        events += 1
        var items: [Object] = []
        var unreadable: Set<ObjectKey> = []
        if case .listing(let token, let earlier, let faulty) = phase {
            items = earlier
            unreadable = faulty
            // A server that gives the same page for ever.
            if token == list.continueToken { repeatsPage = true }
        }
        items += list.items.map(completed)
        unreadable.formUnion(list.unreadable.map(\.key))
        guard list.continueToken.isEmpty else {
            phase = .listing(token: list.continueToken, items: items, unreadable: unreadable)
            return []
        }
        resourceVersion = list.resourceVersion
        phase = .following
        initialEvents.listed()
        return [.replace(items, unreadable: unreadable)]
    }

    /// Takes an event of a watch.
    public mutating func receive(_ event: WatchEvent<Object>) -> Reception {
        events += 1
        switch event {
        case .added(let object), .modified(let object):
            let object = completed(object)
            guard case .initialEvents(var objects, let unreadable) = phase else {
                advance(to: object.objectVersion)
                return Reception(changes: [.upsert(object)])
            }
            phase = .start  // so that the dictionary is changed in place
            objects[object.objectKey] = object
            phase = .initialEvents(objects, unreadable: unreadable)
            return Reception()
        case .deleted(let object):
            guard case .initialEvents(var objects, let unreadable) = phase else {
                advance(to: object.objectVersion)
                return Reception(changes: [.delete(completed(object))])
            }
            objects[object.objectKey] = nil
            phase = .initialEvents(objects, unreadable: unreadable)
            return Reception()
        case .unreadable(let object, let isGone):
            guard case .initialEvents(let objects, var unreadable) = phase else {
                advance(to: object.version)
                return Reception(changes: isGone ? [.remove(object.key)] : [], unreadable: object)
            }
            unreadable.insert(object.key)
            phase = .initialEvents(objects, unreadable: unreadable)
            return Reception(unreadable: object)
        case .bookmark(let version, let endsInitialEvents):
            guard case .initialEvents(let objects, let unreadable) = phase else {
                advance(to: version)
                return Reception()
            }
            // The first bookmark of a WatchList has the mark: who sends one without it knows no initial events, or
            // something on the way has taken the mark off.
            guard endsInitialEvents else {
                lacksInitialEvents("a bookmark came without the end mark")
                return Reception(endsStream: true)
            }
            initialEvents.came()
            resourceVersion = version
            phase = .following
            let items = objects.sorted { $0.key < $1.key }.map(\.value)
            return Reception(changes: [.replace(items, unreadable: unreadable)])
        case .error(let status):
            fault = .status(status)
            return Reception(endsStream: true)
        }
    }

    /// The step is over: a list was received, a stream ended, or a request failed.
    ///
    /// - Parameters:
    ///   - error: why, nil for the regular end of a stream or after a list.
    ///   - undecodable: why the bytes of the watch could not be followed; nil where they could.
    ///   - lasted: how long the step took.
    ///   - now: a monotonic time of the caller's choice.
    ///   - random: 0 to 1.
    /// - Returns: how long to wait before `next`.
    public mutating func ended(
        _ error: KubernetesError? = nil, undecodable: String? = nil, lasted: Duration, now: Duration,
        random: Double
    ) -> Duration {
        if repeatsPage {
            repeatsPage = false
            restart()
            return backoff.failed(now: now, random: random)
        }
        if let undecodable {
            // What came before was right: the server sends the rest again from there. Once; after that from the start.
            if case .initialEvents = phase {
                initialEvents.failed(undecodable, mayPass: true, isTelling: true)
            }
            if !isFollowing || undecodableAfter == resourceVersion { restart() }
            undecodableAfter = resourceVersion
            return backoff.failed(now: now, random: random)
        }
        guard let error = error ?? fault else {
            return endedInOrder(lasted: lasted, now: now, random: random)
        }
        switch phase {
        case .initialEvents:
            phase = .start
            initialEvents.failed(error, hasBegun: events > 0)
            // Nothing has failed but the query.
            if initialEvents.isRefused { return .zero }
        case .start: initialEvents.listFailed()
        case .listing, .following: break
        }
        if error.isGone || error.isResourceVersionTooLarge { restart() }
        let pause = backoff.failed(now: now, random: random)
        guard case .status(let status) = error, let seconds = status.retryAfterSeconds else { return pause }
        return max(pause, .seconds(min(300, max(0, seconds))))
    }

    private mutating func endedInOrder(lasted: Duration, now: Duration, random: Double) -> Duration {
        // What ends at once would be asked for again in a tight loop: where it says nothing, and where it says
        // something again and again.
        let isShort = lasted < .seconds(1)
        let isUseless = isShort && events == 0
        switch phase {
        case .listing: return .zero
        case .following where stepIsWatch:
            shortStreams = isShort ? shortStreams + 1 : 0
            return isUseless || shortStreams > 1 ? backoff.failed(now: now, random: random) : .zero
        case .following: return .zero
        case .start where initialEvents.listsNext: return .zero  // now it lists
        case .start, .initialEvents:
            phase = .start
            return isUseless ? backoff.failed(now: now, random: random) : .zero
        }
    }

    /// The initial events do not come to their end: the stream has ended without the mark, or takes too long. Does nothing
    /// to a stream that is past them.
    public mutating func lacksInitialEvents(_ why: String) {
        guard case .initialEvents = phase else { return }
        phase = .start
        initialEvents.areMissing(why)
    }

    /// The sentence for the log about initial events that are not asked for any more; nil after it was taken.
    public mutating func takeNotice() -> String? { initialEvents.takeNotice() }

    /// Nothing that is known can be built on.
    private mutating func restart() {
        phase = .start
        resourceVersion = ""
    }

    private mutating func advance(to version: String) {
        if !version.isEmpty { resourceVersion = version }
    }

    private func completed(_ object: Object) -> Object {
        var object = object
        object.complete(as: resource)
        return object
    }
}
