// What the tests of controllers share: records that can be waited for, gates, and parts that do as they are told.

import Controller
import Observability
import SystemIO

/// What has happened, in order, and whoever waits for it.
final class Record: Sendable {
    private struct State {
        var entries: [String] = []
        var waiters:
            [(isDone: @Sendable ([String]) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Lock(State())

    var entries: [String] { state.withLock(\.entries) }

    func add(_ entry: String) {
        let done = state.withLock { state in
            state.entries.append(entry)
            let entries = state.entries
            let done = state.waiters.filter { $0.isDone(entries) }
            state.waiters.removeAll { $0.isDone(entries) }
            return done
        }
        for waiter in done { waiter.continuation.resume() }
    }

    /// Waits until the entries are as wanted.
    func wait(until isDone: @escaping @Sendable ([String]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isAlready = state.withLock { state in
                if !isDone(state.entries) { state.waiters.append((isDone, continuation)) }
                return isDone(state.entries)
            }
            if isAlready { continuation.resume() }
        }
    }

    /// Waits until there are so many entries.
    func wait(count: Int) async { await wait { $0.count >= count } }

    /// A log that ends up here.
    var log: Logger { Logger { self.add(String(decoding: $0, as: UTF8.self)) } }
}

/// Closed until it is opened, then open for ever.
final class Gate: Sendable {
    private let record = Record()

    func open() { record.add("open") }

    func pass() async { await record.wait(count: 1) }
}

/// A copy that is whole when the test says so.
final class FakeCache: Cache {
    let name: String
    private let record: Record
    private let gate = Gate()
    private let state = Lock((isSynced: false, problem: String?.none))

    init(_ name: String, record: Record) {
        self.name = name
        self.record = record
    }

    var isSynced: Bool { state.withLock(\.isSynced) }
    var problem: String? { state.withLock(\.problem) }

    func start() async { record.add("start \(name)") }

    func stop() async {
        record.add("stop \(name)")
        gate.open()
    }

    func synced() async {
        record.add("wait for \(name)")
        await gate.pass()
    }

    /// The copy is whole.
    func sync() {
        state.withLock { $0 = (true, nil) }
        gate.open()
    }

    func fail(_ problem: String) { state.withLock { $0.problem = problem } }
}

/// A lease that the test gives and takes.
final class FakeLeadership: Leadership {
    private let record: Record
    private let given = Gate()
    private let taken = Gate()
    private let isReleased = Lock(false)

    init(record: Record) { self.record = record }

    var problem: String? { "the lease cannot be read" }
    let leadsUntil = Duration.zero

    func acquire() async -> Bool {
        record.add("acquire")
        await given.pass()
        return !isReleased.withLock { $0 }
    }

    func keep() async {
        record.add("keep")
        await taken.pass()
    }

    func release() async {
        record.add("release")
        isReleased.withLock { $0 = true }
        given.open()
        taken.open()
    }

    func give() { given.open() }
    func take() { taken.open() }
}
