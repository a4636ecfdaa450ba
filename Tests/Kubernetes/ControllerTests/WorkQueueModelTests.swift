// The queue against a model so simple that it is right by looking at it, on random histories.

import SystemIO
import TestSupport
import Testing

@testable import Controller

/// What a work queue means: lists that are searched, nothing clever.
private struct Model {
    var waiting: [Int] = []
    var active: [Int] = []
    /// Asked for while active.
    var again: [Int] = []
    var later: [Int: Int] = [:]
    var rested: [Int: Int] = [:]
    var time = 0

    mutating func add(_ key: Int) {
        if let rested = rested[key], time < rested { return add(key, at: rested) }
        if active.contains(key) {
            if !again.contains(key) { again.append(key) }
        } else if !waiting.contains(key) {
            waiting.append(key)
        }
    }

    mutating func add(_ key: Int, at time: Int) { later[key] = min(time, later[key] ?? time) }

    mutating func pass(to time: Int) {
        self.time = time
        for (key, due) in later.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) where due <= time {
            later[key] = nil
            add(key)
        }
    }

    mutating func next() -> Int? {
        guard !waiting.isEmpty else { return nil }
        active.append(waiting[0])
        return waiting.removeFirst()
    }

    mutating func done(_ key: Int, rest: Int) {
        active.removeAll { $0 == key }
        let wasAsked = again.contains(key)
        again.removeAll { $0 == key }
        if rest > 0 {
            rested[key] = time + rest
            if let due = later[key] { later[key] = max(due, time + rest) }
            if wasAsked { later[key] = time + rest }
        } else if wasAsked {
            waiting.append(key)
        }
    }
}

@Suite("Work queue and model")
struct WorkQueueModelTests {
    @Test("do the same on any history", arguments: 0..<200)
    func agree(seed: Int) {
        var random = SeededGenerator(seed: seed)
        var queue = WorkQueueState<Int>()
        var model = Model()
        for step in 0..<500 {
            let key = random.number(0..<8)
            let now = Duration.seconds(model.time)
            switch random.number(0..<10) {
            case 0..<4:
                queue.add(key, now: now)
                model.add(key)
            case 4:
                let time = model.time + random.number(0..<9)
                queue.add(key, at: .seconds(time))
                model.add(key, at: time)
            case 5:
                model.pass(to: model.time + random.number(0..<4))
                let due = queue.promote(now: .seconds(model.time))
                #expect(due == model.later.values.min().map { .seconds($0) }, "step \(step)")
            case 6, 7:
                #expect(queue.next() == model.next(), "step \(step)")
            default:
                guard let active = model.active.randomElement(using: &random) else { continue }
                let rest = random.number(0..<3) == 0 ? random.number(1..<5) : 0
                queue.done(active, now: now, rest: .seconds(rest))
                model.done(active, rest: rest)
            }
            #expect(Set(model.active).count == model.active.count, "a key has two workers")
            #expect(queue.depth == model.waiting.count && queue.active == model.active.count, "step \(step)")
        }
    }
}
