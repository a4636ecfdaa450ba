// The elector against servers that are well, refuse, hang and break off.

import HTTP
import HTTP1
import JSON
import KubernetesAPI
import Observability
import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Leader election over a server", .timeLimit(.minutes(10)))
struct LeaderElectorTests {
    /// A server with one lease and optimistic concurrency.
    private static func leaseServer() async throws -> ScriptedServer {
        let stored = Lock<JSON?>(nil)
        return try await ScriptedServer { request, _ in Self.answer(request, stored) }
    }

    private static func answer(_ request: HTTPRequest, _ stored: Lock<JSON?>) -> HTTPResponse {
        stored.withLock { stored in
            switch request.method {
            case "GET":
                return stored.map { ScriptedServer.json(200, $0) } ?? ScriptedServer.failure(404, "NotFound")
            default:
                guard var lease = try? JSON(parsing: request.body) else { return HTTPResponse(400) }
                if request.method == "POST", stored != nil {
                    return ScriptedServer.failure(409, "AlreadyExists")
                }
                let version = stored?.meta.resourceVersion ?? "0"
                if request.method == "PUT", lease.meta.resourceVersion != version {
                    return ScriptedServer.failure(409, "Conflict")
                }
                lease[path: ["metadata", "resourceVersion"]] = .string(String((Int(version) ?? 0) + 1))
                stored = lease
                return ScriptedServer.json(200, lease)
            }
        }
    }

    @Test("a lease that cannot be read is a problem, told once, until it can")
    func unreadable() async throws {
        let told = Lock<[String]>([])
        let elector = Lock<LeaderElector?>(nil)
        let server = try await ScriptedServer { request, number in
            told.withLock { $0.append(elector.withLock { $0 }?.problem ?? "") }
            if number < 4 { return ScriptedServer.failure(403, "Forbidden") }
            guard request.method == "POST" else { return ScriptedServer.failure(404, "NotFound") }
            return ScriptedServer.json(201, (try? JSON(parsing: request.body)) ?? .null)
        }
        let lines = Lock(0)
        let candidate = LeaderElector(
            server.client, lease: ObjectKey(namespace: "n", name: "lock"), identity: "first",
            timing: LeaseElection.Timing(
                lease: .seconds(60), renewDeadline: .seconds(40), retry: .milliseconds(1)),
            log: Logger(level: .warning) { _ in lines.withLock { $0 += 1 } })
        elector.withLock { $0 = candidate }
        #expect(await candidate.acquire())
        #expect(candidate.problem == nil)
        let problems = told.withLock { $0 }
        #expect(problems.first?.hasPrefix("the lease has not been read yet") == true)
        #expect(problems.dropFirst().allSatisfy { $0.hasPrefix("cannot take the lease: ") })
        #expect(problems.count == 5)
        #expect(lines.withLock { $0 } == 1)
        await server.stop()
    }

    @Test("one of two leads; the other takes over as soon as the first gives the lease back")
    func handover() async throws {
        let server = try await Self.leaseServer()
        let timing = LeaseElection.Timing(
            lease: .seconds(60), renewDeadline: .seconds(40), retry: .milliseconds(10))
        let lock = ObjectKey(namespace: "n", name: "lock")
        let first = LeaderElector(server.client, lease: lock, identity: "first", timing: timing)
        let second = LeaderElector(server.client, lease: lock, identity: "second", timing: timing)
        #expect(await first.acquire())
        let keeping = Task { await first.keep() }
        let waiting = Task { await second.acquire() }
        await first.release()
        await keeping.value
        #expect(await waiting.value)
        #expect(try await server.client.get(.leases, lock)["spec"]?["holderIdentity"] == "second")
        await server.stop()
    }

    /// What the server does to the leader's requests for the lease, once it is told to.
    enum Fault: CaseIterable, Sendable { case tooMany, hangs, cuts, refuses }

