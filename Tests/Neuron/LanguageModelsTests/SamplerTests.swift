import Testing

@testable import LanguageModels

@Suite("Choice of tokens")
struct SamplerTests {
    private func draw(_ parameters: SamplingParameters, _ logits: [Float], _ count: Int) -> [Int32] {
        var sampler = Sampler(parameters, prompt: [])
        return (0..<count).compactMap { _ in
            var copy = logits
            return copy.withUnsafeMutableBufferPointer { sampler.choose($0) }
        }
    }

    @Test("temperature 0 takes the most likely, the first of equal ones")
    func greedy() {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        #expect(draw(parameters, [0, 3, 3, 1], 2) == [1, 1])
    }

    @Test("tokens come as often as they are likely")
    func distribution() {
        var parameters = SamplingParameters()
        parameters.seed = 7
        // Probabilities 1/8, 2/8, 5/8, at any scale of the logits.
        let drawn = draw(parameters, [0, 0.693_147_2, 1.609_437_9], 8_000)
        for (id, expected) in [(0, 1_000), (1, 2_000), (2, 5_000)] {
            #expect(abs(drawn.count { $0 == Int32(id) } - expected) < 200)
        }
        #expect(drawn == draw(parameters, [0, 0.693_147_2, 1.609_437_9], 8_000))
    }

    @Test("the cuts leave what they should")
    func cuts() {
        let logits: [Float] = [0, 0.693_147_2, 1.609_437_9]
        func left(_ change: (inout SamplingParameters) -> Void) -> Set<Int32> {
            var parameters = SamplingParameters()
            parameters.seed = 1
            change(&parameters)
            return Set(draw(parameters, logits, 500))
        }
        #expect(left { $0.topK = 2 } == [1, 2])
        #expect(left { $0.topK = 1 } == [2])
        #expect(left { $0.topP = 0.6 } == [2])
        #expect(left { $0.topP = 0.7 } == [1, 2])
        #expect(left { $0.minP = 0.3 } == [1, 2])
        #expect(left { $0.minP = 1 } == [2])
        #expect(left { $0.temperature = 100 } == [0, 1, 2])
    }

    @Test("marks that end a text are not chosen before the least number of tokens is")
    func minimum() {
        for temperature in [0, 1.0] {
            var parameters = SamplingParameters()
            parameters.temperature = temperature
            parameters.minimumTokens = 3
            var sampler = Sampler(parameters, prompt: [], ends: [1, 900])
            let chosen = (0..<5).map { _ in
                var logits: [Float] = [0, 500, 300]
                return logits.withUnsafeMutableBufferPointer { sampler.choose($0) }
            }
            #expect(chosen == [2, 2, 2, 1, 1])
            // What is no number is still an error.
            var unending = Sampler(parameters, prompt: [], ends: [1])
            var logits: [Float] = [0, .nan, 300]
            #expect(logits.withUnsafeMutableBufferPointer { unending.choose($0) } == nil)
        }
    }

    @Test("penalties fall on what is in the text")
    func penalties() {
        func chosen(_ change: (inout SamplingParameters) -> Void, prompt: [Int32] = []) -> [Int32] {
            var parameters = SamplingParameters()
            parameters.temperature = 0
            change(&parameters)
            var sampler = Sampler(parameters, prompt: prompt)
            return (0..<4).compactMap { _ in
                var logits: [Float] = [1, 1.5, -1]
                return logits.withUnsafeMutableBufferPointer { sampler.choose($0) }
            }
        }
        #expect(chosen { _ in } == [1, 1, 1, 1])
        #expect(chosen { $0.presencePenalty = 1 } == [1, 0, 1, 1])
        #expect(chosen { $0.frequencyPenalty = 1 } == [1, 0, 1, 0])
        #expect(chosen({ $0.repetitionPenalty = 2 }, prompt: [1]) == [0, 1, 1, 1])
    }

    @Test("a logit that is no number is no choice")
    func notANumber() {
        for logits in [[1, Float.nan], [1, .infinity], [-.infinity, 1]] {
            #expect(draw(SamplingParameters(), logits, 1).isEmpty)
        }
    }

    @Test("probabilities are those of the logits")
    func probabilities() {
        let logits: [Float] = [0, 0.693_147_2, 1.609_437_9, 0]
        let found = logits.withUnsafeBufferPointer { Sampler.probabilities(of: 1, most: 2, $0) }
        #expect(found.own.id == 1 && abs(found.own.logarithm - -1.504_077_4) < 1e-6)
        #expect(found.most.map(\.id) == [2, 1])
    }

    @Test(
        "parameters out of range are named",
        arguments: [
            ("temperature", -1.0), ("top_p", 0), ("min_p", 2), ("repetition_penalty", 0),
            ("presence_penalty", 3),
            ("frequency_penalty", -3), ("temperature", .nan),
        ])
    func ranges(name: String, value: Double) {
        var parameters = SamplingParameters()
        switch name {
        case "temperature": parameters.temperature = value
        case "top_p": parameters.topP = value
        case "min_p": parameters.minP = value
        case "repetition_penalty": parameters.repetitionPenalty = value
        case "presence_penalty": parameters.presencePenalty = value
        default: parameters.frequencyPenalty = value
        }
        let problem = parameters.problem ?? ""
        #expect(problem.hasPrefix(name))
    }
}

@Suite("Texts at which to stop")
struct StopTextsTests {
    @Test("whatever the pieces, what is given ends where the first of the texts begins", arguments: 0..<50)
    func pieces(seed: Int) {
        var random = Numbers(seed)
        let letters = ["a", "b", "é", "🧠"]
        func text(_ count: Int) -> String { (0..<count).map { _ in letters[random.next(below: 4)] }.joined() }
        let stops = (0..<1 + random.next(below: 3)).map { _ in text(1 + random.next(below: 3)) }
        let pieces = (0..<20).map { _ in text(random.next(below: 4)) }
        var stopper = StopTexts(stops)
        var given = ""
        var hasStopped = false
        for piece in pieces where !hasStopped {
            let taken = stopper.take(piece)
            given += taken.text
            hasStopped = taken.hasStopped
        }
        if !hasStopped { given += stopper.finish() }
        let all = Array(pieces.joined().utf8)
        func places(_ stop: String, in text: [UInt8]) -> [Int] {
            let stop = Array(stop.utf8)
            guard text.count >= stop.count else { return [] }
            return (0...text.count - stop.count).filter { text[$0...].starts(with: stop) }
        }
        let count = given.utf8.count
        #expect(all.starts(with: Array(given.utf8)))
        #expect(stops.allSatisfy { places($0, in: Array(given.utf8)).isEmpty })
        #expect(hasStopped == stops.contains { !places($0, in: all).isEmpty })
        if hasStopped { #expect(stops.contains { places($0, in: all).contains(count) }) }
        if !hasStopped { #expect(count == all.count) }
    }

    @Test("what may become one of the texts is held back")
    func held() {
        var stops = StopTexts(["END", "\n\n"])
        for (piece, text, hasStopped) in [
            ("a E", "a ", false), ("N", "", false), ("x\n", "ENx", false), ("\nmore", "", true),
        ] {
            let taken = stops.take(piece)
            #expect(taken.text == text && taken.hasStopped == hasStopped)
        }
    }
}
