// The guarantees that controllers build on.

import SystemIO
import Testing

@testable import Controller

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

    @Test("says what it holds, with the keys that have failed")
    func dump() {
        var queue = WorkQueueState<String>()
        #expect(queue.dump(now: .zero) == "0 worked on\n0 ready\n0 later\n")
        for key in ["a", "b", "c", "d"] { queue.add(key) }
        _ = queue.next()
        queue.add("a")
        queue.add("z", at: .seconds(9))
        queue.add("y", at: .seconds(3))
        _ = queue.failed("y")
        _ = queue.failed("y")
        #expect(
            queue.dump(limit: 2, now: .seconds(1))
                == """
                1 worked on
                  a, and once more afterwards
                3 ready
                  b
                  c
                  and 1 more
                2 later
                  y in 2.0 seconds, failed 2 times in a row
                  z in 8.0 seconds

                """)
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

    @Test("a key that rests is left alone whoever asks for it, and comes when it has rested")
    func rests() {
        var queue = WorkQueueState<String>()
        for key in ["a", "b", "c"] { queue.add(key) }
        for key in ["a", "b", "c"] { #expect(queue.next() == key) }
        // Asked for while it is worked on, for later while it is worked on, and not at all.
        queue.add("a", now: .seconds(1))
        queue.add("b", at: .seconds(2))
        for key in ["a", "b", "c"] { queue.done(key, now: .seconds(1), rest: .seconds(4)) }
        #expect(queue.add("c", now: .seconds(3)) == false)
        #expect(queue.promote(now: .milliseconds(4999)) == .seconds(5))
        #expect(queue.next() == nil)
        #expect(queue.promote(now: .seconds(5)) == nil)
        #expect((0..<3).map { _ in queue.next() } == ["a", "b", "c"])
        queue.done("c", now: .seconds(6))
        #expect(queue.add("c", now: .seconds(6)) == true)
    }

    @Test("a key whose time comes counts as added then, unless it was asked for already")
    func promoted() {
        var queue = WorkQueueState<String>()
        queue.add("a", at: .seconds(1))
        queue.add("b", at: .seconds(1))
        queue.add("b")
        var added: [String] = []
        #expect(queue.promote(now: .seconds(1)) { added.append($0) } == nil)
        #expect(added == ["a"])
    }

    @Test("those who wait for a key get it at once, and nil at the end", .timeLimit(.minutes(1)))
    func waiting() async {
        let queue = WorkQueue<String>()
        async let first = queue.next()
        async let second = queue.next()
        queue.add("a")
        queue.add("b", after: .milliseconds(1))
        #expect(await Set([first, second]) == ["a", "b"])
        async let third = queue.next()
        #expect(!queue.isShutDown)
        queue.shutDown()
        queue.add("c")
        #expect(await third == nil)
        #expect(await queue.next() == nil)
        #expect(queue.isShutDown)
    }

    @Test("a failed key comes back by itself")
    func failed() async {
        let queue = WorkQueue<String>(backoff: Backoff(base: .milliseconds(1), limit: .milliseconds(2)))
        queue.add("a")
        for pause in [1, 2, 2] {
            #expect(await queue.next() == "a")
            #expect(queue.addAfterFailure("a") == .milliseconds(pause))
            queue.done("a")
        }
        #expect(await queue.next() == "a")
        queue.forget("a")
        #expect(queue.addAfterFailure("a") == .milliseconds(1))
        queue.shutDown()
    }
}
