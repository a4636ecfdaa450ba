// Requests wait here for an idle group. A group that falls idle takes the oldest request and, with it, waiting ones for
// the same model up to a batch: nobody waits for a batch to fill while a group is idle, and a busy server batches by
// itself. The queue is bounded; who finds it full is told so at once, and when to come back.

package import NeuronRuntime
package import SystemIO

/// Hands requests to groups, first come, first served.
package actor Dispatcher: LoopActor {
    /// Why a request was not taken.
    package enum Refusal: Error, Equatable {
        /// The queue is full.
        case full(limit: Int)
        /// No group is there yet.
        case notReady
        /// The server is about to end.
        case draining
        /// The group holds no such model; the caller has checked the name, so this is a fault of the server.
        case failed
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
        let model: String
        let texts: [String]
        let arrival: ContinuousClock.Instant
        let continuation: CheckedContinuation<Result<Prediction, Refusal>, Never>
    }

    /// Where requests are handed to groups; that of the connections, so that they change threads nowhere.
    package nonisolated let loop: EventLoop

    private let queueLimit: Int
    private let batchLimit: Int
    private var idle: [NeuronCoreGroup] = []
    private var groupCount = 0
    private var queue: [Job] = []
    private var isDraining = false

    /// A dispatcher without groups.
    ///
    /// - Parameters:
    ///   - queueLimit: requests that may wait while all groups are busy.
    ///   - batchLimit: texts that are computed together, unless one request has more.
    package init(queueLimit: Int, batchLimit: Int, loop: EventLoop = .shared) {
        self.queueLimit = queueLimit
        self.batchLimit = batchLimit
        self.loop = loop
    }

    /// Groups with their models loaded; from now on they are handed requests.
    package func add(_ groups: [NeuronCoreGroup]) {
        idle += groups
        groupCount += groups.count
        dispatch()
    }

    /// Requests that wait.
    package var waiting: Int { queue.count }

    /// Groups that have nothing to do.
    package var idleGroups: Int { idle.count }

    /// Takes no more requests; those that are there come to their end.
    package func drain() { isDraining = true }

    /// Embeds `texts`, when it is their turn.
    package func predict(_ texts: [String], model: String) async throws(Refusal) -> Prediction {
        guard !isDraining else { throw .draining }
        guard groupCount > 0 else { throw .notReady }
        guard !idle.isEmpty || queue.count < queueLimit else { throw .full(limit: queueLimit) }
        let result = await withCheckedContinuation { continuation in
            queue.append(
                Job(model: model, texts: texts, arrival: ContinuousClock.now, continuation: continuation))
            dispatch()
        }
        return try result.get()
    }

    private func dispatch() {
        while !idle.isEmpty, let first = queue.first {
            let group = idle.removeFirst()
            var texts = 0
            var batch: [Job] = []
            queue.removeAll { job in
                guard job.model == first.model, batch.isEmpty || texts + job.texts.count <= batchLimit else {
                    return false
                }
                texts += job.texts.count
                batch.append(job)
                return true
            }
            Task { await run(batch, on: group) }
        }
    }

    private func run(_ batch: [Job], on group: NeuronCoreGroup) async {
        let start = ContinuousClock.now
        let texts = batch.flatMap(\.texts)
        let output = await group.embed(texts, model: batch[0].model)
        let computed = ContinuousClock.now - start
        idle.append(group)
        dispatch()
        var first = 0
        for job in batch {
            let own = first..<first + job.texts.count
            first = own.upperBound
            guard let output, own.upperBound <= output.embeddings.count else {
                job.continuation.resume(returning: .failure(.failed))
                continue
            }
            job.continuation.resume(
                returning: .success(
                    Prediction(
                        embeddings: Array(output.embeddings[own]), tokens: Array(output.tokens[own]),
                        queued: start - job.arrival, computed: computed, batch: texts.count,
                        core: group.cores.lowerBound)))
        }
    }
}
