// How often a server in distress is asked: one request within its caller's time, all of a client within a budget.

import HTTP
import HTTP1
import JSON
import KubernetesAPI
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Requests that are repeated", .timeLimit(.minutes(2)))
struct RetryTests {
    private static func failure(_ code: Int, after seconds: Int) -> HTTPResponse {
        ScriptedServer.failure(code, "x", headers: ["retry-after": String(seconds)])
    }

    /// How many of `count` requests, 20 at a time, are answered.
    private func ask(_ server: ScriptedServer, _ count: Int) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for worker in 0..<20 {
                group.addTask {
                    var answered = 0
                    for _ in 0..<(count / 20)
                    where (try? await server.client.request("GET", "/\(worker)")) != nil {
                        answered += 1
                    }
                    return answered
                }
            }
            return await group.reduce(0, +)
        }
    }

    @Test("a server that always says 429 and to come much later is asked once, and the caller hears when")
    func longRetryAfter() async throws {
        let server = try await ScriptedServer(timeout: .seconds(10)) { _, _ in Self.failure(429, after: 3_600)
        }
        let error = await #expect(throws: KubernetesError.self) {
            try await server.client.request("POST", "/a", body: [:])
        }
        guard case .status(let status)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(status.code == 429 && status.retryAfterSeconds == 3_600)
        #expect(server.requests.count == 1)
        await server.stop()
    }

    @Test("what the caller's time does not reach is not waited for")
    func deadline() {
        var repetition = RequestRepetition(until: .seconds(100))
        let budget = RetryBudget()
        func pause(_ seconds: Int?, code: Int = 429, at now: Int) -> Duration? {
            repetition.pause(afterCode: code, retryAfter: seconds, budget, now: .seconds(now))
        }
        #expect(pause(30, at: 0) == .seconds(30))
        #expect(pause(69, at: 30) == .seconds(69))
        #expect(pause(1, at: 99) == nil)
        #expect(pause(70, at: 30) == nil)
        #expect(pause(nil, code: 503, at: 0) == nil, "client-go repeats nothing without Retry-After")
        #expect(pause(0, code: 409, at: 0) == nil)
        #expect(pause(-1, at: 0) == nil)
        #expect(pause(.max, at: 0) == nil)
    }

    @Test(
        "a storm of failures is answered with the requests there are and 50 more",
        arguments: [429, 500, 503, 504])
    func storm(code: Int) async throws {
        let server = try await ScriptedServer { _, _ in Self.failure(code, after: 0) }
        #expect(await ask(server, 400) == 0)
        // 20 at a time may each have seen the last token.
        #expect((400...400 + RetryBudget.maximum / 2 + 20).contains(server.requests.count))
        await server.stop()
    }

    @Test("after a storm what succeeds fills the budget again")
    func recovery() async throws {
        let isWell = Lock(false)
        let server = try await ScriptedServer { _, number in
            isWell.withLock { $0 } && number % 3 > 0
                ? ScriptedServer.json(200, [:]) : Self.failure(503, after: 0)
        }
        #expect(await ask(server, 200) == 0)
        isWell.withLock { $0 = true }
        // A third fails; until the budget is half full nobody tries again, from then on everybody gets an answer.
        _ = await ask(server, 400)
        #expect(await ask(server, 400) == 400)
        await server.stop()
    }

    @Test("failures that would be the same again cost nothing")
    func harmless() async throws {
        let server = try await ScriptedServer { request, number in
            request.method == "GET"
                ? ScriptedServer.failure(404, "NotFound")
                : number == 401 ? Self.failure(503, after: 0) : ScriptedServer.json(200, [:])
        }
        #expect(await ask(server, 400) == 0)
        _ = try await server.client.request("PUT", "/a", body: [:])
        #expect(server.requests.count == 402)
        await server.stop()
    }
}
