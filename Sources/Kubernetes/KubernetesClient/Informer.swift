// Keeps the copy of one collection true for as long as it runs: performs what the reflector asks for, waits when it says so.

internal import Gzip
internal import HTTP
internal import HTTP1
public import KubernetesAPI
public import KubernetesWire
public import Observability
public import SystemIO

/// Follows one collection.
///
/// An object that is not of its type's shape is passed over and named in the log; what was known of it stays.
public actor Informer<Object: APIObject>: LoopActor {
    /// The resource that is followed.
    public nonisolated let resource: APIResource
    /// The copy.
    public nonisolated let store: ObjectStore<Object>
    /// The loop that the informer lives on.
    public nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let reader: ObjectReader<Object>
    private let namespace: String
    private let selectors: [String: String]
    private let backoff: Backoff
    private let log: Logger
    private let outage = Outage()
    private let unreadableGauge: Gauge?
    /// What cannot be read at present, and why.
    private let faults = Lock<[ObjectKey: String]>([:])
    /// What every object is reduced to before it is kept.
    private let transform: (@Sendable (Object) -> Object)?
    /// Closes a stream whose initial events do not come to their end.
    private var initialEventsTimer: ScheduledTimer?
    private var initialEventsAreLate = false
    private var task: Task<Void, Never>?

    /// Why the collection cannot be followed at the moment, in one sentence; nil while it is followed, and before the first
    /// try.
    public nonisolated var problem: String? { outage.problem }

    /// The objects that are passed over at present, since they cannot be read, with their faults.
    public nonisolated var unreadable: [ObjectKey: String] { faults.withLock { $0 } }

    /// How long initial events may take before they are taken for something that never ends: as long as a list of the
    /// largest clusters.
    private static var initialEventsLimit: Duration { .seconds(60) }

    /// An informer; nothing is asked before `start`.
    ///
    /// - Parameters:
    ///   - namespace: empty for all namespaces.
    ///   - labelSelector: empty for all objects.
    ///   - fieldSelector: empty for all objects, such as `spec.nodeName=NAME`.
    ///   - indexes: by what the store finds objects besides namespace and name.
    ///   - omitted: fields of built-in types that nobody reads in the copy; they cost nothing where the server speaks protobuf.
    ///   - transform: what an object is reduced to before it is kept: a copy of many objects holds what is read of them.
    ///   - registry: where it is counted what cannot be read.
    ///   - backoff: the pauses after failures.
    public init(
        _ client: KubernetesClient, _ resource: APIResource, namespace: String = "",
        labelSelector: String = "",
        fieldSelector: String = "", indexes: [StoreIndex<Object>] = [],
        omitting omitted: OmittedFields? = nil, transform: (@Sendable (Object) -> Object)? = nil,
        registry: MetricsRegistry? = nil,
        backoff: Backoff = .reflector, log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        store = ObjectStore(indexes: indexes)
        self.transform = transform
        self.backoff = backoff
        unreadableGauge = registry?.gauge(
            "ganglion_unreadable_objects",
            "Objects of the API server that are passed over, since they cannot be read.",
            labels: ["resource"])
        unreadableGauge?.set(0, [resource.plural])
        self.client = client
        self.resource = resource
        reader = ObjectReader(resource, omitting: omitted)
        self.namespace = namespace
        var selectors: [String: String] = [:]
        if !labelSelector.isEmpty { selectors["labelSelector"] = labelSelector }
        if !fieldSelector.isEmpty { selectors["fieldSelector"] = fieldSelector }
        self.selectors = selectors
        self.log = log.with(["resource": resource.plural])
        self.loop = loop
    }

    /// Begins to follow.
    public func start() {
        guard task == nil else { return }
        task = Task { await run() }
    }

    /// Ends; the copy stays as it is and streams of changes end.
    public func stop() async {
        task?.cancel()
        await task?.value
        store.finish()
    }

    private func run() async {
        var reflector = Reflector<Object>(resource: resource, backoff: backoff)
        while !Task.isCancelled {
            let start = MonotonicClock.time
            var failure: KubernetesError?
            var fault: WatchDecodingError?
            do throws(KubernetesError) {
                switch reflector.next(random: .random(in: 0...1)) {
                case .list(let query):
                    let list = try await client.page(
                        resource, namespace: namespace, query: query.merging(selectors) { first, _ in first },
                        reader, transform: transform ?? { $0 })
                    for object in list.unreadable { name(object) }
                    let changes = reflector.receive(list: list)
                    settle()  // before whoever waits for the copy can look
                    apply(changes)
                case .watch(let query):
                    fault = try await follow(query.merging(selectors) { first, _ in first }, &reflector)
                }
            } catch {
                failure = error
            }
            guard !Task.isCancelled else { return }
            let now = MonotonicClock.time
            // What the server has said to end the stream counts as if it had said it at the start.
            failure = failure ?? reflector.fault
            let pause = reflector.ended(
                failure, undecodable: fault?.description, lasted: now - start, now: now,
                random: .random(in: 0...1))
            if let notice = reflector.takeNotice() {
                log.warning("cannot watch from the start", ["error": notice])
            }
            guard pause > .zero else { continue }
            report(
                failure.map(sentence) ?? fault?.description ?? "the watch ended at once", again: pause)
            try? await Task.sleep(for: pause)
        }
    }

    /// Logs once what is wrong, until something else is or nothing any more: an outage of an hour is one line.
    private func report(_ why: String, again pause: Duration) {
        let isNew = outage.begin(why)
        log.log(isNew ? .warning : .debug, "cannot follow", ["error": why, "again": pause])
    }

    /// Names an object that is passed over, once for each fault.
    private func name(_ object: UnreadableObject) {
        let isNew = faults.withLock { faults in
            if faults[object.key] == nil, faults.count >= 1000 { faults.removeAll() }
            return faults.updateValue(object.fault, forKey: object.key) != object.fault
        }
        guard isNew else { return }
        log.warning("object passed over", ["object": object.key.description, "error": object.fault])
        countFaults()
    }

    private func countFaults() {
        unreadableGauge?.set(Double(faults.withLock(\.count)), [resource.plural])
    }

    /// Changes the copy, and forgets the faults of what can be read again or is gone.
    private func apply(_ changes: [Reflector<Object>.Change]) {
        store.apply(changes)
        let isMended = faults.withLock { faults in
            guard !faults.isEmpty else { return false }
            for change in changes {
                switch change {
                case .replace(_, let unreadable): faults = faults.filter { unreadable.contains($0.key) }
                case .upsert(let object), .delete(let object): faults[object.objectKey] = nil
                case .remove(let key): faults[key] = nil
                }
            }
            return true
        }
        if isMended { countFaults() }
    }

    private func reduced(_ event: WatchEvent<Object>) -> WatchEvent<Object> {
        guard let transform else { return event }
        return switch event {
        case .added(let object): .added(transform(object))
        case .modified(let object): .modified(transform(object))
        case .deleted(let object): .deleted(transform(object))
        case .unreadable, .bookmark, .error: event
        }
    }

    /// The server answers.
    private func settle() {
        if outage.end() != nil { log.info("following again") }
    }

    /// A collection that is not found is one that the server does not know; its own words say nothing of the kind.
    private func sentence(_ error: KubernetesError) -> String {
        guard error.isNotFound, !resource.group.isEmpty else { return error.description }
        return
            "the cluster does not know \(resource.plural).\(resource.group): install that CustomResourceDefinition, it is followed as soon as it is there"
    }

    /// - Returns: why the stream's bytes cannot be followed; nil when it ended in order.
    private func follow(
        _ query: [String: String], _ reflector: inout Reflector<Object>
    ) async throws(KubernetesError) -> WatchDecodingError? {
        let stream = try await client.open(
            "WATCH", resource, namespace: namespace, query: query, accept: reader.accept)
        if reflector.isFollowing { settle() }
        initialEventsAreLate = false
        if !reflector.isFollowing {
            initialEventsTimer = loop.schedule(after: Self.initialEventsLimit, on: self) { informer in
                informer.initialEventsAreLate = true
                Task { await stream.close() }
            }
        }
        defer { initialEventsTimer?.cancel() }
        var decoder = WatchDecoder(
            resource, reader, ObjectReader<Object>.form(stream.headers["content-type"]))
        let content: ContentDecoder
        do throws(KubernetesError) { content = try ContentDecoder(stream.headers) } catch {
            await stream.close()
            throw error
        }
        var chunks = stream.makeAsyncIterator()
        while !Task.isCancelled {
            let chunk: [UInt8]?
            do throws(HTTPError) { chunk = try await chunks.next() } catch {
                await stream.close()
                if initialEventsAreLate {
                    reflector.lacksInitialEvents(
                        "the initial events did not end within \(Self.initialEventsLimit)")
                    return nil
                }
                // After silence the connection may be dead: go on with another.
                if case .timeout = error, reflector.isFollowing { return nil }
                throw .connection(error.description)
            }
            guard let chunk else {
                reflector.lacksInitialEvents("the initial events ended without the end mark")
                return nil
            }
            let (fault, endsStream) = take(chunk, content, &decoder, &reflector)
            guard fault == nil, !endsStream else {
                await stream.close()
                return fault
            }
        }
        await stream.close()
        return nil
    }
}

