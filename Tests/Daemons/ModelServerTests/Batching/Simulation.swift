// A server in simulated time: requests arrive, groups take as long as their passes have tokens, and what happened is kept.

import TestSupport

@testable import ModelServer

/// Groups that compute `BatchQueue`'s passes, a microsecond a token.
struct Simulation {
    /// A pass that was dispatched.
    struct Pass {
        let batch: BatchQueue.Batch
        let start: Duration
        let end: Duration
    }

    var queue = BatchQueue()
    var now = Duration.zero
    private(set) var passes: [Pass] = []
    private var running: [Pass] = []
    private(set) var completed: [Int: Duration] = [:]
    private(set) var failed: [Int: Duration] = [:]
    private(set) var expired: [Int: Duration] = [:]
    private(set) var requests: [Int: BatchQueue.Request] = [:]
    /// Microseconds that a token of a model takes; 1 for others.
    var tokenTimes: [String: Int] = [:]
    /// Requests that make every pass fail in which they are.
    var bad: Set<Int> = []
    /// Called when nothing more can be dispatched for now.
    var onSettled: (Simulation) -> Void = { _ in }
    private var nextIdentifier = 0

    init(groups: Int, models: [String: BatchPolicy]) {
        for (name, policy) in models { queue.setPolicy(policy, of: name) }
        for group in 0..<groups { queue.setModels(Set(models.keys), of: group) }
    }

    /// A request arrives now.
    @discardableResult
    mutating func arrive(
        _ costs: [Int], model: String = "a", priority: Int = 1, startWithin: Duration? = nil
    ) -> (identifier: Int, outcome: BatchQueue.OnSubmit) {
        let identifier = nextIdentifier
        nextIdentifier += 1
        let request = BatchQueue.Request(
            identifier: identifier, model: model, costs: costs, priority: priority, arrival: now,
            startBy: startWithin.map { now + $0 })
        let outcome = queue.submit(request)
        if outcome == .queued { requests[identifier] = request }
        settle()
        return (identifier, outcome)
    }

    /// Somebody stops to wait.
    mutating func leave(_ identifier: Int) {
        queue.leave(identifier)
        settle()
    }

    private mutating func settle() {
        while let batch = queue.next(now: now) {
            let time = batch.cost * (tokenTimes[batch.model] ?? 1)
            let pass = Pass(batch: batch, start: now, end: now + .microseconds(time))
            passes.append(pass)
            running.append(pass)
        }
        onSettled(self)
    }

    /// Lets time go by until something happens, at most until `limit`. False when nothing will.
    @discardableResult
    mutating func step(until limit: Duration? = nil) -> Bool {
        let times = [running.map(\.end).min(), queue.nextWake(now: now)].compactMap { $0 }
        guard let next = times.min() else {
            now = limit ?? now
            return false
        }
        if let limit, next > limit {
            now = limit
            return false
        }
        now = max(now, next)
        for request in queue.expire(now: now) { expired[request.request] = now }
        for pass in running where pass.end <= now {
            let isBad = pass.batch.items.contains { bad.contains($0.request) }
            queue.note(pass.batch, took: pass.end - pass.start)
            let ends = queue.finish(pass.batch.identifier, isBad ? .failed : .computed)
            for request in ends.complete { completed[request] = now }
            for request in ends.failed { failed[request] = now }
        }
        running.removeAll { $0.end <= now }
        settle()
        return true
    }

    /// Runs to the end.
    mutating func run() { while step() {} }

    /// When a request's first text was dispatched.
    func start(_ request: Int) -> Duration? {
        passes.first { $0.batch.items.contains { $0.request == request } }?.start
    }

    /// Time for which a model was computed until some moment.
    func busy(_ model: String, until limit: Duration) -> Duration {
        passes.filter { $0.batch.model == model }
            .reduce(.zero) { $0 + max(.zero, min($1.end, limit) - $1.start) }
    }

    /// Time that a group computed.
    func busy(_ group: Int) -> Duration {
        passes.filter { $0.batch.group == group }.reduce(.zero) { $0 + ($1.end - $1.start) }
    }
}
