// Events that do not get through at once.

import HTTP
import JSON
import KubernetesAPI
import Observability
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Event recorder", .timeLimit(.minutes(5)))
struct EventRecorderTests {
    private static func note(_ reason: String) -> EventNote {
        EventNote(
            .normal, about: ObjectReference(kind: "Pod", namespace: "n", name: "p"), reason: reason,
            action: "Test",
            note: reason)
    }

    @Test(
        "sends an event again after failures that pass, and loses one that the server refuses, not the next")
    func retries() async throws {
        let server = try await ScriptedServer { request, number in
            let reason = (try? JSON(parsing: request.body))?["reason"]?.string ?? ""
            switch (reason, number) {
            case ("first", 1): return HTTPResponse(200, body: .stream { _ in throw CancellationError() })
            case ("first", 2): return ScriptedServer.failure(503, "ServiceUnavailable")
            case ("refused", _): return ScriptedServer.failure(403, "Forbidden")
            default: return ScriptedServer.json(201, ["metadata": ["name": "e"]])
            }
        }
        let recorder = EventRecorder(
            server.client, controller: "test", instance: "i", backoff: Backoff(base: .zero, limit: .zero))
        await recorder.start()
        for reason in ["first", "refused", "second"] { recorder.record(Self.note(reason)) }
        await recorder.stop()
        let sent = server.requests.map { $0.body["reason"]?.string ?? "" }
        #expect(sent == ["first", "first", "first", "refused", "second"])
        // It is the same event each time: one that was written although the answer was lost is not written twice.
        #expect(Set(server.requests.prefix(3).map { $0.body.meta.name }).count == 1)
        await server.stop()
    }

    @Test("gives up after a while")
    func bounded() async throws {
        let server = try await ScriptedServer { _, _ in ScriptedServer.failure(500, "InternalError") }
        let recorder = EventRecorder(
            server.client, controller: "test", instance: "i", backoff: Backoff(base: .zero, limit: .zero))
        await recorder.start()
        recorder.record(Self.note("first"))
        await recorder.stop()
        #expect(server.requests.count == Backoff.eventAttempts)
        await server.stop()
    }

    @Test(
        "sends nothing while other work is under way, then everything, each with the time at which it was recorded"
    )
    func givesWay() async throws {
        let server = try await ScriptedServer { _, _ in ScriptedServer.json(201, ["metadata": ["name": "e"]])
        }
        let precedence = Precedence()
        let recorder = EventRecorder(
            server.client, controller: "test", instance: "i", backoff: Backoff(base: .zero, limit: .zero),
            givingWayTo: precedence)
        precedence.begin()
        await recorder.start()
        let before = Timestamp.now
        recorder.record(Self.note("first"))
        recorder.record(Self.note("second"))
        while precedence.waiters == 0 { await Task.yield() }
        let after = Timestamp.now
        #expect(server.requests.isEmpty)
        precedence.end()
        await recorder.stop()
        #expect(server.requests.map { $0.body["reason"]?.string } == ["first", "second"])
        for request in server.requests {
            let time = try #require(request.body["eventTime"]?.string.flatMap { Timestamp($0) })
            #expect((before...after).contains(time))
        }
        await server.stop()
    }

    @Test("says how many notes it had to drop")
    func dropped() async throws {
        let server = try await ScriptedServer { _, _ in ScriptedServer.json(201, ["metadata": ["name": "e"]])
        }
        let lines = Lock<[String]>([])
        let recorder = EventRecorder(
            server.client, controller: "test", instance: "i", backoff: Backoff(base: .zero, limit: .zero),
            capacity: 5,
            log: Logger { line in lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } })
        for number in 0..<12 { recorder.record(Self.note("\(number % 3)")) }
        await recorder.start()
        await recorder.stop()
        let told = lines.withLock { $0 }.filter { $0.contains("events lost") }
        #expect(told.count == 1)
        #expect(told.first?.contains("count=7") == true)
        await server.stop()
    }
}
