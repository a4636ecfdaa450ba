// Keeps the copy of one collection true for as long as it runs: performs what the reflector asks for, waits when it says so.

internal import HTTP
public import KubernetesAPI
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
    private let namespace: String
    private let selectors: [String: String]
    private let log: Logger
    private let trouble = Lock<String?>(nil)
    /// What has been named in the log, by object.
    private var named: [ObjectKey: String] = [:]
    private var task: Task<Void, Never>?

    /// Why the collection cannot be followed at the moment, in one sentence; nil while it is followed, and before the first
    /// try.
    public nonisolated var problem: String? { trouble.withLock { $0 } }

    /// An informer; nothing is asked before `start`.
    ///
    /// - Parameters:
    ///   - namespace: empty for all namespaces.
    ///   - labelSelector: empty for all objects.
    ///   - fieldSelector: empty for all objects, such as `spec.nodeName=NAME`.
    ///   - indexes: by what the store finds objects besides namespace and name.
    public init(
        _ client: KubernetesClient, _ resource: APIResource, namespace: String = "",
        labelSelector: String = "",
        fieldSelector: String = "", indexes: [StoreIndex<Object>] = [], log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        store = ObjectStore(indexes: indexes)
        self.client = client
        self.resource = resource
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
        var reflector = Reflector<Object>(resource: resource)
        while !Task.isCancelled {
            let start = MonotonicClock.time
            var failure: KubernetesError?
            var fault: WatchDecodingError?
            do throws(KubernetesError) {
                switch reflector.next(random: .random(in: 0...1)) {
                case .list(let query):
                    let list: ObjectList<Object> = try await client.page(
                        resource, namespace: namespace, query: query.merging(selectors) { first, _ in first })
                    for object in list.unreadable { name(object) }
                    store.apply(reflector.receive(list: list))
                    settle()
                case .watch(let query):
                    fault = try await follow(query.merging(selectors) { first, _ in first }, &reflector)
                }
            } catch {
                failure = error
            }
            guard !Task.isCancelled else { return }
            let now = MonotonicClock.time
            let pause = reflector.ended(
                failure, undecodable: fault != nil, lasted: now - start, now: now, random: .random(in: 0...1))
            guard pause > .zero else { continue }
            report(
                failure.map(sentence) ?? fault?.description ?? "the watch ended at once", again: pause)
            try? await Task.sleep(for: pause)
        }
    }

    /// Logs once what is wrong, until something else is or nothing any more: an outage of an hour is one line.
    private func report(_ why: String, again pause: Duration) {
        let isNew = trouble.withLock { trouble in
            defer { trouble = why }
            return trouble != why
        }
        log.log(isNew ? .warning : .debug, "cannot follow", ["error": why, "again": pause])
    }

    /// Names an object that is passed over, once for each fault.
    private func name(_ object: UnreadableObject) {
        guard named[object.key] != object.fault else { return }
        if named.count >= 1000 { named.removeAll() }
        named[object.key] = object.fault
        log.warning("object passed over", ["object": object.key.description, "error": object.fault])
    }

    /// The server answers.
    private func settle() {
        let before = trouble.withLock { trouble in
            defer { trouble = nil }
            return trouble
        }
        if before != nil { log.info("following again") }
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
        let stream = try await client.watch(resource, namespace: namespace, query: query)
        settle()
        var decoder = WatchDecoder<Object>()
        var chunks = stream.makeAsyncIterator()
        while !Task.isCancelled {
            let chunk: [UInt8]?
            do throws(HTTPError) { chunk = try await chunks.next() } catch {
                await stream.close()
                // After silence the connection may be dead: go on with another.
                if case .timeout = error { return nil }
                throw .connection(error.description)
            }
            guard let chunk else { return nil }
            do throws(WatchDecodingError) {
                for event in try decoder.receive(chunk) {
                    let reception = reflector.receive(event)
                    store.apply(reception.changes)
                    if let object = reception.unreadable { name(object) }
                    guard !reception.endsStream else {
                        await stream.close()
                        return nil
                    }
                }
            } catch {
                await stream.close()
                return error
            }
        }
        await stream.close()
        return nil
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
    public init(
        _ client: KubernetesClient, namespace: String = "", labelSelector: String = "",
        fieldSelector: String = "", indexes: [StoreIndex<Object>] = [], log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        self.init(
            client, Object.resource, namespace: namespace, labelSelector: labelSelector,
            fieldSelector: fieldSelector, indexes: indexes, log: log, loop: loop)
    }
}
