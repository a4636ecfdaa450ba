// A small API server with one collection, whose every answer a test may spoil. What it holds, and every change, is its own: a
// copy is right when it equals that.

import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import TestSupport

@testable import KubernetesClient

/// What goes wrong with one answer.
enum TortureFault: Int, CaseIterable, Sendable {
    /// An HTTP status instead of an answer.
    case badRequest, forbidden, notFound, gone, tooMany, internalError, unavailable, timeout
    /// In the stream: an ERROR event, its end, a connection that breaks, half a line before it, what is no JSON, what is no
    /// event, an event that is no object's.
    case errorEvent, goneEvent, ends, cut, truncates, garbage, noEvent, unreadable
    /// Initial events without their mark, and a bookmark that lacks it.
    case noEndMark, unmarkedBookmark
    /// Nothing wrong, in pieces of an octet or a few.
    case split
    /// Everything waits until the collection has changed.
    case delayed
}

/// Holds the collection, and answers.
actor TortureServer {
    private struct Event {
        var version: Int
        var type: String
        var object: JSON
    }

    private var objects: [String: JSON] = [:]
    private var events: [Event] = []
    private var version = 1
    private var watchers: [CheckedContinuation<Void, Never>] = []
    private var random: SeededGenerator
    private var faultsLeft = 0
    /// Faults that were made, by kind.
    private(set) var made: [TortureFault: Int] = [:]
    /// Versions below are no longer known.
    private var oldest = 1
    private var isOver = false

    init(seed: Int) { random = SeededGenerator(seed: seed) }

    /// The names and versions of what there is.
    var truth: [String: String] { objects.mapValues { $0.meta.resourceVersion } }
    var isExhausted: Bool { faultsLeft == 0 }
    var faultCount: Int { made.values.reduce(0, +) }

    /// So many answers more are spoilt.
    func spoil(_ count: Int) { faultsLeft = count }

    /// Ends all streams.
    func stop() {
        isOver = true
        wake()
    }

    private func put(_ name: String) {
        version += 1
        let isNew = objects[name] == nil
        let uid = isNew ? "u-\(name)-\(version)" : objects[name]?.meta.uid ?? ""
        let object: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "n", "uid": .string(uid),
                "resourceVersion": .string(String(version)), "labels": ["v": .string(String(version % 7))],
            ],
            "spec": ["nodeName": .string("node-\(version % 3)"), "containers": [["name": "c"]]],
        ]
        objects[name] = object
        events.append(Event(version: version, type: isNew ? "ADDED" : "MODIFIED", object: object))
    }

    private func remove(_ name: String) {
        guard var object = objects.removeValue(forKey: name) else { return }
        version += 1
        var metadata = object["metadata"] ?? [:]
        metadata["resourceVersion"] = .string(String(version))
        object["metadata"] = metadata
        events.append(Event(version: version, type: "DELETED", object: object))
    }

    /// Changes the collection a little.
    private func change() {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let name = "pod-\(Int.random(in: 0..<12, using: &random))"
            if objects[name] != nil, Bool.random(using: &random) { remove(name) } else { put(name) }
        }
        // What comes and goes is no change for who has not looked meanwhile; this is one always.
        put("pod-0")
        wake()
    }

    private func wake() {
        let waiting = watchers
        watchers = []
        for watcher in waiting { watcher.resume() }
    }

    private func nextFault() -> TortureFault? {
        guard faultsLeft > 0, let fault = TortureFault.allCases.randomElement(using: &random) else {
            return nil
        }
        faultsLeft -= 1
        made[fault, default: 0] += 1
        return fault
    }

    // MARK: Answers

    nonisolated func answer(_ request: HTTPRequest) async -> HTTPResponse { await respond(request) }

    private func respond(_ request: HTTPRequest) -> HTTPResponse {
        let fault = nextFault()
        change()
        switch fault {
        case .badRequest: return ScriptedServer.failure(400, "BadRequest")
        case .forbidden: return ScriptedServer.failure(403, "Forbidden")
        case .notFound: return ScriptedServer.failure(404, "NotFound")
        case .gone: return ScriptedServer.failure(410, "Expired")
        case .tooMany: return ScriptedServer.failure(429, "TooManyRequests", headers: ["retry-after": "0"])
        case .internalError: return ScriptedServer.failure(500, "InternalError")
        case .unavailable: return ScriptedServer.failure(503, "ServiceUnavailable")
        case .timeout: return ScriptedServer.failure(504, "Timeout")
        default: break
        }
        if request.query("watch") == nil { return list(request, fault) }
        let begins = request.query("sendInitialEvents") != nil
        let from = Int(request.query("resourceVersion") ?? "") ?? 0
        guard begins || from >= oldest else { return ScriptedServer.failure(410, "Expired") }
        return HTTPResponse(
            200, headers: ["content-type": "application/json"],
            body: .stream { [self] writer in try await stream(writer, from: from, begins: begins, fault) })
    }

    private func list(_ request: HTTPRequest, _ fault: TortureFault?) -> HTTPResponse {
        let names = objects.keys.sorted()
        let items = names.compactMap { objects[$0] }
        let body: JSON = [
            "kind": "PodList", "apiVersion": "v1", "metadata": ["resourceVersion": .string(String(version))],
            "items": .array(items),
        ]
        let octets = body.serialized()
        switch fault {
        case .truncates, .cut:
            return HTTPResponse(
                200,
                body: .stream { writer in
                    try await writer.write(Array(octets.prefix(octets.count / 2)))
                    throw CancellationError()
                })
        case .ends: return HTTPResponse(200, body: .bytes(Array(octets.prefix(octets.count * 2 / 3))))
        case .garbage, .noEvent: return HTTPResponse(200, body: .bytes(Array("<html>busy</html>".utf8)))
        case .split:
            return HTTPResponse(
                200, body: .stream { writer in for octet in octets { try await writer.write([octet]) } })
        default: return HTTPResponse(200, body: .bytes(octets))
        }
    }

    private func line(_ type: String, _ object: JSON) -> String {
        (["type": .string(type), "object": object] as JSON).text() + "\n"
    }

    private func bookmark(endsInitialEvents: Bool) -> String {
        var metadata: JSON = ["resourceVersion": .string(String(version))]
        if endsInitialEvents { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        return line("BOOKMARK", ["kind": "Pod", "metadata": metadata])
    }

    /// What a watch begins with, and the version that it is then at.
    private func beginning(from: Int, begins: Bool, _ fault: TortureFault?) -> (text: String, version: Int) {
        guard begins else { return ("", from) }
        var text = ""
        for name in objects.keys.sorted() { if let object = objects[name] { text += line("ADDED", object) } }
        if fault != .noEndMark { text += bookmark(endsInitialEvents: fault != .unmarkedBookmark) }
        return (text, version)
    }

    private func news(after seen: Int) -> (text: String, version: Int) {
        let new = events.filter { $0.version > seen }
        return (new.map { line($0.type, $0.object) }.joined(), new.last?.version ?? seen)
    }

    private func stream(
        _ writer: HTTPBodyWriter, from: Int, begins: Bool, _ fault: TortureFault?
    ) async throws {
        var (text, seen) = beginning(from: from, begins: begins, fault)
        try await write(writer, text, fault == .split)
        if fault == .noEndMark { return }
        if fault == .delayed {
            // Others go first, many times.
            for _ in 0..<100 { await Task.yield() }
            change()
        }
        while !isOver {
            (text, seen) = news(after: seen)
            try await write(writer, text, fault == .split)
            switch fault {
            case .errorEvent:
                let status: JSON = ["kind": "Status", "code": 500, "message": "etcdserver: no leader"]
                return try await writer.write(line("ERROR", status))
            case .goneEvent:
                // Everything before now is forgotten.
                oldest = version
                let status: JSON = ["kind": "Status", "code": 410, "reason": "Expired", "message": "too old"]
                return try await writer.write(line("ERROR", status))
            case .ends: return
            case .cut: throw CancellationError()
            case .truncates:
                put("pod-0")
                let (text, _) = news(after: seen)
                try await writer.write(String(text.prefix(text.count / 2)))
                throw CancellationError()
            case .garbage: return try await writer.write("\u{0}\u{1}{\"type\":\n")
            case .noEvent: return try await writer.write("{\"kind\":\"Pod\"}\n")
            case .unreadable:
                let object: JSON = [
                    "metadata": [
                        "name": "odd", "namespace": "n", "resourceVersion": .string(String(version)),
                    ],
                    "spec": ["nodeName": 5],
                ]
                try await writer.write(line("ADDED", object))
            default: break
            }
            guard faultsLeft == 0 else {
                // With faults to come a stream lasts for a change or two.
                change()
                (text, seen) = news(after: seen)
                return try await write(writer, text, fault == .split)
            }
            try await writer.write(bookmark(endsInitialEvents: false))
            guard events.last?.version ?? 0 <= seen, !isOver else { continue }
            await withCheckedContinuation { watchers.append($0) }
        }
    }

    private func write(_ writer: HTTPBodyWriter, _ text: String, _ isSplit: Bool) async throws {
        guard !text.isEmpty else { return }
        guard isSplit else { return try await writer.write(text) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...40, using: &random))
            rest = rest.dropFirst(piece.count)
            try await writer.write(Array(piece))
        }
    }
}
