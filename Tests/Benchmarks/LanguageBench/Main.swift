// What Tests/Benchmarks/language.py puts beside llama.cpp and numpy: each line of standard input is one request, each line of
// standard output its answer.
//
//     prefill TOKENS             seconds from a prompt of so many tokens, none of them cached, to the next token
//     decode TOKENS              tokens a second of one sequence
//     together COUNT TOKENS      tokens a second of so many sequences at once
//     greedy TOKENS ID ...       the most likely tokens behind these, each with the logarithm of its probability
//
// Arguments: the model, cores, precision.

import FakeRuntime
import Glibc
import LanguageModels
import NeuronProgram
import NeuronRuntime
import Tokenizers

/// A request that cannot be measured.
struct Unusable: Error, CustomStringConvertible {
    let description: String
}

/// Requests to one engine.
struct Bench {
    let model: LanguageModel
    let engine: GenerationEngine
    private var salt: Int32 = 0

    init(model: LanguageModel, engine: GenerationEngine) {
        self.model = model
        self.engine = engine
    }

    private mutating func prompt(_ count: Int) -> [Int32] {
        // Never the same beginning twice: nothing may be there already.
        salt += 1
        let text = model.prompt("A prompt number \(salt) that goes on: ")
        return (0..<count).map { $0 < text.count ? text[$0] : Int32(1_000 + ($0 * 37 + Int(salt)) % 20_000) }
    }

    private func generate(_ prompt: [Int32], _ count: Int) async throws -> Int {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.maximumTokens = count
        parameters.ignoresEnd = true
        var written = 0
        for try await piece in try await engine.generate(prompt, parameters) where piece.token != nil {
            written += 1
        }
        return written
    }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        let time = start.duration(to: .now).components
        return Double(time.seconds) + Double(time.attoseconds) * 1e-18
    }

    mutating func answer(_ line: String) async throws -> String {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int($0) }
        switch words.first {
        case "prefill" where numbers.count == 1:
            let prompt = prompt(numbers[0])
            return "\(try await seconds { _ = try await generate(prompt, 1) })"
        case "decode" where numbers.count == 1:
            return "\(try await rate(1, numbers[0]))"
        case "together" where numbers.count == 2:
            return "\(try await rate(numbers[0], numbers[1]))"
        case "greedy" where numbers.count > 1:
            return try await greedy(numbers[0], numbers.dropFirst().map { Int32(clamping: $0) })
        default: throw Unusable(description: "no such measurement: \(line)")
        }
    }

    private mutating func rate(_ count: Int, _ tokens: Int) async throws -> Double {
        let prompts = (0..<count).map { _ in prompt(16) }
        let engine = engine
        // Without the prompts: their time is what it takes to write one token.
        let first = try await seconds {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for prompt in prompts { group.addTask { [self] in try await generate(prompt, 1) } }
                try await group.waitForAll()
            }
        }
        let all = try await seconds {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for prompt in prompts { group.addTask { [self] in try await generate(prompt, tokens + 1) } }
                try await group.waitForAll()
            }
        }
        _ = engine
        return Double(count * tokens) / (all - first)
    }

    private func greedy(_ count: Int, _ prompt: [Int32]) async throws -> String {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.maximumTokens = count
        parameters.ignoresEnd = true
        parameters.logProbabilities = 0
        var words: [String] = []
        for try await piece in try await engine.generate(prompt, parameters) {
            if let token = piece.token, let probability = piece.probability {
                words.append("\(token):\(probability.logarithm)")
            }
        }
        return words.joined(separator: " ")
    }
}

@main
struct Main {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().map { String($0) }
        guard arguments.count == 3, let cores = Int(arguments[1]),
            let precision = MatrixPrecision(rawValue: arguments[2])
        else { throw Unusable(description: "usage: language-bench MODEL CORES PRECISION") }
        let model = try LanguageModel(path: arguments[0])
        var options = ProgramOptions()
        options.cores = cores
        options.precision = precision
        let claim = try NeuronDevices.temporary(cores: cores)
        let engine = try GenerationEngine(
            try model.program(options), tokenizer: model.tokenizer, on: claim)
        var bench = Bench(model: model, engine: engine)
        while let line = readLine() {
            print(try await bench.answer(line))
            fflush(nil)
        }
    }
}
