// Models that say how much of a group's time they need, in simulated time.

import Testing

@testable import ModelServer

@Suite("Shares of the groups' time")
struct SharesTests {
    private func policy(_ share: Int?) -> BatchPolicy {
        var policy = BatchPolicy.of(queueLimit: 100_000, texts: 4)
        policy.tokens = 64
        policy.share = share
        return policy
    }

    /// Percent of the time that models got while all of them had work.
    private func percent(
        _ shares: [String: Int?], groups: Int = 1, tokenTimes: [String: Int] = [:], sizes: [Int] = [16]
    ) -> [String: Int] {
        var simulation = Simulation(groups: groups, models: shares.mapValues(policy))
        simulation.tokenTimes = tokenTimes
        for number in 0..<4_000 {
            for model in shares.keys.sorted() {
                simulation.arrive([sizes[number % sizes.count]], model: model)
            }
        }
        let limit = Duration.milliseconds(20)
        while simulation.step(until: limit) {}
        let times = shares.keys.map { ($0, simulation.busy($0, until: limit)) }
        let all = times.reduce(Duration.zero) { $0 + $1.1 }
        return Dictionary(uniqueKeysWithValues: times.map { ($0, Int(($1 / all * 100).rounded())) })
    }

    @Test(
        "while all wait, each has the part that was said, and the others divide the rest",
        arguments: [
            (["a": 75, "b": 25], ["a": 75, "b": 25]), (["a": 80, "b": nil], ["a": 80, "b": 20]),
            (["a": 60, "b": nil, "c": nil], ["a": 60, "b": 20, "c": 20]),
            (["a": nil, "b": nil], ["a": 50, "b": 50]),
        ] as [([String: Int?], [String: Int])])
    func shares(shares: [String: Int?], expected: [String: Int]) {
        for groups in 1...2 {
            let found = percent(shares, groups: groups)
            for (model, share) in expected {
                #expect(abs((found[model] ?? 0) - share) <= 2, "\(model): \(found)")
            }
        }
    }

    @Test(
        "it is time that is divided, however long the tokens of a model take, and however many lanes it has")
    func time() {
        let slow = percent(["a": 50, "b": 50], tokenTimes: ["b": 5])
        #expect(abs((slow["a"] ?? 0) - 50) <= 3, "\(slow)")
        let lanes = percent(["a": 50, "b": 50], tokenTimes: ["a": 3], sizes: [16, 60])
        #expect(abs((lanes["a"] ?? 0) - 50) <= 3, "\(lanes)")
    }

    @Test("what a model does not need is the others', and is not made up for later")
    func idle() {
        var simulation = Simulation(groups: 1, models: ["a": policy(90), "b": policy(10)])
        for _ in 0..<2_000 { simulation.arrive([16], model: "b") }
        while simulation.step(until: .milliseconds(10)) {}
        #expect(simulation.busy("b", until: .milliseconds(10)) == .milliseconds(10))
        for _ in 0..<4_000 { simulation.arrive([16], model: "a") }
        while simulation.step(until: .milliseconds(20)) {}
        let share = simulation.busy("b", until: .milliseconds(20)) - .milliseconds(10)
        #expect(share >= .microseconds(800) && share <= .microseconds(1_200), "\(share)")
    }

    @Test("a higher priority goes first, whatever the shares")
    func priority() {
        var simulation = Simulation(groups: 1, models: ["a": policy(99), "b": policy(1)])
        for _ in 0..<50 { simulation.arrive([16], model: "a", priority: 2) }
        let urgent = simulation.arrive([16], model: "b", priority: 1).identifier
        simulation.run()
        // After the pass that was there.
        #expect(simulation.start(urgent) == simulation.passes[0].end)
    }

    @Test("a share is read from GANGLION_MODELS, and more than there is refused")
    func settings() throws {
        let list = #"[{"name":"a","uri":"/a","utilization":30},{"name":"b","uri":"/b"}]"#
        let models = try ModelSpecification.list(arguments: [], environment: list)
        #expect(models.map(\.utilization) == [30, nil])
        #expect(HostedModel(models[0], policy: BatchPolicy()).policy.share == 30)
        for (value, words) in [("0", "from 1 to 100"), ("101", "from 1 to 100"), (#""x""#, "from 1 to 100")] {
            let list = #"[{"name":"a","uri":"/a","utilization":\#(value)}]"#
            let error = #expect(throws: ServerError.self) {
                try ModelSpecification.list(arguments: [], environment: list)
            }
            #expect(error?.description.contains(words) == true)
        }
        let much = #"[{"name":"a","uri":"/a","utilization":60},{"name":"b","uri":"/b","utilization":60}]"#
        #expect(
            throws: ServerError(
                "the models need 120 percent of a group's time together: serve some of them by another server"
            )
        ) { try ModelSpecification.list(arguments: [], environment: much) }
    }
}