extension Informer {
    /// Takes a piece of a body, whatever its coding. A stream that ends without the end of its gzip has lost nothing: its last
    /// event is whole or it is not.
    private func take(
        _ chunk: [UInt8], _ content: ContentDecoder, _ decoder: inout WatchDecoder<Object>,
        _ reflector: inout Reflector<Object>
    ) -> (fault: WatchDecodingError?, endsStream: Bool) {
        content.receive(chunk)
        do throws(GzipError) {
            while let part = try content.next() {
                let result = take(part, &decoder, &reflector)
                guard result.fault == nil, !result.endsStream else { return result }
            }
            return (nil, false)
        } catch {
            return (.notAnEvent(error.description), true)
        }
    }

    /// Takes a piece of a stream. What came before something that cannot be read counts.
    ///
    /// - Returns: why the rest cannot be followed, and whether the stream is of no more use.
    private func take(
        _ chunk: [UInt8], _ decoder: inout WatchDecoder<Object>, _ reflector: inout Reflector<Object>
    ) -> (fault: WatchDecodingError?, endsStream: Bool) {
        var changes: [Reflector<Object>.Change] = []
        var endsStream = false
        var fault: WatchDecodingError?
        do throws(WatchDecodingError) {
            try decoder.receive(chunk) { event in
                guard !endsStream else { return }
                let reception = reflector.receive(reduced(event))
                changes += reception.changes
                if let object = reception.unreadable, !reception.changes.contains(.remove(object.key)) {
                    name(object)
                }
                endsStream = reception.endsStream
            }
        } catch {
            fault = error
        }
        if reflector.isFollowing {
            initialEventsTimer?.cancel()
            settle()  // before whoever waits for the copy can look
        }
        apply(changes)
        return (fault, endsStream)
    }
}

