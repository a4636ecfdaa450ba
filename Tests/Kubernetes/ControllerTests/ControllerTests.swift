// What a controller owes to its keys, whatever they stand for.

import Observability
import SystemIO
import Testing

@testable import Controller

/// Something that goes wrong.
private struct Failure: Error, CustomStringConvertible {
    var description: String
}

@Suite("Controller", .timeLimit(.minutes(5)))
struct ControllerTests {
    /// A manager that runs one controller.
    private static func run<Key>(_ controller: Controller<Key>) async -> ControllerManager {
        let manager = ControllerManager()
        manager.add(controller)
        await manager.start()
        return manager
    }

    @Test("what is asked for many times while it is worked on is worked on once more afterwards")
    func coalesces() async {
        let calls = Record()
        let gate = Gate()
        let controller = Controller<String>(named: "test") { key in
            calls.add(key)
            if key == "a" { await gate.pass() }
            return .done
        }
        let manager = await Self.run(controller)
        controller.queue.add("a")
        await calls.wait(count: 1)
        for _ in 0..<100 { controller.queue.add("a") }
        controller.queue.add("b")
        gate.open()
        await calls.wait(count: 3)
        controller.queue.add("end")
        await calls.wait { $0.contains("end") }
        #expect(calls.entries == ["a", "b", "a", "end"])
        await manager.stop()
    }

    @Test("several workers share the keys, and never one key")
    func oneWorkerPerKey() async {
        let calls = Record()
        let gate = Gate()
        let controller = Controller<String>(named: "test", workers: 4) { key in
            calls.add("begin \(key)")
            if key == "a" { await gate.pass() }
            calls.add("end \(key)")
            return .done
        }
        let manager = await Self.run(controller)
        controller.queue.add("a")
        await calls.wait(count: 1)
        controller.queue.add("a")
        controller.queue.add("b")
        await calls.wait { $0.contains("end b") }
        #expect(calls.entries == ["begin a", "begin b", "end b"])
        gate.open()
        await calls.wait { $0.count { $0 == "end a" } == 2 }
        #expect(calls.entries.filter { $0.hasSuffix("a") } == ["begin a", "end a", "begin a", "end a"])
        await manager.stop()
    }

    @Test("a key whose time has not come yet is looked at again when it has")
    func requeues() async {
        let calls = Record()
        let controller = Controller<String>(named: "test") { key in
            calls.add(key)
            return calls.entries.count < 3 ? .requeue(after: .milliseconds(1)) : .done
        }
        let manager = await Self.run(controller)
        controller.queue.add("a")
        await calls.wait(count: 3)
        await manager.stop()
        #expect(calls.entries == ["a", "a", "a"])
    }

    @Test("pauses grow with failures in a row and begin anew after success; each new error is one warning")
    func backsOff() async {
        let calls = Record()
        let lines = Record()
        let registry = MetricsRegistry()
        var pace = ReconcilePace()
        pace.backoff = Backoff(base: .milliseconds(1), limit: .milliseconds(4))
        // f: fails with this error; d: done, and asks for itself once more.
        let script = ["f one", "f two", "f two", "f three", "d", "f four", "d"]
        let controller = Controller<String>(
            named: "test", pace: pace, log: lines.log, registry: registry
        ) { key in
            let step = script[calls.entries.count]
            calls.add(step)
            guard step == "d" else { throw Failure(description: String(step.dropFirst(2))) }
            return calls.entries.count < script.count ? .requeue(after: .milliseconds(1)) : .done
        }
        let manager = await Self.run(controller)
        controller.queue.add("k")
        await lines.wait { $0.count { $0.contains("reconciled again") } == 2 }
        await manager.stop()
        #expect(calls.entries == script)
        let warnings = lines.entries.filter { $0.contains("cannot reconcile") }
        let expected = [("one", "1ms"), ("two", "2ms"), ("three", "4ms"), ("four", "1ms")]
        #expect(warnings.count == expected.count, "\(warnings)")
        for (line, (error, pause)) in zip(warnings, expected) {
            #expect(line.contains("controller=test") && line.contains("key=k"))
            #expect(line.contains("error=\(error)") && line.contains("again=\(pause)"), "\(line)")
        }
        let text = registry.exposition()
        for line in [
            #"controller_runtime_reconcile_total{controller="test",result="error"} 5"#,
            #"controller_runtime_reconcile_total{controller="test",result="requeue_after"} 1"#,
            #"controller_runtime_reconcile_total{controller="test",result="success"} 1"#,
            #"controller_runtime_reconcile_errors_total{controller="test"} 5"#,
            #"controller_runtime_reconcile_time_seconds_count{controller="test"} 7"#,
            #"controller_runtime_active_workers{controller="test"} 0"#,
            #"controller_runtime_max_concurrent_reconciles{controller="test"} 1"#,
            #"workqueue_retries_total{name="test"} 5"#, #"workqueue_adds_total{name="test"} 7"#,
            #"workqueue_work_duration_seconds_count{name="test"} 7"#,
            #"workqueue_queue_duration_seconds_count{name="test"} 7"#, #"workqueue_depth{name="test"} 0"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line) in\n\(text)")
        }
    }

    @Test("any sequence can bring keys, and so can time")
    func sources() async {
        let calls = Record()
        let (numbers, continuation) = AsyncStream.makeStream(of: Int.self)
        let controller = Controller<String>(named: "test") { key in
            calls.add(key)
            return .done
        }
        .watches(numbers) { number in number > 9 ? ["\(number)", "\(number + 1)"] : [] }
        .every(.milliseconds(1)) { ["tick"] }
        let manager = await Self.run(controller)
        for number in [3, 17] { continuation.yield(number) }
        await calls.wait { $0.contains("18") && $0.count { $0 == "tick" } > 1 }
        await manager.stop()
        #expect(Set(calls.entries) == ["17", "18", "tick"])
    }

    @Test("nothing is worked on after the end: what waits is dropped, what runs is cancelled")
    func stops() async {
        let calls = Record()
        let controller = Controller<String>(named: "test") { key in
            calls.add("begin \(key)")
            try? await Task.sleep(for: .seconds(3600))
            calls.add("end \(key), cancelled: \(Task.isCancelled)")
            return .requeue(after: .zero)
        }
        let manager = await Self.run(controller)
        controller.queue.add("a")
        await calls.wait(count: 1)
        controller.queue.add("b")
        await manager.stop()
        controller.queue.add("c")
        #expect(await controller.queue.next() == nil)
        #expect(calls.entries == ["begin a", "end a, cancelled: true"])
    }
}
