import SystemIO
import Testing

@Suite("Precise timers")
struct PreciseTimerTests {
    @Test("call in the order of their times, those of one time in the order of asking, and not before")
    func order() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let timer = PreciseTimer(loop: loop)
        let base = MonotonicClock.now + 2_000_000
        let dues = [3, 1, 2, 1, 0].map { base + $0 * 300_000 }
        let called = Lock<[(number: Int, isEarly: Bool)]>([])
        await withCheckedContinuation { continuation in
            for (number, due) in dues.enumerated() {
                timer.call(at: due) {
                    let count = called.withLock { called in
                        called.append((number, MonotonicClock.now < due))
                        return called.count
                    }
                    if count == dues.count { continuation.resume() }
                }
            }
        }
        #expect(called.withLock { $0.map(\.number) } == [4, 1, 3, 2, 0])
        #expect(called.withLock { $0.allSatisfy { !$0.isEarly } })
    }

    @Test("a time that is over calls soon, and never on the caller's stack")
    func past() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let timer = PreciseTimer(loop: loop)
        let isOnLoop = await withCheckedContinuation { continuation in
            timer.call(at: 1) { continuation.resume(returning: loop.isCurrent) }
        }
        #expect(isOnLoop)
    }
}
