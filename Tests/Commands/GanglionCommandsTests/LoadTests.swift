import HTTP
import HTTP1
import SystemIO
import Testing

@testable import GanglionCommands

@Suite("ganglion load")
struct LoadTests {
    @Test("percentiles are within one per cent of those of the sorted times, whatever was merged")
    func percentiles() {
        var random = SplitMix(seed: 3)
        var times: [Int] = []
        var whole = LatencyHistogram()
        for _ in 0..<20 {
            var own = LatencyHistogram()
            for _ in 0..<500 {
                let time = Int(random.exponential(mean: 40_000))
                times.append(time)
                own.add(microseconds: time)
            }
            whole.merge(own)
        }
        times.sort()
        #expect(whole.count == 10_000 && whole.maximum == times.last)
        for share in [1.0, 50, 90, 95, 99, 99.9, 100] {
            let exact = Double(times[max(0, Int((share / 100 * 10_000).rounded(.up)) - 1)])
            #expect(abs(Double(whole.percentile(share)) - exact) <= exact / 100 + 1, "\(share)")
        }
        #expect(LatencyHistogram().percentile(99) == 0)
    }

    @Test("a range in braces stands for each of its numbers")
    func ranges() throws {
        let all = try LoadTarget.all("http://10.0.0.{1-2}:8080/predictions/model{0-2}?inputs=a")
        #expect(
            all.map(\.authority)
                == ["10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.2"].map {
                    $0 + ":8080"
                })
        #expect(all.map(\.path).prefix(3) == (0..<3).map { "/predictions/model\($0)?inputs=a" }[...])
        #expect(try LoadTarget("http://[::1]/a").authority == "[::1]:80")
        #expect(try LoadTarget("http://[::1]:81").path == "/")
        let secure = try LoadTarget("https://example.org/a")
        #expect(secure.isSecure && secure.authority == "example.org:443" && secure.host == "example.org")
        for word in [
            "ftp://a/", "http://", "https://", "http://a/{2-1}", "http://a/{x}", "http://a/{0-9999999}",
        ] {
            #expect(throws: LoadProblem.self, "\(word)") { try LoadTarget.all(word) }
        }
    }

    /// Runs a plan against servers that count what they get and answer every third request with 503.
    private func run(
        _ mode: LoadPlan.Mode, requests: Int, isRandom: Bool = false, failing: Bool = false
    ) async throws -> (counts: LoadCounts, asked: [String: Int]) {
        let asked = Lock<[String: Int]>([:])
        let server = HTTPServer { request in
            let total = asked.withLock { asked in
                asked[request.target, default: 0] += 1
                return asked.values.reduce(0, +)
            }
            return .text(failing && total % 3 == 0 ? 503 : 200, "ok")
        }
        let address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        var plan = LoadPlan(
            mode: mode, targets: try LoadTarget.all("http://\(address.description)/m{0-3}"))
        plan.isRandom = isRandom
        plan.method = "POST"
        plan.bodies = [[1]]
        plan.requests = requests
        let run = LoadRun(plan)
        try await run.resolve { _ in [address] }
        let (counts, _) = await run.run()
        await server.shutdown(grace: .zero)
        return (counts, asked.withLock { $0 })
    }

    @Test("a closed loop asks every URL in turn, counts every answer once, and errors by kind")
    func closed() async throws {
        let (counts, asked) = try await run(.closed(clients: 4), requests: 120, failing: true)
        #expect(counts.latencies.count == 80 && counts.errors == ["503": 40] && counts.requests == 120)
        #expect(asked.values.reduce(0, +) == 120 && asked.count == 4)
        let one = try await run(.closed(clients: 1), requests: 12)
        #expect(one.asked == ["/m0": 3, "/m1": 3, "/m2": 3, "/m3": 3])
    }

    @Test("random URLs are the same for the same seed")
    func random() async throws {
        let first = try await run(.closed(clients: 1), requests: 40, isRandom: true)
        let second = try await run(.closed(clients: 1), requests: 40, isRandom: true)
        #expect(first.asked == second.asked && first.asked.count == 4)
    }

    @Test("an open loop sends so many as it was told, whatever comes of them")
    func open() async throws {
        let (counts, asked) = try await run(.open(rate: 2_000), requests: 100)
        #expect(counts.latencies.count == 100 && asked.values.reduce(0, +) == 100)
    }

    @Test("times between requests of an open loop have the mean that the rate says")
    func poisson() {
        var random = SplitMix(seed: 7)
        let times = (0..<20_000).map { _ in random.exponential(mean: 1_000) }
        let mean = times.reduce(0, +) / 20_000
        #expect(abs(mean - 1_000) < 30)
        // As many are longer than the mean as of an exponential distribution: 1/e.
        #expect(abs(Double(times.count { $0 > 1_000 }) / 20_000 - 0.3679) < 0.01)
    }

    @Test("a server that is not there is an error of its kind")
    func refused() async throws {
        var plan = LoadPlan(
            mode: .closed(clients: 1), targets: try LoadTarget.all("http://127.0.0.1:1/"))
        plan.requests = 2
        let run = LoadRun(plan)
        try await run.resolve { _ in [try SocketAddress(parsing: "127.0.0.1:1")] }
        let (counts, _) = await run.run()
        #expect(counts.errors == ["refused": 2] && counts.latencies.count == 0)
    }
}
