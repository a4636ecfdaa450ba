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
    /// Whether the stream is compressed.
    var isCompressed = false
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
        guard state.watches.count < options.storeLimits.watchers else {
            throw APIError(
                429, "TooManyRequests", "too many watches: \(state.watches.count) are open",
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
            revision: state.revision)
        plan.isCompressed =
            sendsInitial == true && options.compressesWatchLists && request.takesGzip
        let fromStart = sendsInitial ?? (wanted == 0)
        if fromStart {
            plan.initial = state.list(scope.type.storage, namespace: filter.namespace)
                .filter { filter.matches($0.0, $0.1.json) }.map(\.1)
            plan.endsInitial = sendsInitial == true || bookmarks
        } else if wanted > state.revision {
            plan.skipsUntil = wanted
            plan.revision = wanted
        } else if wanted > 0 || sendsInitial == nil {
            guard let past = state.changes(scope.type.storage, after: wanted) else {
                plan.fault = .expired(
                    "too old resource version: \(wanted) (\(state.oldestRevision(scope.type.storage)))")
                return .watch(plan)
            }
            plan.past = Array(past)
        }
        return .watch(plan)
    }

    /// Answers with a stream. The watcher is registered when the stream begins, and catches up from the plan's version: a
    /// connection that closes before leaves nothing behind.
    func watchResponse(_ plan: WatchPlan) -> HTTPResponse {
        var headers: HTTPHeaders = ["content-type": "application/json", "cache-control": "no-cache, private"]
        if plan.isCompressed {
            headers["content-encoding"] = "gzip"
            headers.add("vary", "Accept-Encoding")
        }
        if let fault = plan.fault {
            let line = WatchEncoder.line("ERROR", fault.status.serialized())
            return HTTPResponse(
                200, headers: headers,
                body: .stream { writer in
                    let writer = try WatchWriter(writer, isCompressed: plan.isCompressed)
                    try await writer.write(line)
                    try await writer.finish()
                })
        }
        return HTTPResponse(
            200, headers: headers,
            body: .stream { [weak self] writer in try await self?.run(plan, into: writer) })
    }

    private func run(_ plan: WatchPlan, into body: HTTPBodyWriter) async throws {
        let writer = try WatchWriter(body, isCompressed: plan.isCompressed)
        try await run(plan, into: writer)
        try await writer.finish()
    }

    private func run(_ plan: WatchPlan, into writer: WatchWriter) async throws {
        guard let identifier = startWatcher(plan) else { return }
        defer { endWatcher(identifier) }
        var encoder = WatchEncoder(plan)
        let first = encoder.opening(plan)
        if !first.isEmpty { try await writer.write(first) }
        while true {
            switch await nextWakeup(identifier) {
            case .events(let events):
                let bytes = encoder.encode(events)
                if !bytes.isEmpty { try await writer.write(bytes) }
            case .bookmark(let revision): try await writer.write(encoder.bookmark(revision))
            case .end: return
            }
        }
    }

    private func startWatcher(_ plan: WatchPlan) -> Watches.Identifier? {
        let resource = plan.filter.type.storage
        guard let missed = state.changes(resource, after: min(plan.revision, state.revision)) else {
            return nil
        }
        let identifier = state.watches.add(resource, namespace: plan.filter.namespace, missed: missed)
        let length = Duration.seconds(plan.seconds)
        schedule(identifier, after: length) { $0.state.watches.finish(identifier) }
        guard plan.bookmarks else { return identifier }
        // One shortly before the end, so that the client's next watch starts where this one stopped.
        if length > .seconds(3) {
            schedule(identifier, after: length - .seconds(2)) { server in
                server.state.watches.bookmark(identifier, at: server.state.revision)
            }
        }
        scheduleBookmark(identifier)
        return identifier
    }

    private func scheduleBookmark(_ identifier: Watches.Identifier) {
        schedule(identifier, after: .seconds(options.bookmarkInterval)) { server in
            guard server.state.watches.contains(identifier) else { return }
            server.state.watches.bookmark(identifier, at: server.state.revision)
            server.scheduleBookmark(identifier)
        }
    }

    /// Does something later, unless the watch has ended by then.
    private func schedule(
        _ identifier: Watches.Identifier, after delay: Duration,
        _ body: @escaping @Sendable (isolated APIServer) -> Void
    ) {
        let timer = loop.schedule(after: delay) { [weak self] in self?.assumeIsolated { body($0) } }
        state.watches.keep(timer, for: identifier)
    }

    private func endWatcher(_ identifier: Watches.Identifier) { state.watches.remove(identifier) }

    private func nextWakeup(_ identifier: Watches.Identifier) async -> Watches.Wakeup {
        if let wakeup = state.watches.wakeup(identifier) { return wakeup }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .end)
                } else {
                    state.watches.wait(identifier, continuation)
                }
            }
        } onCancel: {
            Task { await self.endWatcher(identifier) }
        }
    }
}
