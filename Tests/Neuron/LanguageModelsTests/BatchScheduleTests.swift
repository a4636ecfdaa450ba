import Testing

@testable import LanguageModels

@Suite("Schedule of a language model's executions")
struct BatchScheduleTests {
    /// What a sequence still wants.
    private struct Wanted {
        var left: Int
        var prompt: Int
    }

    @Test("everything is computed once in order, within its bounds, with pages of its own", arguments: 0..<40)
    func invariants(seed: Int) {
        var random = Numbers(seed)
        let pageTokens = 1 + random.next(below: 6)
        let pages = 8 + random.next(below: 20)
        var schedule = BatchSchedule(
            tokens: 1 + random.next(below: 20), sequences: 1 + random.next(below: 5), pages: pages,
            pageTokens: pageTokens)
        var wanted: [Int: Wanted] = [:]
        var computed: [Int: Int] = [:]
        var next = 0
        var steps = 0
        while next < 30 || !wanted.isEmpty {
            if next < 30, random.next(below: 3) == 0 || wanted.isEmpty {
                let prompt = (0..<1 + random.next(below: schedule.longest / 2)).map {
                    Int32($0 % 3 + random.next(below: 2))
                }
                let left = 1 + random.next(below: max(1, schedule.longest - prompt.count))
                wanted[next] = Wanted(left: left, prompt: prompt.count)
                schedule.add(next, prompt: prompt)
                next += 1
            }
            if random.next(below: 40) == 0, let id = wanted.keys.min() {
                wanted[id] = nil
                schedule.remove(id)
            }
            guard let step = schedule.next() else {
                #expect(wanted.isEmpty)
                continue
            }
            steps += 1
            guard steps < 100_000 else {
                Issue.record("does not come to an end")
                return
            }
            #expect(step.parts.reduce(0) { $0 + $1.tokens.count } <= schedule.tokens)
            #expect(step.parts.count <= schedule.sequences)
            #expect(Set(step.parts.map(\.sequence)).count == step.parts.count)
            var writers: [Int: Int] = [:]
            for part in step.parts {
                guard let sequence = schedule.sequence(part.sequence) else {
                    Issue.record("\(part) does not run")
                    continue
                }
                #expect(part.tokens.lowerBound == sequence.cached && !part.tokens.isEmpty)
                #expect(sequence.pages.count * pageTokens >= part.tokens.upperBound)
                #expect(part.isLast == (part.tokens.upperBound == sequence.tokens.count))
                // A page that is written belongs to one.
                for page in part.tokens.lowerBound / pageTokens...(part.tokens.upperBound - 1) / pageTokens {
                    let number = sequence.pages[page]
                    #expect(writers.updateValue(part.sequence, forKey: number) == nil)
                    let others = schedule.running.filter {
                        $0.id != part.sequence && $0.pages.contains(number)
                    }
                    #expect(others.isEmpty)
                }
                computed[part.sequence] = part.tokens.upperBound
            }
            schedule.complete(step)
            for part in step.parts where part.isLast {
                schedule.append(Int32(part.tokens.upperBound % 3), to: part.sequence)
                wanted[part.sequence]?.left -= 1
                if wanted[part.sequence]?.left == 0 {
                    wanted[part.sequence] = nil
                    schedule.remove(part.sequence)
                }
            }
        }
        #expect(schedule.running.isEmpty && schedule.waiting.isEmpty && schedule.pool.used == 0)
    }

    private func next(_ schedule: inout BatchSchedule) throws -> BatchStep {
        let step = schedule.next()
        return try #require(step)
    }

    @Test("sequences that write go before prompts, and prompts in the order in which they came")
    func order() throws {
        var schedule = BatchSchedule(tokens: 4, sequences: 4, pages: 10, pageTokens: 4)
        schedule.add(0, prompt: [1, 2])
        var step = try next(&schedule)
        schedule.complete(step)
        schedule.append(9, to: 0)
        schedule.add(1, prompt: [1, 2, 3, 4, 5])
        schedule.add(2, prompt: [7])
        step = try next(&schedule)
        #expect(
            step.parts == [
                BatchStep.Part(sequence: 0, tokens: 2..<3, isLast: true),
                BatchStep.Part(sequence: 1, tokens: 0..<3, isLast: false),
            ])
        schedule.complete(step)
        schedule.append(9, to: 0)
        step = try next(&schedule)
        #expect(
            step.parts == [
                BatchStep.Part(sequence: 0, tokens: 3..<4, isLast: true),
                BatchStep.Part(sequence: 1, tokens: 3..<5, isLast: true),
                BatchStep.Part(sequence: 2, tokens: 0..<1, isLast: true),
            ])
    }
}
