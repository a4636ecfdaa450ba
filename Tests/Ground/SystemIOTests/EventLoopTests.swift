import SystemIO
import TestSupport
import Testing

@Suite("Event loop")
struct EventLoopTests {
    private actor Pinned: LoopActor {
        nonisolated let loop: EventLoop
        private(set) var values: [Int] = []

        init(_ loop: EventLoop) { self.loop = loop }

        func append(_ value: Int) -> Bool {
            values.append(value)
            return loop.isCurrent
        }
    }

    @Test("runs a pinned actor on its own thread")
    func pinned() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let actor = Pinned(loop)
        #expect(await actor.append(1))
        #expect(!loop.isCurrent)
        #expect(await actor.values == [1])
    }

    @Test("lets a closure of the loop into the state of its actors")
    func assumesIsolation() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let actor = Pinned(loop)
        await withCheckedContinuation { continuation in
            loop.execute {
                actor.assumeIsolated { _ = $0.append(7) }
                continuation.resume()
            }
        }
        #expect(await actor.values == [7])
    }

    @Test("sockets and timers get their turn while jobs make more jobs without end", .timeLimit(.minutes(1)))
    func endlessJobs() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let isOver = Lock(false)
        @Sendable func again() {
            if !isOver.withLock({ $0 }) { loop.execute(again) }
        }
        loop.execute(again)
        let pipe = try Output.makePipe()
        let (turns, turn) = AsyncStream.makeStream(of: Void.self)
        let registration = try loop.register(pipe.read, .readable) { _ in turn.finish() }
        pipe.write.close()
        for await _ in turns {}
        loop.deregister(registration)
        pipe.read.close()
        await withCheckedContinuation { continuation in
            loop.schedule(after: .milliseconds(1)) { continuation.resume() }
        }
        isOver.withLock { $0 = true }
    }

    @Test("fires timers by deadline, not by the order in which they were set")
    func timerOrder() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let actor = Pinned(loop)
        await withCheckedContinuation { continuation in
            // All are set in one turn of the loop: none can fire before the last is known.
            loop.execute {
                loop.schedule(after: .milliseconds(30)) {
                    actor.assumeIsolated { _ = $0.append(3) }
                    continuation.resume()
                }
                loop.schedule(after: .milliseconds(20)) { actor.assumeIsolated { _ = $0.append(2) } }
                loop.schedule(after: .milliseconds(1)) { actor.assumeIsolated { _ = $0.append(1) } }
                loop.schedule(after: .milliseconds(10)) { actor.assumeIsolated { _ = $0.append(0) } }.cancel()
            }
        }
        #expect(await actor.values == [1, 2, 3])
    }

    @Test("keeps firing when thousands of timers were set and cancelled")
    func manyTimers() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        for _ in 0..<10_000 { loop.schedule(after: .seconds(1000)) {}.cancel() }
        await withCheckedContinuation { continuation in
            loop.schedule(after: .zero) { continuation.resume() }
        }
    }

    @Test("loses no work that other threads add", arguments: [1, 8])
    func concurrentWork(tasks: Int) async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        let actor = Pinned(loop)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask { for value in 0..<500 { _ = await actor.append(task * 500 + value) } }
            }
        }
        #expect(await actor.values.sorted() == Array(0..<tasks * 500))
    }

    @Test("holds neither handlers nor timers nor later work when it was stopped")
    func letsGo() async throws {
        let loop = try EventLoop(name: "test")
        let pipe = try Output.makePipe()
        _ = await withCheckedContinuation { done in
            let owner = Farewell { done.resume() }
            #expect(throws: Never.self) { _ = try loop.register(pipe.read, .readable) { _ in _ = owner } }
            loop.schedule(after: .seconds(1000)) { _ = owner }
            loop.stop()
        }
        _ = await withCheckedContinuation { done in
            let owner = Farewell { done.resume() }
            loop.execute { _ = owner }
        }
    }
}

@Suite("Lock")
struct LockTests {
    @Test("runs what a closure asks for when it is let go of")
    func workOfDeinit() async throws {
        let loop = try EventLoop(name: "test")
        defer { loop.stop() }
        for _ in 0..<100 {
            await withCheckedContinuation { done in
                let last = Farewell { loop.execute { done.resume() } }
                loop.execute { [last] in _ = last }
            }
        }
    }

    @Test("lets one thread at a time in")
    func exclusive() async {
        let counter = Lock(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { counter.withLock { $0 += 1 } } } }
        }
        #expect(counter.withLock { $0 } == 80_000)
    }
}

/// Calls something when nobody holds it any more.
private final class Farewell: Sendable {
    private let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    deinit { body() }
}
