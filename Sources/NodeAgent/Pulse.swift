// A loop that works on what is newest needs to be told only that something is new: many tellings while it works are one.

internal import SystemIO

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
    func send(after pause: Duration) -> ScheduledTimer {
        loop.schedule(after: pause) { [continuation] in continuation.yield() }
    }

    /// Ends the reader's stream.
    func finish() { continuation.finish() }
}
