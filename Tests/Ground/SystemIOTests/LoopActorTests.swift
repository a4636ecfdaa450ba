import SystemIO
import TestSupport
import Testing

/// Counts how often it was called, and on which thread.
private actor Counter: LoopActor {
    nonisolated let loop: EventLoop
    private(set) var calls: [String] = []
    private let onEnd: @Sendable () -> Void

    init(_ loop: EventLoop, onEnd: @escaping @Sendable () -> Void = {}) {
        self.loop = loop
        self.onEnd = onEnd
    }

    deinit { onEnd() }

    func note(_ call: String) { calls.append(loop.isCurrent ? call : "\(call) elsewhere") }
}

@Suite("Actors on an event loop")
struct LoopActorTests {
    @Test("are run by the loop, whichever of its callbacks leads there")
    func callbacks() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let counter = Counter(loop)
        await counter.note("job")
        let plain = counter.callback { $0.note("callback") }
        let one = counter.callback { (counter, number: Int) in counter.note("callback \(number)") }
        await withCheckedContinuation { continuation in
            loop.execute {
                plain()
                one(1)
                loop.schedule(after: .milliseconds(1), on: counter) {
                    $0.note("cancelled")
                }.cancel()
                loop.schedule(after: .milliseconds(2), on: counter) {
                    $0.note("timer")
                    continuation.resume()
                }
                loop.execute(on: counter) { $0.note("execute") }
            }
        }
        #expect(await counter.calls == ["job", "callback", "callback 1", "execute", "timer"])
    }

    @Test("are not kept alive by callbacks and timers, which do nothing once they are gone")
    func weak() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let ends = Lock(0)
        let calls = Lock(0)
        var callback: (@Sendable () -> Void)?
        var timer: ScheduledTimer?
        do {
            let counter = Counter(loop) { ends.withLock { $0 += 1 } }
            callback = counter.callback { _ in calls.withLock { $0 += 1 } }
            timer = loop.schedule(after: .seconds(3600), on: counter) { _ in calls.withLock { $0 += 1 } }
        }
        #expect(ends.withLock { $0 } == 1)
        let late = try #require(callback)
        await withCheckedContinuation { continuation in
            loop.execute {
                late()
                continuation.resume()
            }
        }
        #expect(calls.withLock { $0 } == 0)
        timer?.cancel()
    }
}
