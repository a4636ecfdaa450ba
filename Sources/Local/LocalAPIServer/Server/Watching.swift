// WATCH: classic, from a version or from now, and WatchList (KEP-3157). A watcher has a bounded queue; one that does not
// keep up is ended, and its client lists again, as with the real server.

internal import APIMachinery
internal import CEL
internal import HTTP
internal import HTTP1
internal import JSON
internal import SystemIO

/// What a watch was asked for.
struct WatchPlan: Sendable {
    var filter: ObjectFilter
    var form: ObjectForm
    var includeObject: String
    var bookmarks: Bool
    var seconds: Int
    /// Objects sent first as ADDED.
    var initial: [StoredObject] = []
    /// Whether a bookmark tells that the first objects are complete.
    var endsInitial = false
    /// Changes that have already happened.
    var past: [StoreEvent] = []
    /// The version the watch stands at before it goes live.
    var revision: Int64
    /// The only event, an error.
    var fault: APIError?
    /// Changes up to this version are not sent.
    var skipsUntil: Int64 = 0
}

/// A watch that goes on.
struct Watcher {
    enum Signal: Sendable {
        case events([StoreEvent])
        case bookmark(Int64)
        case end
    }

    var storage: GroupResource
    var namespace: String?
    var bookmarks: Bool
    var queue: [StoreEvent] = []
    var pendingBookmark = false
    var isEnding = false
    var waiter: CheckedContinuation<Signal, Never>?
    var timers: [ScheduledTimer] = []
}

