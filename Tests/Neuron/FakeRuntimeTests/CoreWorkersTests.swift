import NeuronRuntime
import SystemIO
import Testing

@testable import FakeRuntime

@Suite("Cores as workers")
struct CoreWorkersTests {
    @Test(
        "what all cores do together meets at every barrier, whatever their number", arguments: [1, 2, 3, 8])
    func barriers(cores: Int) async {
        let workers = CoreWorkers(count: cores)
        let barrier = CoreBarrier(cores)
        let steps = Lock([Int](repeating: 0, count: cores))
        let isEven = Lock(true)
        await withCheckedContinuation { continuation in
            let left = Lock(cores)
            let isQueued = workers.addToAll { core in
                for step in 1...200 {
                    steps.withLock { $0[core] = step }
                    barrier.wait()
                    // Between two barriers everybody has come to the same step.
                    let all = steps.withLock { $0 }
                    isEven.withLock { $0 = $0 && all.allSatisfy { $0 == step } }
                    barrier.wait()
                }
                let isLast = left.withLock { left in
                    left -= 1
                    return left == 0
                }
                if isLast { continuation.resume() }
            }
            #expect(isQueued)
        }
        #expect(isEven.withLock { $0 })
    }

    @Test("executions that are queued from several threads meet in one order on every core")
    func order() async {
        let workers = CoreWorkers(count: 3)
        let orders = Lock([[Int]](repeating: [], count: 3))
        await withTaskGroup(of: Void.self) { tasks in
            for job in 0..<50 {
                tasks.addTask {
                    await withCheckedContinuation { continuation in
                        let left = Lock(3)
                        let isQueued = workers.addToAll { core in
                            orders.withLock { $0[core].append(job) }
                            let isLast = left.withLock { left in
                                left -= 1
                                return left == 0
                            }
                            if isLast { continuation.resume() }
                        }
                        if !isQueued { continuation.resume() }
                    }
                }
            }
        }
        let all = orders.withLock { $0 }
        #expect(all[0].count == 50)
        #expect(all[1] == all[0] && all[2] == all[0])
    }

    @Test("a core that has been stopped takes nothing more")
    func stopped() {
        let worker = WorkerQueue()
        #expect(worker.add {})
        worker.stop()
        #expect(!worker.add {})
    }
}
