import SystemIO
import Testing

@Suite("Back-off")
struct BackoffTests {
    @Test("there is no pause before the first failure, then it doubles up to the limit")
    func doubles() {
        let backoff = Backoff(base: .milliseconds(100), limit: .seconds(5))
        let pauses = (0...8).map { backoff.pause(after: $0) }
        #expect(pauses == [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000].map(Duration.milliseconds))
    }

    @Test("counts failures in a row until it is reset")
    func counts() {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(4))
        #expect((0..<4).map { _ in backoff.failed() } == [1, 2, 4, 4].map(Duration.seconds))
        #expect(backoff.failures == 4)
        backoff.reset()
        #expect(backoff.failures == 0)
        #expect(backoff.failed() == .seconds(1))
    }

    @Test("begins anew after a quiet time, and not a moment earlier")
    func quiet() {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(60), resetAfter: .seconds(10))
        #expect(backoff.failed(now: .seconds(0)) == .seconds(1))
        #expect(backoff.failed(now: .seconds(10)) == .seconds(2))
        #expect(backoff.failed(now: .milliseconds(20_001)) == .seconds(1))
    }

    @Test(
        "jitter is a part of the pause, the limit's too",
        arguments: [
            (0...1, 0, 400), (0...1, 0.5, 600), (0...1, 1, 800), (0...1, 7, 800), (-0.25...0.25, 0, 300),
            (-0.25...0.25, 0.5, 400), (-0.25...0.25, 1, 500), (0...0, 1, 400),
        ] as [(ClosedRange<Double>, Double, Int)])
    func jitter(range: ClosedRange<Double>, random: Double, milliseconds: Int) {
        let backoff = Backoff(base: .milliseconds(100), limit: .milliseconds(400), jitter: range)
        #expect(backoff.pause(after: 5, random: random) == .milliseconds(milliseconds))
    }

    @Test("no number of failures overflows", arguments: [63, 64, 1 << 20, Int.max])
    func manyFailures(count: Int) {
        #expect(Backoff(base: .seconds(10), limit: .seconds(300)).pause(after: count) == .seconds(300))
        #expect(Backoff(base: .zero, limit: .seconds(300)).pause(after: count) == .zero)
    }
}