extension APIServer {
    func watch(_ request: APIRequest, _ scope: ResourceScope) throws(APIError) -> APIAnswer {
        let form = try ObjectForm.negotiated(request, custom: scope.type.isCustom)
        let filter = try ObjectFilter(request, scope)
        let text = request.query["resourceVersion"] ?? ""
        let match = request.query["resourceVersionMatch"] ?? ""
        let sendsInitial = request.query["sendInitialEvents"].map { $0 == "true" }
        func invalid(_ fault: FieldError) -> APIError {
            .invalid(group: "meta.k8s.io", kind: "ListOptions", name: "", [fault])
        }
        if sendsInitial != nil, !options.hasWatchList {
            throw invalid(
                .forbidden(
                    "sendInitialEvents",
                    "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"))
        }
        if sendsInitial != nil, match != "NotOlderThan" {
            throw invalid(
                .forbidden(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        }
        if sendsInitial == nil, !match.isEmpty {
            throw invalid(
                .forbidden(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        }
        guard watchers.count < options.storeLimits.watchers else {
            throw APIError(
                429, "TooManyRequests", "too many watches: \(watchers.count) are open",
                details: ["retryAfterSeconds": 1],
                retryAfter: 1)
        }
        var wanted: Int64 = 0
        if !text.isEmpty {
            guard let number = Int64(text), number >= 0 else {
                throw APIError(
                    500, "",
                    "resourceVersion: Invalid value: \(quoted(text)): strconv.ParseUint: parsing \(quoted(text)):"
                        + " invalid syntax")
            }
            wanted = number
        }
        let bookmarks = request.flag("allowWatchBookmarks")
        let asked = Int(request.query["timeoutSeconds"] ?? "") ?? 0
        var plan = WatchPlan(
            filter: filter, form: form, includeObject: request.query["includeObject"] ?? "Metadata",
            bookmarks: bookmarks, seconds: asked > 0 ? min(asked, 86_400) : Int.random(in: 1_800...3_600),
            revision: store.revision)
        let fromStart = sendsInitial ?? (wanted == 0)
        if fromStart {
            plan.initial = store.list(scope.type.storage, namespace: filter.namespace)
                .filter { filter.matches($0.0, $0.1.json) }.map(\.1)
            plan.endsInitial = sendsInitial == true || bookmarks
        } else if wanted > store.revision {
            plan.skipsUntil = wanted
            plan.revision = wanted
        } else if wanted > 0 || sendsInitial == nil {
            guard let past = store.changes(scope.type.storage, after: wanted) else {
                plan.fault = .expired(
                    "too old resource version: \(wanted) (\(store.oldestRevision(scope.type.storage)))")
                return .watch(plan)
            }
            plan.past = Array(past)
        }
        return .watch(plan)
    }

    /// Answers with a stream. The watcher is registered when the stream begins, and catches up from the plan's version: a
    /// connection that closes before leaves nothing behind.
    func watchResponse(_ plan: WatchPlan) -> HTTPResponse {
        let headers: HTTPHeaders = ["content-type": "application/json", "cache-control": "no-cache, private"]
        if let fault = plan.fault {
            let line = WatchEncoder.line("ERROR", fault.status.serialized())
            return HTTPResponse(200, headers: headers, body: .stream { try await $0.write(line) })
        }
        return HTTPResponse(
            200, headers: headers,
            body: .stream { [weak self] writer in try await self?.run(plan, into: writer) })
    }

    private func run(_ plan: WatchPlan, into writer: HTTPBodyWriter) async throws(HTTPError) {
        guard let identifier = startWatcher(plan) else { return }
        defer { endWatcher(identifier) }
        var encoder = WatchEncoder(plan)
        let first = encoder.opening(plan)
        if !first.isEmpty { try await writer.write(first) }
        while true {
            switch await nextSignal(identifier) {
            case .events(let events):
                let bytes = encoder.encode(events)
                if !bytes.isEmpty { try await writer.write(bytes) }
            case .bookmark(let revision): try await writer.write(encoder.bookmark(revision))
            case .end: return
            }
        }
    }

    private func startWatcher(_ plan: WatchPlan) -> Int? {
        guard let missed = store.changes(plan.filter.type.storage, after: min(plan.revision, store.revision))
        else {
            return nil
        }
        nextWatcher += 1
        let identifier = nextWatcher
        var watcher = Watcher(
            storage: plan.filter.type.storage, namespace: plan.filter.namespace, bookmarks: plan.bookmarks)
        watcher.queue = Array(missed)
        func after(_ seconds: Double, _ body: @escaping @Sendable (isolated APIServer) -> Void) {
            watcher.timers.append(
                loop.schedule(after: .milliseconds(Int(seconds * 1_000)), on: self) { body($0) })
        }
        let seconds = Double(plan.seconds)
        after(seconds) { $0.finishWatcher(identifier) }
        if plan.bookmarks {
            // One shortly before the end, so that the client's next watch starts where this one stopped.
            if seconds > 3 { after(seconds - 2) { $0.markWatcher(identifier, again: false) } }
            watchers[identifier] = watcher
            scheduleBookmark(identifier)
        } else {
            watchers[identifier] = watcher
        }
        return identifier
    }

    private func scheduleBookmark(_ identifier: Int) {
        let timer = loop.schedule(after: .seconds(options.bookmarkInterval), on: self) {
            $0.markWatcher(identifier, again: true)
        }
        watchers[identifier]?.timers.append(timer)
    }

    private func markWatcher(_ identifier: Int, again: Bool) {
        guard watchers[identifier] != nil else { return }
        watchers[identifier]?.pendingBookmark = true
        if again { scheduleBookmark(identifier) }
        wake(identifier)
    }

    /// The watch comes to its normal end after what is queued.
    func finishWatcher(_ identifier: Int) {
        watchers[identifier]?.isEnding = true
        wake(identifier)
    }

    private func endWatcher(_ identifier: Int) {
        guard let watcher = watchers.removeValue(forKey: identifier) else { return }
        for timer in watcher.timers { timer.cancel() }
        watcher.waiter?.resume(returning: .end)
    }

    private func ready(_ identifier: Int) -> Watcher.Signal? {
        guard var watcher = watchers[identifier] else { return .end }
        defer { watchers[identifier] = watcher }
        if !watcher.queue.isEmpty {
            let events = watcher.queue
            watcher.queue = []
            return .events(events)
        }
        if watcher.isEnding { return .end }
        if watcher.pendingBookmark {
            watcher.pendingBookmark = false
            return .bookmark(store.revision)
        }
        return nil
    }

    private func wake(_ identifier: Int) {
        guard let waiter = watchers[identifier]?.waiter, let signal = ready(identifier) else { return }
        watchers[identifier]?.waiter = nil
        waiter.resume(returning: signal)
    }

    private func nextSignal(_ identifier: Int) async -> Watcher.Signal {
        if let signal = ready(identifier) { return signal }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || watchers[identifier] == nil {
                    continuation.resume(returning: .end)
                } else {
                    watchers[identifier]?.waiter = continuation
                }
            }
        } onCancel: {
            Task { await self.endWatcher(identifier) }
        }
    }

    /// Tells everybody about a change.
    func publish(_ resource: GroupResource, _ event: StoreEvent) {
        owners.note(resource, event)
        for (identifier, watcher) in watchers where watcher.storage == resource && !watcher.isEnding {
            if let namespace = watcher.namespace, namespace != event.name.namespace { continue }
            watchers[identifier]?.queue.append(event)
            if watcher.queue.count >= options.storeLimits.watcherBacklog {
                watchers[identifier]?.queue = []
                watchers[identifier]?.isEnding = true
            }
            wake(identifier)
        }
        for observer in observers { observer(resource, event) }
    }
}
