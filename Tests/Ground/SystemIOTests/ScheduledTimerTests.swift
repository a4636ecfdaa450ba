import Testing

@testable import SystemIO

@Suite("Scheduled timer")
struct ScheduledTimerTests {
    @Test("may be looked at any number of times before it fires")
    func looks() {
        let fired = Lock(0)
        let timer = ScheduledTimer(deadline: 0, .run { fired.withLock { $0 += 1 } })
        for _ in 0..<300_000 where timer.isDone { Issue.record("done before it fired") }
        timer.fire()
        timer.fire()
        #expect(timer.isDone)
        #expect(fired.withLock { $0 } == 1)
    }
}