    @Test(
        "whatever a server does to the leader's renewals, it writes nothing after another has begun to",
        arguments: Fault.allCases)
    func neverTwoWriters(fault: Fault) async throws {
        let stored = Lock<JSON?>(nil)
        let isFaulty = Lock(false)
        let writers = Lock<[String]>([])
        let server = try await ScriptedServer { request, _ in
            guard request.path.hasPrefix("/prefix/apis/coordination.k8s.io/") else {
                writers.withLock { $0.append(request.query("from") ?? "") }
                return ScriptedServer.json(200, [:])
            }
            if isFaulty.withLock({ $0 }), request.headers["user-agent"]?.hasPrefix("first") == true {
                switch fault {
                case .tooMany:
                    return ScriptedServer.failure(429, "TooManyRequests", headers: ["retry-after": "30"])
                case .refuses:
                    return ScriptedServer.failure(503, "ServiceUnavailable", headers: ["retry-after": "1"])
                case .hangs: try? await Task.sleep(for: .seconds(3600))
                case .cuts: return HTTPResponse(200, body: .stream { _ in throw CancellationError() })
                }
            }
            return Self.answer(request, stored)
        }
        // The shortest lease there is: its length is a whole number of seconds.
        let timing = LeaseElection.Timing(
            lease: .seconds(1), renewDeadline: .milliseconds(600), retry: .milliseconds(20))
        let lock = ObjectKey(namespace: "n", name: "lock")
        let (one, two) = (try server.another("first"), try server.another("second"))
        let first = LeaderElector(one, lease: lock, identity: "first", timing: timing)
        let second = LeaderElector(two, lease: lock, identity: "second", timing: timing)
        #expect(await first.acquire())
        let keeping = Task { await first.keep() }
        // Writes on and on, and looks at nothing but what its client lets it.
        let client = one.writing { first.leadsUntil }
        let writing = Task { () -> KubernetesError? in
            while true {
                do throws(KubernetesError) {
                    _ = try await client.request("POST", "/write", query: ["from": "first"], body: [:])
                } catch {
                    return error
                }
                if writers.withLock({ $0.count }) == 3 { isFaulty.withLock { $0 = true } }
            }
        }
        #expect(await second.acquire())
        // However long the machine takes for it: it has led, and the other one has not since.
        _ = try await two.request("POST", "/write", query: ["from": "second"], body: [:])
        #expect(await writing.value == .notSent("this process may not lead any more"))
        await keeping.value
        #expect(first.leadsUntil == .zero)
        let order = writers.withLock { $0 }
        #expect(order.last == "second")
        #expect(order.dropLast().allSatisfy { $0 == "first" })
        await second.release()
        await server.stop()
    }

    @Test("a leader renews with one request, and reads again when somebody has changed the lease")
    func renewsWithoutReading() async throws {
        let stored = Lock<JSON?>(nil)
        let touched = Lock(false)
        let server = try await ScriptedServer { request, number in
            if number == 4 {  // a label of somebody else
                stored.withLock { $0?[path: ["metadata", "resourceVersion"]] = "99" }
            }
            touched.withLock { $0 = number >= 8 }
            return Self.answer(request, stored)
        }
        let elector = LeaderElector(
            server.client, lease: ObjectKey(namespace: "n", name: "lock"), identity: "me",
            timing: LeaseElection.Timing(
                lease: .seconds(60), renewDeadline: .seconds(40), retry: .milliseconds(1)))
        #expect(await elector.acquire())
        let keeping = Task { await elector.keep() }
        while !touched.withLock({ $0 }) { await Task.yield() }
        await elector.release()
        await keeping.value
        #expect(
            server.requests.prefix(8).map(\.method) == [
                "GET", "POST", "PUT", "PUT", "GET", "PUT", "PUT", "PUT",
            ])
        #expect(stored.withLock { $0 }?["spec"]?["holderIdentity"] == "")
        await server.stop()
    }
}
