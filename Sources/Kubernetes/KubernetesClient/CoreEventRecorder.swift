// Events as core/v1 has them, which kubelets and the controllers of a cluster write: told in order and one at a time, so that
// they never hold up whoever tells them. A full queue drops the newest.

public import KubernetesAPI
public import SystemIO

/// Writes events through any API server.
public actor CoreEventRecorder: LoopActor {
    /// The recorder's loop.
    public nonisolated let loop: EventLoop

    private let cluster: any ClusterAPI
    private var correlator: EventCorrelator
    private nonisolated let notes: AsyncStream<EventNote>.Continuation

    /// A repetition of an event: what changes.
    private struct Repetition: Encodable, Sendable {
        var count: Int
        var lastTimestamp: Timestamp
    }

    /// A recorder. It works as long as somebody holds it.
    ///
    /// - Parameters:
    ///   - component: who reports, such as `kubelet`.
    ///   - host: the node that it runs on; empty for none.
    public init(_ cluster: any ClusterAPI, component: String, host: String = "", loop: EventLoop = .shared) {
        self.cluster = cluster
        self.loop = loop
        correlator = EventCorrelator(controller: component, instance: host, lifetime: .seconds(600))
        let (stream, notes) = AsyncStream.makeStream(
            of: EventNote.self, bufferingPolicy: .bufferingOldest(1000))
        self.notes = notes
        Task { [weak self] in
            for await note in stream { await self?.send(note) }
        }
    }

    deinit { notes.finish() }

    /// Tells an event; returns at once.
    public nonisolated func record(_ note: EventNote) { notes.yield(note) }

    private func send(_ note: EventNote) async {
        let action = correlator.act(on: note, now: MonotonicClock.time, time: .now)
        let loss = await EventDelivery.deliver(.events) { await attempt(action) }
        if loss != nil { correlator.forget(note) }
    }

    private func attempt(_ action: EventCorrelator.Action) async -> EventDelivery.Outcome {
        do throws(ClusterError) {
            try await perform(action)
            return .done
        } catch {
            return .failed(
                error.description, isThere: error.status == 409, mayHelp: error.isWorthRetrying)
        }
    }

    private func perform(_ action: EventCorrelator.Action) async throws(ClusterError) {
        switch action {
        case .create(let record): try await cluster.create(record.coreEvent)
        case .update(let record):
            try await cluster.patch(
                CoreEvent.self, record.key, Repetition(count: record.count, lastTimestamp: record.last),
                kind: .merge, subresource: nil)
        case .drop: break
        }
    }
}
