// Who gives way, to whom and for how long.

import SystemIO
import Testing

@testable import KubernetesClient

@Suite("Precedence", .timeLimit(.minutes(1)))
struct PrecedenceTests {
    private let loop = EventLoop.shared

    @Test("nobody waits while nothing is under way")
    func idle() async {
        let precedence = Precedence()
        await precedence.giveWay(atMost: .seconds(3600), loop: loop)
        precedence.begin()
        precedence.end()
        await precedence.giveWay(atMost: .seconds(3600), loop: loop)
    }

    @Test("those who wait go on when the last piece of work ends")
    func ends() async {
        let precedence = Precedence()
        precedence.begin()
        precedence.begin()
        let ended = Lock(0)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    await precedence.giveWay(atMost: .seconds(3600), loop: loop)
                    return ended.withLock { $0 }
                }
            }
            while precedence.waiters < 3 { await Task.yield() }
            ended.withLock { $0 = 1 }
            precedence.end()
            #expect(precedence.waiters == 3)
            ended.withLock { $0 = 2 }
            precedence.end()
            for await seen in group { #expect(seen == 2) }
        }
    }

    @Test("nobody waits longer than it says, or after it was cancelled")
    func bounded() async {
        let precedence = Precedence()
        precedence.begin()
        await precedence.giveWay(atMost: .zero, loop: loop)
        await precedence.giveWay(atMost: .milliseconds(1), loop: loop)
        let task = Task { await precedence.giveWay(atMost: .seconds(3600), loop: loop) }
        task.cancel()
        await task.value
        #expect(precedence.waiters == 0)
    }
}
