import SystemIO
import Testing

@testable import NeuronRuntime

@Suite("Threads that stand for cores")
struct ComputePoolTests {
    @Test(
        "a fork calls every index once, whatever the number of threads", arguments: [1, 2, 5], [0, 1, 2, 24])
    func forks(threads: Int, count: Int) async {
        let pool = ComputePool(threads: threads)
        let calls = Lock([Int](repeating: 0, count: count))
        await pool.run {
            for _ in 0..<20 { pool.fork(count) { index in calls.withLock { $0[index] += 1 } } }
        }
        #expect(calls.withLock { $0 } == [Int](repeating: 20, count: count))
    }

    @Test("many jobs that fork finish on few threads")
    func jobs() async {
        let pool = ComputePool(threads: 2)
        let total = await withTaskGroup(of: Int.self) { group in
            for job in 0..<50 {
                group.addTask {
                    await pool.run {
                        let sum = Lock(0)
                        pool.fork(8) { index in sum.withLock { $0 += index + job } }
                        return sum.withLock { $0 }
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(total == 50 * 28 + 8 * (0..<50).reduce(0, +))
    }
}
