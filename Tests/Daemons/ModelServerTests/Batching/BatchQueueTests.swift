import Testing

@testable import ModelServer

@Suite("The order of passes")
struct BatchQueueTests {
    private func policy(
        texts: Int = 32, tokens: Int = 512, delay: Duration = .zero, queueLimit: Int = 256,
        preferred: [Int] = []
    ) -> BatchPolicy {
        var policy = BatchPolicy.of(queueLimit: queueLimit, texts: texts, delay: delay)
        policy.tokens = tokens
        policy.preferred = preferred
        return policy
    }

    @Test(
        "of 16 long and 16 short requests at once both groups are busy to the end, and no short one waits for more than one pass",
        arguments: [true, false])
    func longAndShort(longFirst: Bool) {
        var simulation = Simulation(groups: 2, models: ["a": policy()])
        var short: [Int] = []
        for isLong in longFirst ? [true, false] : [false, true] {
            for _ in 0..<16 {
                let identifier = simulation.arrive([isLong ? 128 : 8]).identifier
                if !isLong { short.append(identifier) }
            }
        }
        simulation.run()
        #expect(simulation.completed.count == 32)
        for request in short {
            let start = simulation.start(request) ?? .maximum
            let others = simulation.passes.filter { pass in
                pass.end <= start && !pass.batch.items.contains { short.contains($0.request) }
            }
            // At most one on each group: the one that was there already.
            #expect(Set(others.map(\.batch.group)).count == others.count, "request \(request)")
        }
        let busy = [simulation.busy(0), simulation.busy(1)]
        #expect(busy[0] + busy[1] == .microseconds(16 * 128 + 16 * 8))
        // Neither has stood idle: the last one's end is the other's, but for a text.
        #expect((busy[0] - busy[1]).magnitude <= .microseconds(128))
        #expect(simulation.now <= .microseconds((16 * 128 + 16 * 8) / 2 + 128))
    }

    @Test("a request with many texts is spread over idle groups, and answered when its last pass is")
    func spread() {
        var simulation = Simulation(groups: 4, models: ["a": policy()])
        let request = simulation.arrive([Int](repeating: 16, count: 128)).identifier
        simulation.run()
        #expect(Set(simulation.passes.map(\.batch.group)) == [0, 1, 2, 3])
        #expect(simulation.completed[request] == simulation.passes.map(\.end).max())
        #expect(simulation.now < .microseconds(128 * 16 / 2))
    }

    @Test("requests that come one after the other go at once, whatever the delay: nobody would join")
    func alone() {
        var simulation = Simulation(groups: 1, models: ["a": policy(delay: .milliseconds(100))])
        for _ in 0..<5 {
            let request = simulation.arrive([10]).identifier
            #expect(simulation.start(request) == simulation.now)
            simulation.run()
        }
    }

    @Test("with a delay the one that waits goes with the others when they come, or when the delay is over")
    func delay() {
        var simulation = Simulation(groups: 1, models: ["a": policy(delay: .milliseconds(5))])
        for _ in 0..<4 { simulation.arrive([10]) }
        simulation.run()
        // The first has not asked again, so three ask at a time. One of them comes, later the others: after the last of them
        // nobody is waited for.
        let again = simulation.now
        let first = simulation.arrive([10]).identifier
        simulation.step(until: again + .milliseconds(2))
        simulation.arrive([10])
        #expect(simulation.start(first) == nil)
        simulation.arrive([10])
        #expect(simulation.start(first) == again + .milliseconds(2))
        #expect(simulation.passes.last?.batch.items.count == 3)
        simulation.run()
        // One comes alone, and nobody else does: the delay counts from its arrival.
        let last = simulation.now
        let late = simulation.arrive([10]).identifier
        simulation.step()
        #expect(simulation.start(late) == last + .milliseconds(5))
    }

    @Test(
        "a pass takes texts up to its limits, in preferred sizes where there are any",
        arguments: [
            (4, 512, [], 10, [10 - 9, 4, 4, 1]), (32, 40, [], 10, [1, 4, 4, 1]),
            (32, 512, [4], 11, [1, 4, 4, 2]), (32, 5, [], 3, [1, 1, 1]),
        ] as [(Int, Int, [Int], Int, [Int])])
    func limits(texts: Int, tokens: Int, preferred: [Int], count: Int, sizes: [Int]) {
        var simulation = Simulation(
            groups: 1, models: ["a": policy(texts: texts, tokens: tokens, preferred: preferred)])
        for _ in 0..<count { simulation.arrive([10]) }
        simulation.run()
        #expect(simulation.passes.map(\.batch.items.count) == sizes)
    }

