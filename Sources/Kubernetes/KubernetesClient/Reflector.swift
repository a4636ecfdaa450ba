// Follows one collection of the API server so that a copy of it stays true. The order of steps, as client-go's reflector
// takes them since Kubernetes 1.35:
//
//     start ──▶ WatchList ──bookmark "initial-events-end"──▶ following ──end──▶ watch from the last version ──┐
//       ▲          │ 400 or 422: the server cannot                ▲   ▲                                        │
//       │          ▼                                              │   └────────────────────────────────────────┘
//       │         list page by page ──▶ watch from its version ───┘
//       └── 410, a version that is too large, bytes that cannot be followed: everything anew
//
// No I/O and no clock: whoever drives it performs `next`, hands in what came and waits the pauses it is told.

package import JSON
package import KubernetesAPI
package import SystemIO

/// The state of following one collection.
package struct Reflector: Sendable {
    /// What has to be asked next.
    package enum Step: Equatable, Sendable {
        /// GET the collection as a watch with this query.
        case watch(query: [String: String])
        /// GET the collection as a list with this query.
        case list(query: [String: String])
    }

    /// What to do to the copy.
    package enum Change: Equatable, Sendable {
        /// The copy is exactly these objects.
        case replace([JSON])
        /// The object is new or has changed.
        case upsert(JSON)
        /// The object is gone; this was its last state.
        case delete(JSON)
    }

    /// What an event means.
    package struct Reception: Equatable, Sendable {
        /// What to do to the copy, in order.
        package var changes: [Change] = []
        /// The stream is of no more use: close it and call `ended`.
        package var endsStream = false
    }

    /// Objects of a list page.
    package static let pageSize = 500

    private enum Phase: Sendable {
        /// Nothing is known yet.
        case start
        /// The initial events of a WatchList are coming in.
        case initialEvents([ObjectKey: JSON])
        /// Pages of a list are coming in.
        case listing(token: String, items: [JSON])
        /// The copy is complete as of `resourceVersion`.
        case following
    }

    private let resource: APIResource
    private var phase = Phase.start
    private var resourceVersion = ""
    private var usesWatchList = true
    private var backoff: Backoff
    private var fault: KubernetesError?
    private var events = 0

    /// Starts with nothing known.
    package init(resource: APIResource, backoff: Backoff = .reflector) {
        self.resource = resource
        self.backoff = backoff
    }

    /// Whether the copy has been complete once and only changes are outstanding.
    package var isFollowing: Bool { if case .following = phase { true } else { false } }

    /// What to ask the server now.
    ///
    /// - Parameter random: 0 to 1; watches end after five to ten minutes so that load spreads over servers.
    package mutating func next(random: Double) -> Step {
        events = 0
        fault = nil
        let timeout = 300 + Int(300 * min(1, max(0, random)))
        switch phase {
        case .start where !usesWatchList:
            return .list(query: ["limit": String(Self.pageSize)])
        case .start, .initialEvents:
            // Without a version the server answers with a consistent read, not with what its cache happens to hold.
            phase = .initialEvents([:])
            return .watch(query: [
                "watch": "1", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan",
                "allowWatchBookmarks": "true", "timeoutSeconds": String(timeout),
            ])
        case .listing(let token, _):
            return .list(query: ["limit": String(Self.pageSize), "continue": token])
        case .following:
            return .watch(query: [
                "watch": "1", "resourceVersion": resourceVersion, "allowWatchBookmarks": "true",
                "timeoutSeconds": String(timeout),
            ])
        }
    }

    /// Takes a page of a list.
    package mutating func receive(list: JSON) -> [Change] {
        events += 1
        var items: [JSON] = []
        if case .listing(_, let earlier) = phase { items = earlier }
        items += (list["items"]?.array ?? []).map(normalized)
        if let token = list["metadata"]?["continue"]?.string, !token.isEmpty {
            phase = .listing(token: token, items: items)
            return []
        }
        resourceVersion = list.meta.resourceVersion
        phase = .following
        return [.replace(items)]
    }

    /// Takes an event of a watch.
    package mutating func receive(_ event: WatchEvent) -> Reception {
        events += 1
        switch event {
        case .added(let object), .modified(let object):
            let object = normalized(object)
            guard case .initialEvents(var objects) = phase else {
                advance(to: object.meta.resourceVersion)
                return Reception(changes: [.upsert(object)])
            }
            phase = .start  // so that the dictionary is changed in place
            objects[object.objectKey] = object
            phase = .initialEvents(objects)
            return Reception()
        case .deleted(let object):
            guard case .initialEvents(var objects) = phase else {
                advance(to: object.meta.resourceVersion)
                return Reception(changes: [.delete(normalized(object))])
            }
            objects[object.objectKey] = nil
            phase = .initialEvents(objects)
            return Reception()
        case .bookmark(let version, let endsInitialEvents):
            guard case .initialEvents(let objects) = phase else {
                advance(to: version)
                return Reception()
            }
            guard endsInitialEvents else { return Reception() }
            resourceVersion = version
            phase = .following
            return Reception(changes: [.replace(objects.values.sorted { $0.objectKey < $1.objectKey })])
        case .error(let status):
            fault = .status(status)
            return Reception(endsStream: true)
        }
    }

    /// The step is over: a list was received, a stream ended, or a request failed.
    ///
    /// - Parameters:
    ///   - error: why, nil for the regular end of a stream or after a list.
    ///   - undecodable: the bytes of the watch could not be followed.
    ///   - lasted: how long the step took.
    ///   - now: a monotonic time of the caller's choice.
    ///   - random: 0 to 1.
    /// - Returns: how long to wait before `next`.
    package mutating func ended(
        _ error: KubernetesError? = nil, undecodable: Bool = false, lasted: Duration, now: Duration,
        random: Double
    ) -> Duration {
        guard !undecodable else {
            restart()
            return backoff.failed(now: now, random: random)
        }
        guard let error = error ?? fault else {
            if case .initialEvents = phase { phase = .start }
            // A watch that ends at once and says nothing would be asked for again in a tight loop.
            let useless = events == 0 && lasted < .seconds(1)
            if case .following = phase, !useless { return .zero }
            if case .listing = phase { return .zero }
            return useless ? backoff.failed(now: now, random: random) : .zero
        }
        if case .initialEvents = phase {
            phase = .start
            if error.code == 400 || error.code == 422 {  // a server without WatchList refuses its query
                usesWatchList = false
                return .zero
            }
        }
        if error.isGone || error.isResourceVersionTooLarge { restart() }
        let pause = backoff.failed(now: now, random: random)
        guard case .status(let status) = error, let seconds = status.retryAfterSeconds else { return pause }
        return max(pause, .seconds(min(300, max(0, seconds))))
    }

    /// Nothing that is known can be built on.
    private mutating func restart() {
        phase = .start
        resourceVersion = ""
    }

    private mutating func advance(to version: String) {
        if !version.isEmpty { resourceVersion = version }
    }

    /// Items of lists come without apiVersion and kind, and with managed fields that nobody here reads.
    private func normalized(_ object: JSON) -> JSON {
        var object = object
        if object["kind"] == nil { object["kind"] = .string(resource.kind) }
        if object["apiVersion"] == nil { object["apiVersion"] = .string(resource.apiVersion) }
        if object["metadata"]?["managedFields"] != nil { object[path: ["metadata", "managedFields"]] = nil }
        return object
    }
}
