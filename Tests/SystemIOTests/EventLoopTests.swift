import SystemIO
import Testing

@Suite("Event loop")
struct EventLoopTests {
    private actor Pinned {
        nonisolated let loop: EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
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
}

@Suite("Lock")
struct LockTests {
    @Test("lets one thread at a time in")
    func exclusive() async {
        let counter = Lock(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { counter.withLock { $0 += 1 } } } }
        }
        #expect(counter.withLock { $0 } == 80_000)
    }
}

@Suite("Wall clock")
struct WallClockTests {
    @Test(
        "writes RFC 3339 and reads it back",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (1_792_000_000_123_456_789, 6, "2026-10-14T17:46:40.123456Z"),
            (951_782_400_000_000_000, 0, "2000-02-29T00:00:00Z"), (-1_000_000_000, 0, "1969-12-31T23:59:59Z"),
        ] as [(Int64, Int, String)])
    func timestamps(nanoseconds: Int64, digits: Int, text: String) {
        #expect(WallClock.timestamp(nanoseconds, digits: digits) == text)
        #expect(WallClock.parse(text).map { WallClock.timestamp($0, digits: digits) } == text)
    }

    @Test(
        "reads offsets",
        arguments: [
            ("2026-01-01T02:30:00+02:30", 1_767_225_600), ("2025-12-31T23:00:00-01:00", 1_767_225_600),
        ])
    func offsets(text: String, seconds: Int64) {
        #expect(WallClock.parse(text) == seconds * 1_000_000_000)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00Zx",
        ])
    func refuses(text: String) {
        #expect(WallClock.parse(text) == nil)
    }

    @Test("durations that are negative or too long are bounded")
    func durations() {
        #expect(Duration.milliseconds(3).nanoseconds == 3_000_000)
        #expect(Duration.seconds(-3).nanoseconds == 0)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    }
}
