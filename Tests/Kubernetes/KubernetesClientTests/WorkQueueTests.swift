// The guarantees that controllers build on.

import Testing

@testable import KubernetesClient

@Suite("Work queue")
struct WorkQueueTests {
    @Test("a key asked for twice is worked on once, in order")
    func deduplicates() {
        var queue = WorkQueueState<String>()
        #expect(queue.add("b") == true)
        #expect(queue.add("a") == true)
        #expect(queue.add("b") == false)
        #expect(queue.depth == 2)
        #expect(queue.next() == "b")
        #expect(queue.next() == "a")
        #expect(queue.next() == nil)
    }

    @Test("a key asked for while it is worked on is worked on once more afterwards, never at the same time")
    func oneAtATime() {
        var queue = WorkQueueState<String>()
        queue.add("a")
        #expect(queue.next() == "a")
        queue.add("a")
        queue.add("a")
        #expect(queue.next() == nil)
        #expect(queue.active == 1)
        queue.done("a")
        #expect(queue.next() == "a")
        queue.done("a")
        #expect(queue.next() == nil)
        #expect(queue.active == 0)
    }

    @Test("the pause after failures doubles from 5 ms to 1000 s and is forgotten with success")
    func pauses() {
        var queue = WorkQueueState<String>()
        #expect(
            (0..<4).map { _ in queue.failed("a") } == [5, 10, 20, 40].map(Duration.milliseconds))
        #expect(queue.failureCount("a") == 4)
        for _ in 0..<100 { _ = queue.failed("a") }
        #expect(queue.failed("a") == .seconds(1000))
        #expect(queue.failed("b") == .milliseconds(5))
        queue.forget("a")
        #expect(queue.failed("a") == .milliseconds(5))
    }

    @Test("a key asked for later comes when its time has come; the earlier time counts")
    func later() {
        var queue = WorkQueueState<String>()
        queue.add("a", at: .seconds(9))
        queue.add("a", at: .seconds(3))
        queue.add("b", at: .seconds(5))
        #expect(queue.promote(now: .seconds(2)) == .seconds(3))
        #expect(queue.next() == nil)
        #expect(queue.promote(now: .seconds(3)) == .seconds(5))
        #expect(queue.next() == "a")
        #expect(queue.promote(now: .seconds(5)) == nil)
        #expect(queue.next() == "b")
    }

    @Test("long use keeps the order")
    func longUse() {
        var queue = WorkQueueState<Int>()
        var taken: [Int] = []
        for key in 0..<1000 {
            queue.add(key)
            if key % 3 == 2, let next = queue.next() {
                taken.append(next)
                queue.done(next)
            }
        }
        while let next = queue.next() { taken.append(next) }
        #expect(taken == Array(0..<1000))
    }
}
