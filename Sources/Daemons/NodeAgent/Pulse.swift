// A loop that works on what is newest needs to be told only that something is new: many tellings while it works are one.

internal import SystemIO

/// When a loop goes on.
struct Pace {
    /// The least time until then, whoever wakes it.
    var rest = Duration.zero
    /// The time after which it goes on without being woken.
    var again: Duration
}

/// Wakes one reader, now or later.
final class Pulse: Sendable {
    /// For one reader; ends at `finish`.
    let beats: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let loop: EventLoop

    init(_ loop: EventLoop) {
        self.loop = loop
        (beats, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the reader.
    func send() { continuation.yield() }

    /// Wakes the reader after a while, unless the timer is cancelled.
    private func send(after pause: Duration) -> ScheduledTimer {
        loop.schedule(after: pause) { [continuation] in continuation.yield() }
    }

    /// Does `work` at each beat, though not before it has rested, and again when nobody sends a beat for a while.
    ///
    /// Returns at `finish`, and when the task is cancelled.
    func drive(_ work: () async -> Pace) async {
        var earliest = Duration.zero
        var timer: ScheduledTimer?
        defer { timer?.cancel() }
        for await _ in beats {
            guard !Task.isCancelled else { return }
            timer?.cancel()
            let early = earliest - MonotonicClock.time
            if early > .zero {
                timer = send(after: early)
                continue
            }
            let pace = await work()
            earliest = MonotonicClock.time + pace.rest
            timer = send(after: pace.again)
        }
    }

    /// Ends the reader's stream.
    func finish() { continuation.finish() }
}
