// Requests wait here for an idle group. A group that falls idle takes the oldest request and, with it, its share of the
// waiting ones for the same model up to a batch: nobody waits for a batch to fill while a group is idle, and a busy server
// batches by itself. The queue is bounded in number and in time; who finds it full is told so at once, and when to come back.
// Whoever has gone leaves it, and what nobody waits for is not computed to its end.

package import Models
internal import NeuronRuntime
package import SystemIO

/// Hands requests to groups, first come, first served.
package actor Dispatcher: LoopActor {
    /// Why a request was not answered.
    package enum Refusal: Error, Equatable {
        /// The queue is full.
        case full(limit: Int)
        /// No group is there yet.
        case notReady
        /// No group was free in time.
        case expired(after: Duration)
        /// The caller has stopped waiting.
        case cancelled
        /// The vectors have numbers that are none.
        case notFinite
        /// The group could not compute; the sentence says why. nil: it holds no such model, which is a fault of the server,
        /// since the caller has checked the name.
        case failed(String?)
    }

    /// The answer to one request.
    package struct Prediction: Equatable, Sendable {
        /// One vector per text.
        package var embeddings: [[Float]]
        /// Ids per text.
        package var tokens: [Int]
        /// From arrival until a group took it.
        package var queued: Duration
        /// From then until the vectors were there.
        package var computed: Duration
        /// Texts that were computed together with these, these included.
        package var batch: Int
        /// The first core of the group.
        package var core: Int
    }

    private struct Job {
        let texts: [String]
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<Result<Prediction, Refusal>, Never>
    }

    /// Where requests are handed to groups; that of the connections, so that they change threads nowhere.
    package nonisolated let loop: EventLoop

    private let queueLimit: Int
    private let batchLimit: Int
    private let timeLimit: Duration
    private var idle: [NeuronCoreGroup] = []
    private var groupCount = 0
    private var queue = RequestQueue()
    private var jobs: [Int: Job] = [:]
    private var running: [Int: RunningBatch] = [:]
    private var nextIdentifier = 0
    private var timer: ScheduledTimer?
    /// Told why, when the last group has broken down.
    private var onBreakdown: @Sendable (String) -> Void = { _ in }

    /// A dispatcher without groups.
    ///
    /// - Parameters:
    ///   - queueLimit: requests that may wait while all groups are busy.
    ///   - timeLimit: how long one may wait for a group.
    ///   - batchLimit: texts that are computed together, unless one request has more.
    package init(
        queueLimit: Int, timeLimit: Duration = .seconds(60), batchLimit: Int, loop: EventLoop = .shared
    ) {
        self.queueLimit = queueLimit
        self.timeLimit = timeLimit
        self.batchLimit = batchLimit
        self.loop = loop
    }

    /// Groups with their models loaded; from now on they are handed requests.
    package func add(_ groups: [NeuronCoreGroup]) {
        idle += groups
        groupCount += groups.count
        dispatch()
    }

    /// Whom to tell why, when no group can compute any more.
    package func onBreakdown(_ tell: @escaping @Sendable (String) -> Void) { onBreakdown = tell }

    /// Requests that wait.
    package var waiting: Int { queue.count }

    /// Groups that have nothing to do.
    package var idleGroups: Int { idle.count }

    /// Embeds `texts`, when it is their turn. Where the task is cancelled meanwhile, its turn does not come.
    package func predict(_ texts: [String], model: String) async throws(Refusal) -> Prediction {
        guard groupCount > 0 else { throw .notReady }
        guard !idle.isEmpty || queue.count < queueLimit else { throw .full(limit: queueLimit) }
        let identifier = nextIdentifier
        nextIdentifier += 1
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let arrival = ContinuousClock.now
                jobs[identifier] = Job(texts: texts, arrival: arrival, continuation: continuation)
                queue.add(
                    RequestQueue.Entry(
                        identifier: identifier, model: model, texts: texts.count, arrival: arrival))
                dispatch()
                setTimer()
            }
        } onCancel: {
            loop.execute(on: self) { $0.cancel(identifier) }
        }
        return try result.get()
    }

    /// Nobody waits for it any more.
    private func cancel(_ identifier: Int) {
        if queue.remove(identifier) {
            finish(identifier, .failure(.cancelled))
        } else {
            for batch in running.values { batch.leave(identifier) }
        }
    }

    /// Refuses those that have waited too long.
    func expire(_ now: ContinuousClock.Instant) {
        for entry in queue.expire(now - timeLimit) {
            finish(entry.identifier, .failure(.expired(after: timeLimit)))
        }
        timer = nil
        setTimer()
    }

    private func setTimer() {
        guard timer == nil, let oldest = queue.entries.first else { return }
        let rest = oldest.arrival + timeLimit - ContinuousClock.now
        timer = loop.schedule(after: max(.zero, rest), on: self) { $0.expire(.now) }
    }

    private func finish(_ identifier: Int, _ result: Result<Prediction, Refusal>) {
        jobs.removeValue(forKey: identifier)?.continuation.resume(returning: result)
    }

    private func dispatch() {
        while !idle.isEmpty, !queue.isEmpty {
            let entries = queue.takeBatch(limit: batchLimit, groups: groupCount)
            let group = idle.removeFirst()
            // Now, not when its task begins: somebody may go in between.
            let batch = RunningBatch(entries)
            running[entries[0].identifier] = batch
            Task { await run(batch, of: entries, on: group) }
        }
    }

    private func run(
        _ batch: RunningBatch, of entries: [RequestQueue.Entry], on group: NeuronCoreGroup
    ) async {
        let start = ContinuousClock.now
        let texts = entries.flatMap { jobs[$0.identifier]?.texts ?? [] }
        let deliver = callback { (dispatcher: isolated Dispatcher) in
            for result in batch.takeComplete() {
                dispatcher.answer(result, batch: texts.count, start: start, core: group.cores.lowerBound)
            }
        }
        let loop = loop
        let before = group.failure
        let isWhole = await group.embed(texts, model: entries[0].model) { output in
            batch.receive(RunningBatch.Part(embeddings: output.embeddings, tokens: output.tokens))
            loop.execute(deliver)
            return batch.isWanted
        }
        // The loop may not have come to the last ones yet.
        deliver()
        running[entries[0].identifier] = nil
        let isBroken = group.failure?.status == .unrecoverable
        if isBroken {
            // Its cores come back with a new process only.
            groupCount -= 1
        } else {
            idle.append(group)
        }
        let refusal: Refusal
        if isWhole {
            refusal = .failed(nil)
        } else if case let failure = group.failure, failure != before, let failure {
            refusal = .failed(failure.description)
        } else {
            refusal = .cancelled
        }
        for entry in entries { finish(entry.identifier, .failure(refusal)) }
        if isBroken, groupCount == 0, let failure = group.failure {
            for entry in queue.entries {
                _ = queue.remove(entry.identifier)
                finish(entry.identifier, .failure(.failed(failure.description)))
            }
            onBreakdown(failure.description)
        }
        dispatch()
    }

    private func answer(
        _ result: RunningBatch.JobResult, batch: Int, start: ContinuousClock.Instant, core: Int
    ) {
        guard let job = jobs[result.identifier] else { return }
        guard result.isFinite else { return finish(result.identifier, .failure(.notFinite)) }
        finish(
            result.identifier,
            .success(
                Prediction(
                    embeddings: result.embeddings, tokens: result.tokens, queued: start - job.arrival,
                    computed: ContinuousClock.now - start, batch: batch, core: core)))
    }
}
