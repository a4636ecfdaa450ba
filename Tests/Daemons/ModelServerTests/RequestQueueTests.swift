import Testing

@testable import ModelServer

@Suite("The order of requests")
struct RequestQueueTests {
    private static let start = ContinuousClock.now

    /// `a3` is a request for model a with three texts; they come a second apart.
    private func queue(_ requests: [String]) -> RequestQueue {
        var queue = RequestQueue()
        for (index, request) in requests.enumerated() {
            queue.add(
                RequestQueue.Entry(
                    identifier: index, model: String(request.prefix(1)), texts: Int(request.dropFirst()) ?? 0,
                    arrival: Self.start + .seconds(index)))
        }
        return queue
    }

    @Test(
        "a group takes its share of what waits for a model, never more than a batch, and always the oldest",
        arguments: [
            (1, 32, [String](repeating: "a1", count: 16), [16]),
            (2, 32, [String](repeating: "a1", count: 16), [8, 4, 2, 1, 1]),
            (4, 32, [String](repeating: "a1", count: 16), [4, 3, 3, 2, 1, 1, 1, 1]),
            (2, 4, [String](repeating: "a1", count: 16), [4, 4, 4, 2, 1, 1]),
            (2, 32, ["a1"], [1]),
            // One that is larger than the share goes alone.
            (4, 32, ["a100", "a1", "a1"], [100, 1, 1]),
            (1, 32, ["a100", "a1", "a1"], [100, 2]),
            (1, 4, ["a3", "a2", "a1"], [4, 2]),
            // Of one model only, and another's texts make no share larger.
            (1, 32, ["a1", "b1", "a1", "b1"], [2, 2]),
            (2, 32, ["a1", "b1", "a1", "b1"], [1, 1, 1, 1]),
            (2, 32, ["b8", "a2", "a2"], [8, 2, 2]),
        ])
    func shares(groups: Int, limit: Int, requests: [String], batches: [Int]) {
        var queue = queue(requests)
        var taken: [Int] = []
        while !queue.isEmpty {
            let first = queue.entries.first
            let batch = queue.takeBatch(limit: limit, groups: groups)
            #expect(batch.first == first)
            #expect(Set(batch.map(\.model)).count == 1)
            taken.append(batch.reduce(0) { $0 + $1.texts })
        }
        #expect(taken == batches)
        let nothing = queue.takeBatch(limit: limit, groups: groups)
        #expect(nothing == [])
    }

    @Test("who leaves is gone, once")
    func leaving() {
        var queue = queue(["a1", "a2", "a3"])
        let first = queue.remove(1)
        let second = queue.remove(1)
        #expect(first && !second)
        let batch = queue.takeBatch(limit: 32, groups: 1)
        #expect(batch.map(\.identifier) == [0, 2])
        let third = queue.remove(0)
        #expect(!third)
    }

    @Test(
        "those that came at a time or before expire",
        arguments: [(-1, []), (0, [0]), (1, [0, 1]), (9, [0, 1, 2])])
    func expiry(seconds: Int, expected: [Int]) {
        var queue = queue(["a1", "b1", "a1"])
        let expired = queue.expire(Self.start + .seconds(seconds))
        #expect(expired.map(\.identifier) == expected)
        #expect(queue.count == 3 - expected.count)
    }

    @Test(
        "a request of a batch is complete with its last text, whatever passes the texts come in",
        arguments: [1, 2, 3, 6])
    func passes(size: Int) {
        let entries = queue(["a1", "a3", "a2"]).entries
        let batch = RunningBatch(entries)
        var complete: [[String]] = []
        for start in stride(from: 0, to: 6, by: size) {
            let numbers = start..<min(6, start + size)
            let part = RunningBatch.Part(
                embeddings: numbers.map { [$0 == 4 ? Float.nan : Float($0)] }, tokens: Array(numbers))
            batch.receive(part)
            complete.append(
                batch.takeComplete().map {
                    "\($0.identifier) \($0.tokens) \($0.isFinite)"
                })
        }
        let expected: [Int: [[String]]] = [
            1: [["0 [0] true"], [], [], ["1 [1, 2, 3] true"], [], ["2 [4, 5] false"]],
            2: [["0 [0] true"], ["1 [1, 2, 3] true"], ["2 [4, 5] false"]],
            3: [["0 [0] true"], ["1 [1, 2, 3] true", "2 [4, 5] false"]],
            6: [["0 [0] true", "1 [1, 2, 3] true", "2 [4, 5] false"]],
        ]
        #expect(complete == expected[size])
    }

    @Test("a batch is wanted until the last who waits for it has gone or is answered")
    func wanted() {
        let batch = RunningBatch(queue(["a1", "a1", "a1"]).entries)
        batch.leave(1)
        batch.leave(7)
        #expect(batch.isWanted)
        batch.receive(RunningBatch.Part(embeddings: [[1]], tokens: [1]))
        #expect(batch.isWanted)
        batch.leave(2)
        #expect(!batch.isWanted)
    }
}
