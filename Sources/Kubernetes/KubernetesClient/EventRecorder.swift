// Sends events in the background: what records them never waits, and never fails because of them.

internal import JSON
public import KubernetesAPI
public import Observability
public import SystemIO

/// Writes events about objects.
public actor EventRecorder: LoopActor {
    /// The recorder's loop.
    public nonisolated let loop: EventLoop

    private let client: KubernetesClient
    private let log: Logger
    private var correlator: EventCorrelator
    private let backoff: Backoff
    private let precedence: Precedence?
    private let notes: AsyncStream<Recorded>
    private nonisolated let continuation: AsyncStream<Recorded>.Continuation
    /// Old notes that gave way to new ones since that was last told.
    private nonisolated let dropped = Lock(0)
    private var isEnding = false
    private var task: Task<Void, Never>?

    private let capacity: Int
    /// How long a note gives way to other work.
    static let patience = Duration.seconds(5)

    private struct Recorded: Sendable {
        let note: EventNote
        let time = Timestamp.now
        let moment = MonotonicClock.time
    }

    /// A recorder.
    ///
    /// - Parameters:
    ///   - controller: such as `ganglion.dev/operator`.
    ///   - instance: the process, such as the pod's name.
    ///   - backoff: the pauses after failures.
    ///   - precedence: work that each note gives way to, for five seconds.
    ///   - capacity: notes that wait to be sent, the newest: an API server that is away must not make the process grow.
    public init(
        _ client: KubernetesClient, controller: String, instance: String, backoff: Backoff = .events,
        givingWayTo precedence: Precedence? = nil, capacity: Int = 10_000, log: Logger = .silent,
        loop: EventLoop = .shared
    ) {
        self.client = client
        self.backoff = backoff
        self.precedence = precedence
        self.capacity = capacity
        self.log = log
        self.loop = loop
        correlator = EventCorrelator(controller: controller, instance: instance)
        (notes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(capacity))
    }

    /// Begins to send.
    public func start() {
        guard task == nil else { return }
        // On the loop throughout: each function of the client would otherwise change threads twice.
        task = Task(executorPreference: loop) { await self.sendAll() }
    }

    private func sendAll() async {
        var unsent = 0
        for await recorded in notes {
            // What was recorded and not read comes after the task was cancelled, too.
            guard !Task.isCancelled else {
                unsent += 1
                continue
            }
            tellDropped()
            await giveWay(recorded)
            await send(recorded)
        }
        tellLost(unsent, why: "the process ends")
    }

    /// Ends when what was recorded has been sent, or after a while.
    public func stop() async {
        isEnding = true
        continuation.finish()
        let task = task
        let timer = loop.schedule(after: .seconds(3)) { task?.cancel() }
        await task?.value
        timer.cancel()
    }

    /// Records a note; returns at once.
    public nonisolated func record(_ note: EventNote) {
        if case .dropped = continuation.yield(Recorded(note: note)) { dropped.withLock { $0 += 1 } }
    }

    private func tellDropped() {
        let count = dropped.withLock { count in
            defer { count = 0 }
            return count
        }
        tellLost(count, why: "more than \(capacity) wait to be sent")
    }

    private func tellLost(_ count: Int, why: String) {
        if count > 0 { log.warning("events lost", ["count": count, "error": why]) }
    }

    private func giveWay(_ recorded: Recorded) async {
        guard let precedence, !isEnding else { return }
        let waited = MonotonicClock.time - recorded.moment
        await precedence.giveWay(atMost: Self.patience - waited, loop: loop)
    }

    private func send(_ recorded: Recorded) async {
        let note = recorded.note
        let action = correlator.act(on: note, now: recorded.moment, time: recorded.time)
        let loss = await EventDelivery.deliver(backoff) { await attempt(action) }
        guard let loss else { return }
        correlator.forget(note)
        log.warning("event lost", ["reason": note.reason, "error": loss])
    }

    private func attempt(_ action: EventCorrelator.Action) async -> EventDelivery.Outcome {
        do throws(KubernetesError) {
            try await perform(action)
            return .done
        } catch {
            return .failed(error.description, isThere: error.isAlreadyExists, mayHelp: error.isTransient)
        }
    }

    private func perform(_ action: EventCorrelator.Action) async throws(KubernetesError) {
        switch action {
        case .create(let record):
            try await client.submit(record.event)
        case .update(let record):
            let series: JSON = [
                "count": JSON(record.series.count),
                "lastObservedTime": JSON(record.series.lastObservedTime?.microText),
            ]
            try await client.patch(Event.self, record.key, ["series": series])
        case .drop:
            break
        }
    }
}