extension Informer where Object: Resource {
    /// An informer of a typed resource; nothing is asked before `start`.
    ///
    /// - Parameters:
    ///   - namespace: empty for all namespaces.
    ///   - labelSelector: empty for all objects.
    ///   - fieldSelector: empty for all objects, such as `spec.nodeName=NAME`.
    ///   - indexes: by what the store finds objects besides namespace and name.
    ///   - omitted: fields of built-in types that nobody reads in the copy; they cost nothing where the server speaks protobuf.
    ///   - transform: what an object is reduced to before it is kept: a copy of many objects holds what is read of them.
    ///   - registry: where it is counted what cannot be read.
    ///   - backoff: the pauses after failures.
    public init(
        _ client: KubernetesClient, namespace: String = "", labelSelector: String = "",
        fieldSelector: String = "", indexes: [StoreIndex<Object>] = [],
        omitting omitted: OmittedFields? = nil, transform: (@Sendable (Object) -> Object)? = nil,
        registry: MetricsRegistry? = nil,
        backoff: Backoff = .reflector, log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        self.init(
            client, Object.resource, namespace: namespace, labelSelector: labelSelector,
            fieldSelector: fieldSelector, indexes: indexes, omitting: omitted, transform: transform,
            registry: registry,
            backoff: backoff, log: log, loop: loop)
    }
}
