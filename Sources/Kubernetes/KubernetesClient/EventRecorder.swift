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

    /// Sends a note, several times where that may help. Those behind it wait: an API server that is away takes none of them.
    private func send(_ note: EventNote) async {
        let action = correlator.act(on: note, now: MonotonicClock.time, time: .now)
        for attempt in 1...Backoff.eventAttempts {
            do throws(KubernetesError) {
                return try await perform(action)
            } catch {
                // What has been written by a try whose answer was lost is there.
                if error.isAlreadyExists, attempt > 1 { return }
                let mayHelp = error.isTransient && attempt < Backoff.eventAttempts
                if mayHelp, await pause(backoff.pause(after: attempt)) { continue }
                correlator.forget(note)
                log.warning("event lost", ["reason": note.reason, "error": error.description])
                return
            }
        }
    }

    /// - Returns: whether the time is over, and not the recorder.
    private func pause(_ duration: Duration) async -> Bool {
        do { try await Task.sleep(for: duration) } catch { return false }
        return true
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

extension Backoff {
    /// The pauses between tries for an event: 1 s, doubled up to 10 s, which is client-go's one pause.
    public static var events: Backoff { Backoff(base: .seconds(1), limit: .seconds(10)) }
    /// How often an event is sent at most, as in client-go.
    static var eventAttempts: Int { 12 }
}
