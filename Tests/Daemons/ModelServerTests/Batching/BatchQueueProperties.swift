import TestSupport
import Testing

@testable import ModelServer

@Suite("What holds of every order of passes")
struct BatchQueueProperties {
    /// A random run: arrivals, departures and bad requests over some thousand microseconds.
    private func run(_ seed: Int, check: @escaping (Simulation) -> Void) -> Simulation {
        var random = SeededGenerator(seed: seed)
        var policies: [String: BatchPolicy] = [:]
        for name in ["a", "b"] {
            var policy = BatchPolicy.of(
                queueLimit: Int.random(in: 0...40, using: &random),
                texts: Int.random(in: 1...8, using: &random),
                delay: [.zero, .microseconds(50), .microseconds(400)].randomElement(using: &random) ?? .zero)
            policy.tokens = Int.random(in: 20...200, using: &random)
            policies[name] = policy
        }
        var simulation = Simulation(groups: Int.random(in: 1...4, using: &random), models: policies)
        simulation.onSettled = check
        for _ in 0..<200 {
            let costs = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                Int.random(in: 1...(Bool.random(using: &random) ? 10 : 150), using: &random)
            }
            let arrived = simulation.arrive(
                costs, model: Bool.random(using: &random) ? "a" : "b",
                priority: Int.random(in: 1...3, using: &random),
                startWithin: Bool.random(using: &random)
                    ? .microseconds(Int.random(in: 0...900, using: &random)) : nil)
            if Int.random(in: 0..<12, using: &random) == 0 { simulation.leave(arrived.identifier) }
            if Int.random(in: 0..<20, using: &random) == 0 { simulation.bad.insert(arrived.identifier) }
            let limit = simulation.now + .microseconds(Int.random(in: 0...60, using: &random))
            while simulation.step(until: limit) {}
        }
        simulation.run()
        return simulation
    }

    @Test("who waits and who has which model is known at each time as if all were asked", arguments: 1...40)
    func indexes(seed: Int) {
        _ = run(seed) { simulation in
            let queue = simulation.queue
            let waiting = Set(queue.entries.values.filter { !$0.waiting.isEmpty }.map(\.request.model))
            #expect(queue.waitingModels == waiting)
            #expect(queue.waiting() == queue.models.values.reduce(0) { $0 + $1.waiting })
        }
        var random = SeededGenerator(seed: seed)
        let names = (0..<5).map { "m\($0)" }
        var queue = BatchQueue()
        for _ in 0..<100 {
            let group = Int.random(in: 0..<4, using: &random)
            if Int.random(in: 0..<5, using: &random) == 0 {
                queue.remove(group: group)
            } else {
                queue.setModels(Set(names.filter { _ in Bool.random(using: &random) }), of: group)
            }
            for name in names {
                let holders = queue.groups.filter { $0.value.models.contains(name) }.keys
                #expect(queue.groupCount(name) == holders.count)
                // None computes here, so all are idle.
                #expect(queue.hasIdleGroup(name) == !holders.isEmpty)
                #expect(queue.idleGroup(name) == queue.idle.first { holders.contains($0) })
            }
        }
    }

    @Test("a pass is one model's, of one size, within both limits", arguments: 1...40)
    func limits(seed: Int) {
        let simulation = run(seed) { _ in }
        for pass in simulation.passes {
            let policy = simulation.queue.models[pass.batch.model]?.policy ?? BatchPolicy()
            let own = pass.batch.items.compactMap { simulation.requests[$0.request] }
            #expect(pass.batch.items.count <= policy.texts)
            #expect(pass.batch.cost <= policy.tokens || pass.batch.items.count == 1)
            #expect(Set(own.map(\.model)) == [pass.batch.model])
            #expect(Set(own.map { BatchQueue.lane(of: $0) }).count == 1)
        }
    }

    @Test(
        "nobody waits beyond the delay while a group is idle, and without a delay nobody waits at all",
        arguments: 1...40)
    func noIdleGroup(seed: Int) {
        _ = run(seed) { simulation in
            guard !simulation.queue.idle.isEmpty else { return }
            for entry in simulation.queue.entries.values where !entry.waiting.isEmpty {
                let delay = simulation.queue.models[entry.request.model]?.policy.delay ?? .zero
                #expect(delay > .zero && entry.request.arrival + delay > simulation.now)
            }
        }
    }

    @Test(
        "within a priority and a size who came first begins first, but for those whose pass has failed",
        arguments: 1...40)
    func order(seed: Int) {
        let simulation = run(seed) { _ in }
        var last: [String: Int] = [:]
        var begun: Set<Int> = []
        for item in simulation.passes.flatMap(\.batch.items) where begun.insert(item.request).inserted {
            guard let request = simulation.requests[item.request] else { continue }
            let key = "\(request.model) \(request.priority) \(BatchQueue.lane(of: request))"
            #expect(last[key] ?? -1 < item.request)
            last[key] = item.request
        }
    }

    @Test(
        "every request that is let in ends once: complete with each of its texts computed, failed if it is bad, expired or gone",
        arguments: 1...40)
    func ends(seed: Int) {
        let simulation = run(seed) { _ in }
        #expect(simulation.queue.entries.isEmpty && simulation.queue.running.isEmpty)
        #expect(simulation.queue.waitingCost == 0 && simulation.queue.waiting() == 0)
        #expect(simulation.queue.models.values.allSatisfy { $0.outstanding == 0 })
        #expect(Set(simulation.failed.keys).isSubset(of: simulation.bad))
        #expect(Set(simulation.completed.keys).isDisjoint(with: simulation.bad))
        #expect(Set(simulation.completed.keys).isDisjoint(with: simulation.expired.keys))
        var computed: [BatchQueue.Item: Int] = [:]
        for pass in simulation.passes
        where !pass.batch.items.contains(where: { simulation.bad.contains($0.request) }) {
            for item in pass.batch.items { computed[item, default: 0] += 1 }
        }
        for request in simulation.completed.keys {
            for index in simulation.requests[request]?.costs.indices ?? 0..<0 {
                #expect(computed[BatchQueue.Item(request: request, index: index)] == 1)
            }
        }
    }

    @Test("who asks for too little time is refused in it, and never begun after it", arguments: 1...40)
    func deadlines(seed: Int) {
        let simulation = run(seed) { _ in }
        for (identifier, request) in simulation.requests {
            guard let limit = request.startBy, let start = simulation.start(identifier) else { continue }
            #expect(start <= limit)
        }
        for (identifier, time) in simulation.expired {
            #expect(time == simulation.requests[identifier]?.startBy)
            #expect(simulation.start(identifier) == nil)
        }
    }
}
