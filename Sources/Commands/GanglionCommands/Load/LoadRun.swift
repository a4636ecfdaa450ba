// Sends requests and counts what comes of them. In a closed loop each client asks anew when it has its answer; in an open one
// requests come as a Poisson process, whatever the server does, and a request's time counts from when it was due: a server
// that stands still is not asked less.

internal import Glibc
internal import HTTP
internal import HTTP1
internal import SystemIO

/// A run of a plan.
actor LoadRun: LoopActor {
    nonisolated let loop: EventLoop
    private let plan: LoadPlan
    private let requests: LoadRequests
    /// By target.
    private var servers: [LoadServer] = []
    private var sent = 0
    private var counts = LoadCounts()
    /// Since it was last told.
    private var news = LoadCounts()
    private var isOver = false
    /// The one client of an open loop that gives requests out waits for it.
    private var alarm: CheckedContinuation<Void, Never>?

    init(_ plan: LoadPlan, loop: EventLoop = .shared) {
        self.plan = plan
        self.loop = loop
        requests = LoadRequests(plan)
    }

    /// Looks up each name once.
    ///
    /// - Throws: `LoadProblem` for one that is not known, and what TLS says of a certificate's file.
    func resolve(_ lookUp: @Sendable (String) async throws -> [SocketAddress]) async throws {
        var known: [String: LoadServer] = [:]
        for target in plan.targets {
            let key = (target.isSecure ? "https://" : "http://") + target.authority
            if let server = known[key] {
                servers.append(server)
                continue
            }
            guard let address = try await lookUp(target.authority).first else {
                throw LoadProblem("\(target.authority) has no address")
            }
            let security = try target.isSecure ? plan.security?(target.host) : nil
            guard !target.isSecure || security != nil else {
                throw LoadProblem("\(target.authority) is asked over TLS, and there is none")
            }
            let server = LoadServer(address, security: security, limit: plan.connectionLimit)
            known[key] = server
            servers.append(server)
        }
    }

    /// Runs to the end and says what has come of it, and the seconds that it took.
    func run() async -> (counts: LoadCounts, seconds: Double) {
        let start = MonotonicClock.now
        if let duration = plan.duration {
            loop.schedule(after: duration, on: self) { $0.isOver = true }
        }
        switch plan.mode {
        case .closed(let clients):
            await withTaskGroup(of: Void.self) { group in
                for client in 0..<clients { group.addTask { await self.client(client, of: clients) } }
            }
        case .open(let rate): await openLoop(rate)
        }
        let seconds = Double(MonotonicClock.now - start) / 1e9
        for server in servers {
            for connection in server.idle { await connection.close() }
            server.idle = []
        }
        return (counts, seconds)
    }

    /// What has come since it was last asked.
    func takeNews() -> LoadCounts {
        defer { news = LoadCounts() }
        return news
    }

    /// The number of the next request; nil where there is none.
    private func takeTurn() -> Int? {
        guard !isOver, sent < plan.requests ?? .max else { return nil }
        sent += 1
        return sent - 1
    }

    // MARK: A closed loop

    private func client(_ number: Int, of clients: Int) async {
        var random = SplitMix(seed: plan.seed &+ UInt64(number))
        // Clients begin at places of their own, so that not all ask the same server at first.
        var next = plan.targets.count * number / max(1, clients)
        while let request = takeTurn() {
            let target = plan.isRandom ? Int(random.next() % UInt64(plan.targets.count)) : next
            next = (next + 1) % plan.targets.count
            let server = servers[target]
            while server.idle.isEmpty, server.count >= server.limit {
                await suspend(while: { server.idle.isEmpty && server.count >= server.limit }) {
                    server.waiters.append($0)
                }
            }
            await ask(server, LoadServer.Pending(target: target, number: request, due: MonotonicClock.now))
            if let waiter = server.waiters.popLast() { waiter.resume() }
        }
    }

    // MARK: An open loop

    private func openLoop(_ rate: Double) async {
        var random = SplitMix(seed: plan.seed)
        var due = MonotonicClock.now
        await withDiscardingTaskGroup { group in
            while true {
                due += UInt64(random.exponential(mean: 1e9 / rate))
                if due > MonotonicClock.now { await sleep(until: due) }
                guard let number = takeTurn() else { return }
                let target =
                    plan.isRandom
                    ? Int(random.next() % UInt64(plan.targets.count)) : number % plan.targets.count
                let server = servers[target]
                let request = LoadServer.Pending(target: target, number: number, due: due)
                if !server.idle.isEmpty || server.count < server.limit {
                    // What comes of one is followed by those that wait.
                    if server.idle.isEmpty { server.count += 1 }
                    let connection = server.idle.popLast()
                    group.addTask { await self.work(target, request, connection) }
                } else if !server.append(request) {
                    note(.failure(.expired("too many wait")), kind: "unsent")
                }
            }
        }
    }

    private func sleep(until due: UInt64) async {
        PreciseTimer.shared.call(at: due, callback { $0.ring() })
        await withCheckedContinuation { alarm = $0 }
    }

    private func ring() {
        alarm?.resume()
        alarm = nil
    }

    /// Sends a request and those that wait, on one connection, until none waits.
    private func work(_ target: Int, _ first: LoadServer.Pending, _ connection: LoadConnection?) async {
        let server = servers[target]
        var connection = connection
        var next: LoadServer.Pending? = first
        while let request = next {
            connection = await exchange(server, request, on: connection)
            next = server.popPending()
        }
        keep(connection, server)
    }

    // MARK: Requests

    /// Sends a request on a connection that is free, else on a new one, and keeps the connection.
    private func ask(_ server: LoadServer, _ request: LoadServer.Pending) async {
        let connection = server.idle.popLast()
        if connection == nil { server.count += 1 }
        keep(await exchange(server, request, on: connection), server)
    }

    private func keep(_ connection: LoadConnection?, _ server: LoadServer) {
        if let connection { server.idle.append(connection) } else { server.count -= 1 }
    }

    /// Sends a request and counts what comes of it.
    ///
    /// - Parameter connection: nil for a new one.
    /// - Returns: a connection for the next request; nil where there is none any more.
    private func exchange(
        _ server: LoadServer, _ request: LoadServer.Pending, on kept: LoadConnection?
    ) async -> LoadConnection? {
        let waited = Duration.nanoseconds(
            Int64(clamping: MonotonicClock.now - min(request.due, MonotonicClock.now)))
        guard waited < plan.timeout else {
            note(.failure(.timeout("no connection was free")))
            return kept
        }
        let octets = requests.octets(target: request.target, number: request.number)
        if let kept, await kept.isUsable {
            let result = await kept.exchange(octets, due: request.due, timeout: plan.timeout - waited)
            // The server may close an idle connection at any time (RFC 9112 §9.3.1).
            guard await kept.wasStale else {
                note(result)
                return await kept.isUsable ? kept : nil
            }
            counts.reconnections += 1
        } else if kept != nil {
            await kept?.close()
        }
        do throws(HTTPError) {
            let new = try await server.connect(
                timeout: plan.timeout - waited, readsTokens: plan.readsTokens, loop: loop)
            note(await new.exchange(octets, due: request.due, timeout: plan.timeout - waited))
            if await new.isUsable { return new }
            await new.close()
        } catch {
            note(.failure(error))
        }
        return nil
    }

    private func note(_ result: Result<LoadAnswer, HTTPError>, kind: String? = nil) {
        counts.add(result, kind: kind)
        news.add(result, kind: kind)
    }
}

extension SplitMix {
    /// A time between two events of a Poisson process.
    mutating func exponential(mean: Double) -> Double {
        // Above 0 and at most 1.
        -mean * log(1 - unit())
    }
}
