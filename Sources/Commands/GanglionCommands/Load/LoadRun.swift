// Sends requests and counts what comes of them. In a closed loop each client asks anew when it has its answer; in an open one
// requests come as a Poisson process, whatever the server does, and a request's time counts from when it was due: a server
// that stands still is not asked less.

internal import Glibc
internal import HTTP
internal import HTTP1
internal import SystemIO

/// What is sent, and how often.
struct LoadPlan: Sendable {
    enum Mode: Equatable, Sendable {
        case closed(clients: Int)
        /// Requests a second.
        case open(rate: Double)
    }

    var mode: Mode
    var targets: [LoadTarget]
    /// Each client asks the URLs in their order from a place of its own; else in a random one.
    var isRandom: Bool
    var method: String
    var headers: HTTPHeaders
    var body: [UInt8]
    /// Requests in all; nil for any number.
    var requests: Int?
    /// Nil for as long as the requests last.
    var duration: Duration?
    var timeout: Duration
    var seed: UInt64
}

/// A run of a plan.
actor LoadRun: LoopActor {
    nonisolated let loop: EventLoop
    private let plan: LoadPlan
    private var addresses: [String: SocketAddress] = [:]
    private var sent = 0
    private var counts = LoadCounts()
    /// Since it was last told.
    private var news = LoadCounts()
    private var isOver = false
    /// Connections of the open loop that nobody uses.
    private var idle: [String: [HTTPClient]] = [:]

    init(_ plan: LoadPlan, loop: EventLoop = .shared) {
        self.plan = plan
        self.loop = loop
    }

    /// Looks up each name once.
    ///
    /// - Throws: `LoadProblem` for one that is not known.
    func resolve(_ lookUp: @Sendable (String) async throws -> [SocketAddress]) async throws {
        for target in plan.targets where addresses[target.authority] == nil {
            guard let address = try await lookUp(target.authority).first else {
                throw LoadProblem("\(target.authority) has no address")
            }
            addresses[target.authority] = address
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
        return (counts, Double(MonotonicClock.now - start) / 1e9)
    }

    /// What has come since it was last asked.
    func takeNews() -> LoadCounts {
        defer { news = LoadCounts() }
        return news
    }

    /// Whether there is one more to send.
    private func takeTurn() -> Bool {
        guard !isOver, sent < plan.requests ?? .max else { return false }
        sent += 1
        return true
    }

    private func note(_ result: Result<Int, any Error>, microseconds: Int) {
        switch result {
        case .success(let status) where 200..<300 ~= status:
            counts.latencies.add(microseconds: microseconds)
            news.latencies.add(microseconds: microseconds)
        case .success(let status):
            counts.errors[String(status), default: 0] += 1
            news.errors[String(status), default: 0] += 1
        case .failure(let error):
            counts.errors[LoadCounts.kind(error), default: 0] += 1
            news.errors[LoadCounts.kind(error), default: 0] += 1
        }
    }

    private func client(_ number: Int, of clients: Int) async {
        var connections: [String: HTTPClient] = [:]
        var random = SplitMix(seed: plan.seed &+ UInt64(number))
        // Clients begin at places of their own, so that not all ask the same server at first.
        var next = plan.targets.count * number / max(1, clients)
        while takeTurn() {
            let target = plan.targets[plan.isRandom ? Int(random.next() % UInt64(plan.targets.count)) : next]
            next = (next + 1) % plan.targets.count
            guard let client = connections[target.authority] ?? connect(target) else { continue }
            connections[target.authority] = client
            await ask(target, client, due: MonotonicClock.now)
        }
        for client in connections.values { await client.close() }
    }

    private func connect(_ target: LoadTarget) -> HTTPClient? {
        addresses[target.authority].map { HTTPClient($0, host: target.authority, loop: loop) }
    }

    private func ask(_ target: LoadTarget, _ client: HTTPClient, due: UInt64) async {
        let result: Result<Int, any Error>
        do throws(HTTPError) {
            let request = HTTPRequest(plan.method, target.path, headers: plan.headers, body: plan.body)
            result = .success(try await client.send(request, timeout: plan.timeout).status)
        } catch {
            result = .failure(error)
        }
        note(result, microseconds: Int((MonotonicClock.now - due) / 1_000))
    }

    private func openLoop(_ rate: Double) async {
        var random = SplitMix(seed: plan.seed)
        var due = MonotonicClock.now
        await withDiscardingTaskGroup { group in
            while true {
                due += UInt64(random.exponential(mean: 1e9 / rate))
                let now = MonotonicClock.now
                if due > now { try? await Task.sleep(for: .nanoseconds(Int64(due - now))) }
                guard takeTurn() else { return }
                let place = plan.isRandom ? Int(random.next() % UInt64(plan.targets.count)) : sent - 1
                let target = plan.targets[place % plan.targets.count]
                let at = due
                group.addTask { await self.askOnce(target, due: at) }
            }
        }
        for client in idle.values.joined() { await client.close() }
    }

    /// On a connection that nobody uses, else on a new one.
    private func askOnce(_ target: LoadTarget, due: UInt64) async {
        guard let client = idle[target.authority]?.popLast() ?? connect(target) else { return }
        await ask(target, client, due: due)
        idle[target.authority, default: []].append(client)
    }
}

extension SplitMix {
    /// A time between two events of a Poisson process.
    mutating func exponential(mean: Double) -> Double {
        // Above 0 and at most 1.
        -mean * log(1 - unit())
    }
}
