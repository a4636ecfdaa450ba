// The order in which things begin and end.

import SystemIO
import Testing

@testable import Controller

@Suite("Controller manager", .timeLimit(.minutes(5)))
struct ControllerManagerTests {
    private let record = Record()

    private final class Part: Runnable {
        let record: Record
        init(_ record: Record) { self.record = record }
        func start() async { record.add("start part") }
        func stop() async { record.add("stop part") }
    }

    private func controller(reading caches: FakeCache...) -> Controller<String> {
        var controller = Controller<String>(named: "test") { [record] key in
            record.add("reconcile \(key)")
            return .done
        }
        for cache in caches { controller = controller.reads(cache) }
        return controller
    }

    @Test("leads first, works when every copy is whole, and ends the other way round")
    func order() async {
        let leadership = FakeLeadership(record: record)
        let (pods, nodes) = (FakeCache("pods", record: record), FakeCache("nodes", record: record))
        let manager = ControllerManager(leadership: leadership)
        manager.add(Part(record))
        let (first, second) = (controller(reading: pods, nodes), controller(reading: nodes))
        manager.add(first)
        manager.add(second)
        first.queue.add("a")
        let running = Task { await manager.run() }
        await record.wait(count: 1)
        #expect(record.entries == ["acquire"])
        #expect(manager.problem == "the lease cannot be read")
        leadership.give()
        await record.wait { $0.last == "wait for pods" }
        #expect(manager.problem == "the cluster has not been read yet")
        nodes.fail("it is away")
        #expect(manager.problem == "cannot follow nodes: it is away")
        nodes.sync()
        #expect(!manager.isSynced)
        pods.sync()
        await record.wait { $0.last == "reconcile a" }
        #expect(manager.problem == nil)
        await manager.stop()
        #expect(await running.value == .stopped)
        #expect(
            record.entries.filter { $0 != "keep" } == [
                "acquire", "start part", "start pods", "start nodes", "wait for pods", "wait for nodes",
                "reconcile a", "stop nodes", "stop pods", "stop part", "release",
            ])
    }

    @Test("when leadership is lost no call begins any more, and the one under way is cancelled")
    func leadershipLost() async {
        let leadership = FakeLeadership(record: record)
        let manager = ControllerManager(leadership: leadership)
        let controller = Controller<String>(named: "test") { [record] key in
            record.add("begin \(key)")
            try? await Task.sleep(for: .seconds(3600))
            record.add("end \(key), cancelled: \(Task.isCancelled)")
            return .done
        }
        manager.add(controller)
        leadership.give()
        let running = Task { await manager.run() }
        controller.queue.add("a")
        await record.wait { $0.contains("begin a") }
        controller.queue.add("b")
        leadership.take()
        #expect(await running.value == .leadershipLost)
        await manager.stop()
        #expect(
            record.entries.filter { $0 != "keep" } == [
                "acquire", "begin a", "end a, cancelled: true", "release",
            ])
        #expect(await manager.run() == .leadershipLost)
    }

    @Test("the lease is kept from the first moment, and its loss ends a manager that still reads the cluster")
    func lostWhileReading() async {
        let leadership = FakeLeadership(record: record)
        let manager = ControllerManager(leadership: leadership)
        let controller = controller(reading: FakeCache("pods", record: record))
        manager.add(controller)
        controller.queue.add("a")
        leadership.give()
        let running = Task { await manager.run() }
        await record.wait { $0.contains("keep") && $0.contains("wait for pods") }
        leadership.take()
        #expect(await running.value == .leadershipLost)
        await manager.stop()
        #expect(
            record.entries.sorted() == [
                "acquire", "keep", "release", "start pods", "stop pods", "wait for pods",
            ])
    }

    @Test("a candidate that is told to end ends without having begun")
    func candidate() async {
        let manager = ControllerManager(leadership: FakeLeadership(record: record))
        manager.add(controller(reading: FakeCache("pods", record: record)))
        let running = Task { await manager.run() }
        await record.wait(count: 1)
        await manager.stop()
        #expect(await running.value == .stopped)
        #expect(record.entries == ["acquire", "stop pods", "release"])
    }

    @Test("told to end before a copy is whole it ends and waits for no other, and nothing was worked on")
    func neverSynced() async {
        let manager = ControllerManager()
        let controller = controller(
            reading: FakeCache("pods", record: record), FakeCache("nodes", record: record))
        manager.add(controller)
        controller.queue.add("a")
        let running = Task { await manager.run() }
        await record.wait { $0.last == "wait for pods" }
        await manager.stop()
        #expect(await running.value == .stopped)
        #expect(
            record.entries == ["start pods", "start nodes", "wait for pods", "stop nodes", "stop pods"])
    }
}