    @Test("the highest priority goes first, and within one who came first")
    func priorities() {
        var simulation = Simulation(groups: 1, models: ["a": policy(texts: 1)])
        var order: [Int] = []
        for priority in [2, 3, 1, 2, 1, 3] {
            order.append(simulation.arrive([10], priority: priority).identifier)
        }
        simulation.run()
        let expected = [0, 2, 4, 3, 1, 5].map { order[$0] }
        #expect(simulation.passes.map { $0.batch.items[0].request } == expected)
    }

    @Test("a full queue refuses at once, and takes the next one when there is room")
    func full() {
        var simulation = Simulation(groups: 1, models: ["a": policy(texts: 1, queueLimit: 2)])
        let outcomes = (0..<5).map { _ in simulation.arrive([10]).outcome }
        #expect(outcomes == [.queued, .queued, .queued, .full(limit: 2), .full(limit: 2)])
        simulation.step()
        #expect(simulation.arrive([10]).outcome == .queued)
        var none = Simulation(groups: 1, models: ["a": policy(queueLimit: 0)])
        #expect(none.arrive([10]).outcome == .queued)
        #expect(none.arrive([10]).outcome == .full(limit: 0))
        #expect(none.arrive([10], model: "b").outcome == .noGroup)
    }

    @Test("who has gone or waited too long is not dispatched")
    func gone() {
        var simulation = Simulation(groups: 1, models: ["a": policy(texts: 1)])
        simulation.arrive([100])
        let left = simulation.arrive([10]).identifier
        let old = simulation.arrive([10], startWithin: .microseconds(40)).identifier
        let kept = simulation.arrive([10], startWithin: .microseconds(150)).identifier
        simulation.leave(left)
        simulation.run()
        #expect(simulation.start(left) == nil && simulation.start(old) == nil)
        #expect(simulation.expired == [old: .microseconds(40)])
        #expect(simulation.start(kept) == .microseconds(100))
        #expect(simulation.queue.waiting() == 0 && simulation.queue.waitingCost == 0)
    }

    @Test("one bad request fails alone: the others of its pass are computed again without it")
    func bad() {
        var simulation = Simulation(groups: 2, models: ["a": policy()])
        simulation.bad = [5]
        for _ in 0..<12 { simulation.arrive([10]) }
        simulation.run()
        #expect(Set(simulation.failed.keys) == [5])
        #expect(Set(simulation.completed.keys) == Set(0..<12).subtracting([5]))
    }

    @Test("a lost group's requests go to another one, and those that lose it as well fail; then nobody waits")
    func lost() {
        var queue = BatchQueue()
        queue.setPolicy(policy(), of: "a")
        for group in [0, 1] { queue.setModels(["a"], of: group) }
        func request(_ identifier: Int) -> BatchQueue.Request {
            BatchQueue.Request(identifier: identifier, model: "a", costs: [10], arrival: .zero)
        }
        #expect(queue.submit(request(1)) == .queued)
        let first = queue.next(now: .zero)
        #expect(first?.group == 0)
        #expect(queue.finish(first?.identifier ?? 0, .groupLost) == BatchQueue.OnFinish())
        let second = queue.next(now: .zero)
        #expect(second?.group == 1 && second?.items == first?.items)
        #expect(queue.submit(request(2)) == .queued)
        #expect(
            queue.finish(second?.identifier ?? 0, .groupLost)
                == BatchQueue.OnFinish(failed: [1], stranded: [2]))
        #expect(queue.submit(request(3)) == .noGroup)
    }

    @Test("a group is handed the models that it has, the one that it had last before others")
    func models() {
        var queue = BatchQueue()
        for name in ["a", "b"] { queue.setPolicy(policy(), of: name) }
        queue.setModels(["a"], of: 0)
        queue.setModels(["a", "b"], of: 1)
        for (identifier, model) in ["b", "a"].enumerated() {
            _ = queue.submit(
                BatchQueue.Request(identifier: identifier, model: model, costs: [1], arrival: .zero))
        }
        let batches = [queue.next(now: .zero), queue.next(now: .zero)].compactMap { $0 }
        #expect(Set(batches.map { "\($0.model)\($0.group)" }) == ["a0", "b1"])
        for batch in batches { _ = queue.finish(batch.identifier, .computed) }
        _ = queue.submit(BatchQueue.Request(identifier: 9, model: "b", costs: [1], arrival: .zero))
        #expect(queue.next(now: .zero)?.group == 1)
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
