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
    private let notes: AsyncStream<EventNote>
    private nonisolated let continuation: AsyncStream<EventNote>.Continuation
    private var task: Task<Void, Never>?

    /// A recorder.
    ///
    /// - Parameters:
    ///   - controller: such as `ganglion.dev/operator`.
    ///   - instance: the process, such as the pod's name.
    ///   - backoff: the pauses after failures.
    public init(
        _ client: KubernetesClient, controller: String, instance: String, backoff: Backoff = .events,
        log: Logger = .silent, loop: EventLoop = .shared
    ) {
        self.client = client
        self.backoff = backoff
        self.log = log
        self.loop = loop
        correlator = EventCorrelator(controller: controller, instance: instance)
        // Old notes give way to new ones: an API server that is away must not make the process grow.
        (notes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1000))
    }

    /// Begins to send.
    public func start() {
        guard task == nil else { return }
        task = Task {
            for await note in notes { await send(note) }
        }
    }

    /// Ends when what was recorded has been sent, or after a while.
    public func stop() async {
        continuation.finish()
        let task = task
        let timer = loop.schedule(after: .seconds(3)) { task?.cancel() }
        await task?.value
        timer.cancel()
    }

    /// Records a note; returns at once.
    public nonisolated func record(_ note: EventNote) { continuation.yield(note) }

    private func send(_ note: EventNote) async {
        let action = correlator.act(on: note, now: MonotonicClock.time, time: .now)
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
            try await client.create(record.event)
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
