import Glibc
import ModelErrors
import NeuronProgram
import NeuronRuntime
import Testing

@testable import FakeRuntime
@testable import LanguageModels

/// Tokens with the logarithms of their probabilities.
struct Written: Equatable {
    var tokens: [Int32] = []
    var logarithms: [Float] = []
}

extension GenerationEngine {
    /// The most likely tokens behind a prompt.
    func greedy(_ prompt: [Int32], _ count: Int) async throws -> Written {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.maximumTokens = count
        parameters.ignoresEnd = true
        parameters.logProbabilities = 0
        var written = Written()
        for try await piece in try generate(prompt, parameters) {
            guard let token = piece.token, let probability = piece.probability else { continue }
            written.tokens.append(token)
            written.logarithms.append(probability.logarithm)
        }
        return written
    }
}

@Suite("Decoders")
struct DecoderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let sizes: DecoderConfiguration
        var isQuantised = false
        var hasBiases = false
        var degree = 1
        var testDescription: String { "\(name), \(degree) cores" }
    }

    static let cases = [
        Case(name: "llama", sizes: .small), Case(name: "llama", sizes: .small, degree: 3),
        // More cores than heads of keys: some have the same ones.
        Case(name: "llama", sizes: .small, degree: 6),
        Case(name: "quantised llama", sizes: .small, isQuantised: true),
        Case(name: "quantised llama", sizes: .small, isQuantised: true, degree: 3),
        Case(name: "qwen2", sizes: .halves, hasBiases: true),
        Case(name: "qwen2", sizes: .halves, hasBiases: true, degree: 3),
        Case(name: "gpt2", sizes: .gpt2), Case(name: "gpt2", sizes: .gpt2, degree: 2),
    ]

    private static func prompt(_ count: Int, seed: Int) -> [Int32] {
        var random = Numbers(seed)
        return (0..<count).map { _ in Int32(random.next(below: 257)) }
    }

    @Test("compute what the same arithmetic in double precision computes", arguments: cases)
    func reference(decoder: Case) async throws {
        let model = SmallModel(decoder.sizes, isQuantised: decoder.isQuantised, hasBiases: decoder.hasBiases)
        let engine = try model.engine(degree: decoder.degree)
        // Longer than a page, and than an execution.
        let prompt = Self.prompt(70, seed: 5)
        let written = try await engine.greedy(prompt, 12)
        var plain = PlainDecoder(model)
        var logits: [Double] = []
        for id in prompt { logits = plain.logits(id) }
        for (token, logarithm) in zip(written.tokens, written.logarithms) {
            let top = logits.max() ?? 0
            let sum = logits.reduce(0) { $0 + exp($1 - top) }
            #expect(Int(token) == logits.firstIndex(of: top))
            #expect(abs(Double(logarithm) - (logits[Int(token)] - top - log(sum))) < 1e-4)
            logits = plain.logits(token)
        }
        #expect(written.tokens.count == 12)
    }

    @Test("a quantised model computes the bits of the widened one")
    func quantised() async throws {
        let model = SmallModel(.small, isQuantised: true)
        let prompt = Self.prompt(50, seed: 2)
        let stored = try await model.engine(precision: .stored).greedy(prompt, 8)
        // The numbers of this model are exact in single precision with and without a fused product.
        let widened = try await model.engine(precision: .float32).greedy(prompt, 8)
        #expect(stored.tokens == widened.tokens)
        #expect(zip(stored.logarithms, widened.logarithms).allSatisfy { abs($0 - $1) < 1e-5 })
        let rounded = try await model.engine(precision: .bfloat16).greedy(prompt, 8)
        #expect(zip(stored.logarithms, rounded.logarithms).prefix(1).allSatisfy { abs($0 - $1) < 0.2 })
    }

    @Test("sequences in company compute the bits that they compute alone", arguments: 0..<6)
    func company(seed: Int) async throws {
        let model = SmallModel(seed % 2 == 0 ? .small : .gpt2, isQuantised: seed % 3 == 0)
        var random = Numbers(seed)
        var wanted: [(prompt: [Int32], count: Int)] = []
        let common = Self.prompt(100, seed: seed)
        for number in 0..<7 {
            // Some begin alike, by pages and by half of one.
            let prompt =
                number % 2 == 0
                ? Self.prompt(1 + random.next(below: 120), seed: 100 * seed + number)
                : Array(common[..<(30 + random.next(below: 70))]) + [Int32(number)]
            wanted.append((prompt, 1 + random.next(below: 30)))
        }
        var alone: [Written] = []
        for (prompt, count) in wanted { alone.append(try await model.engine().greedy(prompt, count)) }
        // Few tokens of an execution, few sequences, and a cache that two of them fill.
        let engine = try model.engine(tokens: 23, sequences: 3, cacheTokens: 240)
        try await withThrowingTaskGroup(of: (Int, Written).self) { group in
            for (place, (prompt, count)) in wanted.enumerated() {
                group.addTask { (place, try await engine.greedy(prompt, count)) }
            }
            for try await (place, written) in group { #expect(written == alone[place], "sequence \(place)") }
        }
        let statistics = await engine.currentStatistics()
        #expect(statistics.running == 0 && statistics.waiting == 0 && statistics.usedPages == 0)
    }

    @Test("a beginning that has been computed is not computed again, and gives the same bits")
    func reuse() async throws {
        let engine = try SmallModel(.small).engine()
        let prompt = Self.prompt(110, seed: 9)
        let first = try await engine.greedy(prompt, 5)
        let before = await engine.currentStatistics()
        let second = try await engine.greedy(prompt, 5)
        let after = await engine.currentStatistics()
        #expect(first == second)
        #expect(before.reusedTokens == 0 && after.reusedTokens == 2 * DecoderProgram.pageTokens)
        #expect(after.promptTokens - before.promptTokens == 110 - 2 * DecoderProgram.pageTokens)
    }

    @Test("cores that cannot share the heads are refused with the numbers that can")
    func degrees() {
        #expect(DecoderConfiguration.small.validDegrees == [1, 3, 6])
        #expect {
            try SmallModel(.small).program(degree: 2)
        } throws: { error in
            "\(error)".contains("2 cores cannot share evenly")
                && "\(error)".contains("set the tensor parallel degree to 1, 3 or 6")
        }
    }

    @Test("tensors that are missing, of another size, no numbers or not computed are refused by name")
    func refusals() throws {
        func refusal(_ change: (inout SmallModel) -> Void) -> String {
            var model = SmallModel(.small)
            change(&model)
            do {
                _ = try model.program()
                return ""
            } catch { return "\(error)" }
        }
        let missing = refusal { $0.tensors["blk.1.attn_k.weight"] = nil }
        #expect(missing.contains("blk.1.attn_k.weight is missing"))
        let short = refusal { $0.tensors["blk.0.ffn_up.weight"]?.rows = 191 }
        #expect(short.contains("blk.0.ffn_up.weight has 191 rows of 96, where its model has 192 rows of 96"))
        let other = refusal {
            $0.tensors["blk.0.attn_q_norm.weight"] = .init(rows: 1, columns: 1, floats: [1])
        }
        #expect(other.contains("blk.0.attn_q_norm.weight is one that is not computed"))
        let infinite = refusal { $0.tensors["output_norm.weight"]?.floats[7] = .infinity }
        #expect(infinite.contains("output_norm.weight has a value that is no number"))
    }

    @Test("an error of the cores ends the streams, and not the engine")
    func faults() async throws {
        let claim = try NeuronDevices.temporary(cores: 1)
        let model = SmallModel(.small)
        let engine = try GenerationEngine(
            try model.program(), tokenizer: try SmallModel.tokenizer(257), on: claim)
        claim.breakDown(.memoryError)
        await #expect(throws: EngineError.self) { try await engine.greedy([1, 2], 3) }
        #expect(await engine.currentStatistics().usedPages == 0)
    }

    @Test("memory for the cache is the cores', and too little of it is an error")
    func memory() throws {
        let claim = try NeuronDevices.temporary(cores: 1, memoryPerCore: 64 << 20)
        let program = try SmallModel(.small).program()
        let tokenizer = try SmallModel.tokenizer(257)
        let engine = try GenerationEngine(program, tokenizer: tokenizer, on: claim)
        #expect(engine.longest == 200)
        let used = try claim.memoryStatistics(core: 0).used
        #expect(used > 0)
        #expect {
            try GenerationEngine(program, tokenizer: tokenizer, on: claim, cacheTokens: 1_000_000)
        } throws: { ($0 as? NRTError)?.status == .resource }
    }

    @Test("a group of another number of cores is refused, fewer and more", arguments: [(3, 1), (1, 3)])
    func cores(compiled: Int, group: Int) throws {
        let program = try SmallModel(.small).program(degree: compiled)
        let claim = try NeuronDevices.temporary(cores: group)
        #expect {
            try claim.load(.artifact(program))
        } throws: { error in
            "\(error)".contains("it was compiled for \(compiled) cores, and its group has \(group)")
        }
    }

    @Test("what cannot be generated is refused")
    func requests() async throws {
        let engine = try SmallModel(.small).engine()
        var parameters = SamplingParameters()
        func refusal(_ prompt: [Int32]) async -> String {
            do {
                _ = try await engine.generate(prompt, parameters)
                return ""
            } catch { return "\(error)" }
        }
        #expect(await refusal([]) == "the prompt is empty: send at least one token")
        #expect(
            await refusal([Int32](repeating: 1, count: 200))
                == "the prompt has 200 tokens, where 199 are the most: shorten it")
        #expect(await refusal([257]).contains("the token 257"))
        parameters.topP = 0
        #expect(await refusal([1]) == "top_p is 0.0, where above 0 to 1 is allowed")
    }

    @Test("so many tokens as are asked for at least come before a mark or a text to stop at ends the text")
    func minimum() async throws {
        let model = SmallModel(.small)
        let prompt = Self.prompt(9, seed: 3)
        let free = try await model.engine().greedy(prompt, 24).tokens
        let first = try #require(free.first)
        let letter = try #require(free.first { 0x21...0x7e ~= $0 })
        func text(_ engine: GenerationEngine, _ change: (inout SamplingParameters) -> Void) async throws -> (
            tokens: [Int32], text: String, end: GeneratedPiece.End?
        ) {
            var parameters = SamplingParameters()
            parameters.temperature = 0
            parameters.maximumTokens = 24
            change(&parameters)
            var (tokens, text, end): ([Int32], String, GeneratedPiece.End?) = ([], "", nil)
            for try await piece in try await engine.generate(prompt, parameters) {
                tokens += piece.token.map { [$0] } ?? []
                text += piece.text
                end = piece.end ?? end
            }
            return (tokens, text, end)
        }
        // The likeliest first token is a mark.
        let marked = try model.engine(ends: [first])
        #expect(try await text(marked) { _ in }.tokens == [first])
        let longer = try await text(marked) { $0.minimumTokens = 5 }
        #expect(longer.tokens.count >= 5 && !longer.tokens.prefix(5).contains(first))
        // A text to stop at counts from then on.
        let stop = String(decoding: [UInt8(letter)], as: UTF8.self)
        let engine = try model.engine(ends: [])
        let stopped = try await text(engine) { $0.stop = [stop] }
        #expect(stopped.end == .stop && !stopped.text.contains(stop))
        let whole = try await text(engine) {
            $0.stop = [stop]
            $0.minimumTokens = 24
        }
        #expect(whole.tokens == free && whole.end == .length && whole.text.contains(stop))
        await #expect {
            _ = try await text(engine) { $0.minimumTokens = 25 }
        } throws: {
            "\($0)" == "min_tokens is 25, where 0 to max_tokens (24) is allowed"
        }
    }

    @Test("heads alone say how many cores can share a model, however few columns are left for each")
    func fewColumns() async throws {
        var sizes = DecoderConfiguration.small
        sizes.intermediateSize = 64
        #expect(sizes.validDegrees == [1, 3, 6])
        let model = SmallModel(sizes)
        let alone = try await model.engine().greedy([1, 2, 3], 12)
        #expect(try await model.engine(degree: 6).greedy([1, 2, 3], 12).tokens == alone.tokens)
    }

    @Test(
        "biases of some of queries, keys and values are refused: the others are missing",
        arguments: ["q", "k", "v"])
    func biases(part: String) throws {
        var model = SmallModel(.small, hasBiases: true)
        model.tensors["blk.1.attn_\(part).bias"] = nil
        let error = #expect(throws: ModelError.self) { try model.program() }
        #expect(error?.description.hasPrefix("small.gguf tensor blk.1.attn_\(part).bias is missing") == true)
    }

    @Test("a client that is gone is not computed for")
    func cancellation() async throws {
        let engine = try SmallModel(.small).engine()
        var parameters = SamplingParameters()
        parameters.maximumTokens = 100_000
        parameters.ignoresEnd = true
        let reader = Task {
            for try await _ in try await engine.generate([1, 2, 3], parameters) { return }
        }
        try await reader.value
        // The end is told from elsewhere; the next client's text comes behind it.
        while await engine.currentStatistics().running > 0 { await Task.yield() }
        #expect(await engine.currentStatistics().usedPages == 0)
        #expect(try await engine.greedy([4], 2).tokens.count == 2)
    }
}
