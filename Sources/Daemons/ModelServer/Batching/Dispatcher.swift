// Hands passes to groups as `BatchQueue` says, and gives each request its own answer. All that is decided is decided there;
// here are the waiting tasks, the clock and the timer.

internal import Models
package import SystemIO
internal import Text

/// Answers requests with vectors, computed together with others.
package actor Dispatcher: LoopActor {
    private struct Job {
        let call: Call
        let arrival: Duration
        let limit: Duration
        var start: Duration?
        var vectors: [[Float]?]
        let continuation: CheckedContinuation<Result<Prediction, Refusal>, Never>
    }

    /// What a group computes, and until when.
    private struct Pass {
        let batch: BatchQueue.Batch
        let start: Duration
        let cores: Range<Int>
        let limit: Duration
        let timer: ScheduledTimer
    }

    /// Where requests are handed to groups; that of the connections, so that they change threads nowhere.
    package nonisolated let loop: EventLoop

    private var queue = BatchQueue()
    private var policies: [String: BatchPolicy] = [:]
    private var workers: [Int: any BatchWorker] = [:]
    /// Groups that will not compute any more, by their first core, and why.
    private var lost: [Int: String] = [:]
    /// The passes that are computed.
    private var passes: [Int: Pass] = [:]
    private var jobs: [Int: Job] = [:]
    private var nextIdentifier = 0
    private var timer: ScheduledTimer?
    private var wake: Duration?
    /// What passes have taken of late, each new one by an eighth.
    private var passTime = Duration.zero
    /// Why the last group has broken down.
    private var breakdown: String?
    /// Told why, when the last group has broken down.
    private var onBreakdown: @Sendable (String) -> Void = { _ in }

    private var onLoss: @Sendable (_ group: Int, _ sentence: String) -> Void = { _, _ in }

    /// A dispatcher without groups.
    package init(loop: EventLoop = .shared) { self.loop = loop }

    // MARK: Models and groups

    /// Says how requests for a model are batched.
    package func setPolicy(_ policy: BatchPolicy, of model: String) {
        policies[model] = policy
        queue.setPolicy(policy, of: model)
    }

    /// A group has these models from now on, and is handed requests for them.
    ///
    /// One that was lost stays so.
    package func setModels(_ models: Set<String>, of worker: any BatchWorker) {
        guard lost[worker.cores.lowerBound] == nil else { return }
        workers[worker.cores.lowerBound] = worker
        queue.setModels(models, of: worker.cores.lowerBound)
        for identifier in queue.strand() { finish(identifier, .failure(.notReady)) }
        dispatch()
    }

    /// Whom to tell why, when no group can compute any more.
    package func onBreakdown(_ tell: @escaping @Sendable (String) -> Void) { onBreakdown = tell }

    /// Whom to tell why, when a group cannot compute any more; it is named by its first core.
    package func onLoss(_ tell: @escaping @Sendable (_ group: Int, _ sentence: String) -> Void) {
        onLoss = tell
    }

    /// A group has not answered somebody else: it is given no more work, and what it computes goes to another.
    ///
    /// - Parameter group: its first core; one that has had no models yet never gets any.
    package func lose(_ group: Int, _ sentence: String) {
        guard lost[group] == nil else { return }
        if let pass = passes.values.first(where: { $0.batch.group == group }) {
            return end(pass.batch, .lost(sentence), since: pass.start)
        }
        let isLast = drop(group, sentence)
        queue.remove(group: group)
        for identifier in queue.strand() { finish(identifier, .failure(.failed(sentence))) }
        if isLast { breakDown(sentence) }
        dispatch()
    }

    /// - Returns: whether it was the last that could compute.
    private func drop(_ group: Int, _ sentence: String) -> Bool {
        let wasThere = workers.removeValue(forKey: group) != nil
        lost[group] = sentence
        onLoss(group, sentence)
        return wasThere && workers.isEmpty
    }

    private func breakDown(_ sentence: String) {
        breakdown = sentence
        onBreakdown(sentence)
    }

    /// Groups that cannot compute any more, by their first core, and why.
    package var lostGroups: [Int: String] { lost }

    /// Requests that wait, by model.
    package var waitingByModel: [String: Int] {
        policies.reduce(into: [:]) { $0[$1.key] = queue.waiting($1.key) }
    }

    /// Requests that wait.
    package var waiting: Int { queue.waiting() }

    /// Groups that have nothing to do.
    package var idleGroups: Int { queue.idle.count }

    // MARK: Requests

    /// Embeds texts, when it is their turn. Where the task is cancelled meanwhile, its turn does not come.
    package func predict(_ call: Call) async throws(Refusal) -> Prediction {
        guard !call.texts.isEmpty else {
            return Prediction(
                embeddings: [], tokens: [], queued: .zero, computed: .zero, batch: 0, core: 0)
        }
        let identifier = nextIdentifier
        nextIdentifier += 1
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { submit(identifier, call, $0) }
        } onCancel: {
            loop.execute(on: self) { $0.cancel(identifier) }
        }
        return try result.get()
    }

    private func submit(
        _ identifier: Int, _ call: Call,
        _ continuation: CheckedContinuation<Result<Prediction, Refusal>, Never>
    ) {
        let now = MonotonicClock.time
        let policy = policies[call.model] ?? BatchPolicy()
        let priority = max(1, min(policy.priorities, call.priority ?? policy.defaultPriority))
        let request = BatchQueue.Request(
            identifier: identifier, model: call.model, costs: call.texts.map { max(1, $0.ids.count) },
            priority: priority, arrival: now, startBy: now + policy.timeout,
            deadline: call.timeout.map { now + $0 })
        switch queue.submit(request) {
        case .noGroup: continuation.resume(returning: .failure(breakdown.map { .failed($0) } ?? .notReady))
        case .full(let limit):
            continuation.resume(returning: .failure(.full(limit: limit, retryAfter: drainTime(call.model))))
        case .queued:
            jobs[identifier] = Job(
                call: call, arrival: now, limit: policy.timeout,
                vectors: [[Float]?](repeating: nil, count: call.texts.count), continuation: continuation)
            dispatch()
        }
    }

    /// How long it takes about until all that waits for a model is on a group.
    private func drainTime(_ model: String) -> Duration {
        let policy = policies[model] ?? BatchPolicy()
        let groups = max(1, workers.count)
        let passes = (queue.waiting() + policy.texts - 1) / max(1, policy.texts)
        return passTime * ((passes + groups - 1) / groups)
    }

    /// Nobody waits for it any more.
    private func cancel(_ identifier: Int) {
        queue.leave(identifier)
        finish(identifier, .failure(.cancelled))
        setTimer()
    }

    /// Refuses those that have waited too long, and starts what has waited for others.
    private func elapse() {
        timer = nil
        wake = nil
        expire(MonotonicClock.time)
        dispatch()
    }

    /// Refuses those that have waited too long.
    func expire(_ now: Duration) {
        for expired in queue.expire(now: now) {
            let limit = jobs[expired.request]?.limit ?? .zero
            finish(expired.request, .failure(expired.byClient ? .deadline : .expired(after: limit)))
        }
    }

    private func setTimer() {
        let next = queue.nextWake(now: MonotonicClock.time)
        // One that fires too early finds nothing to do; one is enough.
        if let wake, let next, wake <= next { return }
        guard let next else { return }
        timer?.cancel()
        wake = next
        timer = loop.schedule(after: max(.zero, next - MonotonicClock.time), on: self) { $0.elapse() }
    }

    private func finish(_ identifier: Int, _ result: Result<Prediction, Refusal>) {
        jobs.removeValue(forKey: identifier)?.continuation.resume(returning: result)
    }

    // MARK: Passes

    private func dispatch() {
        let now = MonotonicClock.time
        while let batch = queue.next(now: now) {
            guard let worker = workers[batch.group] else { continue }
            for item in batch.items where jobs[item.request]?.start == nil { jobs[item.request]?.start = now }
            let texts = batch.items.compactMap { jobs[$0.request]?.call.texts[$0.index] }
            let limit = policies[batch.model]?.computeTimeout ?? BatchPolicy().computeTimeout
            let timer = loop.schedule(after: limit, on: self) { $0.giveUp(batch.identifier) }
            passes[batch.identifier] = Pass(
                batch: batch, start: now, cores: worker.cores, limit: limit, timer: timer)
            // Without the preference a continuation comes back by a thread of the system's pool, and goes from there to the
            // loop: two changes of threads for each pass.
            Task(executorPreference: loop) {
                let result = await worker.compute(texts, model: batch.model)
                await self.end(batch, result, since: now)
            }
        }
        setTimer()
    }

    /// A pass has no end. Nothing ends it from outside: its cores come back with a new process, as those that are lost do.
    func giveUp(_ identifier: Int) {
        guard let pass = passes[identifier] else { return }
        let sentence =
            "cores \(pass.cores.spanText) compute model \(pass.batch.model) for more than \(pass.limit.inSeconds) s"
        end(pass.batch, .lost(sentence), since: pass.start)
    }

    private func end(_ batch: BatchQueue.Batch, _ result: PassResult, since start: Duration) {
        // What comes after its time counts for nothing.
        guard let pass = passes.removeValue(forKey: batch.identifier) else { return }
        pass.timer.cancel()
        let took = MonotonicClock.time - start
        passTime = passTime == .zero ? took : passTime + (took - passTime) / 8
        queue.note(batch, took: took)
        let ends: BatchQueue.OnFinish
        var failure: String?
        var isBreakdown = false
        switch result {
        case .vectors(let vectors) where vectors.count == batch.items.count:
            keep(vectors, of: batch)
            ends = queue.finish(batch.identifier, .computed)
        case .vectors: ends = queue.finish(batch.identifier, .failed)
        case .failed(let sentence):
            failure = sentence
            ends = queue.finish(batch.identifier, .failed)
        case .lost(let sentence):
            failure = sentence
            isBreakdown = drop(batch.group, sentence)
            ends = queue.finish(batch.identifier, .groupLost)
        }
        for identifier in ends.complete { complete(identifier, batch) }
        for identifier in ends.failed + ends.stranded { finish(identifier, .failure(.failed(failure))) }
        if isBreakdown, let failure { breakDown(failure) }
        dispatch()
    }

    private func keep(_ vectors: [[Float]?], of batch: BatchQueue.Batch) {
        for (item, vector) in zip(batch.items, vectors) {
            if let vector {
                jobs[item.request]?.vectors[item.index] = vector
            } else {
                // Its own fault alone.
                queue.leave(item.request)
                finish(item.request, .failure(.notFinite))
            }
        }
    }

    private func complete(_ identifier: Int, _ batch: BatchQueue.Batch) {
        guard let job = jobs[identifier] else { return }
        let start = job.start ?? job.arrival
        finish(
            identifier,
            .success(
                Prediction(
                    embeddings: job.vectors.compactMap { $0 }, tokens: job.call.texts.map { $0.ids.count },
                    queued: start - job.arrival, computed: MonotonicClock.time - start,
                    batch: batch.items.count, core: batch.group)))
    }
}
