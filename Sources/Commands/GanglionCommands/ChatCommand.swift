// `ganglion chat`: a conversation with a language model on NeuronCores. Without chips it computes on chips that are made for
// the process.

import Arguments
import Glibc
import JSON
internal import LanguageModels

/// The `chat` command.
enum ChatCommand {
    private static let model = Positional<String>(
        "MODEL", help: "A GGUF file, a model's folder, or what \"ganglion compile\" made of one")
    private static let prompt = Option<String?>(
        "prompt", short: "p", placeholder: "TEXT",
        help: "Say this and end with the answer; without it lines are read, each answered in turn")
    private static let system = Option<String?>(
        "system", placeholder: "TEXT", help: "What the model is told before the conversation")
    private static let cores = Option(
        "cores", default: 1, placeholder: "N", help: "NeuronCores to use (tensor parallel degree)",
        check: CommandDevices.problem)
    private static let precision = Option(
        "precision", default: MatrixPrecision.stored.rawValue, placeholder: "TYPE",
        help: "How matrices are kept: auto for what the file has, fp32, bf16 or fp16",
        check: { MatrixPrecision(rawValue: $0) == nil ? "must be \(MatrixPrecision.names)" : nil })
    private static let context = Option<Int?>(
        "context", placeholder: "N",
        help: "Tokens of the conversation at most (default what the model takes)",
        check: { $0 > 1 ? nil : "must be 2 or more" })
    private static let maximum = Option(
        "max-tokens", default: 512, placeholder: "N", help: "Tokens of an answer at most",
        check: { $0 > 0 ? nil : "must be 1 or more" })
    private static let temperature = Option(
        "temperature", default: 0.7, placeholder: "NUMBER", help: "0 for the most likely token always")
    private static let topP = Option(
        "top-p", default: 1.0, placeholder: "NUMBER",
        help: "Only the most likely tokens that together have this probability")
    private static let topK = Option(
        "top-k", default: 0, placeholder: "N", help: "Only so many of the most likely tokens; 0 for all")
    private static let seed = Option<Int?>(
        "seed", placeholder: "N", help: "The same number gives the same answers")
    private static let json = Flag("json", help: "Print each answer as a line of JSON, when it is whole")

    static let command = Command(
        "chat", summary: "Talk with a language model on NeuronCores",
        arguments: [
            model, prompt, system, cores, precision, context, maximum, temperature, topP, topK, seed, json,
            CommandDevices.root,
        ],
        examples: [
            .init("ganglion chat SmolLM2-135M-Instruct.Q4_1.gguf", "a conversation, until end of input"),
            .init(
                "ganglion chat model.gguf --prompt Hello --temperature 0 --json",
                "one answer for a program"),
        ]
    ) { values in
        var parameters = SamplingParameters()
        parameters.maximumTokens = values[maximum]
        parameters.temperature = values[temperature]
        parameters.topP = values[topP]
        parameters.topK = values[topK]
        parameters.seed = values[seed].map { UInt64(bitPattern: Int64($0)) }
        if let problem = parameters.problem { throw ChatProblem(description: problem) }
        let model = try LanguageModel(path: values[model])
        var options = ProgramOptions()
        options.cores = values[cores]
        options.precision = MatrixPrecision(rawValue: values[precision]) ?? .stored
        options.positions = values[context]
        options.sequences = 1
        let status = StatusLine()
        let engine = try await load(model, options, status, root: values[CommandDevices.root])
        var conversation = Conversation(
            model: model, engine: engine, parameters: parameters, isJSON: values[json])
        if let system = values[system] { conversation.say(system, as: "system") }
        if let prompt = values[prompt] {
            try await conversation.answer(prompt)
            return
        }
        let isTerminal = isatty(0) == 1
        while true {
            if isTerminal { print("> ", terminator: "") }
            fflush(nil)
            guard let line = readLine() else { break }
            if !line.allSatisfy(\.isWhitespace) { try await conversation.answer(line) }
        }
        if isTerminal { print() }
    }

    /// Opens the cores and loads the model.
    private static func load(
        _ model: LanguageModel, _ options: ProgramOptions, _ status: StatusLine, root: String?
    ) async throws -> GenerationEngine {
        status.show("loading \(model.name)")
        let program = try model.program(options) { done, count in
            status.show("loading \(model.name): layer \(done) of \(count)")
        }
        let cores = try await CommandDevices.open(root: root, cores: options.cores)
        let engine = try GenerationEngine(program, tokenizer: model.tokenizer, on: cores)
        status.wipe()
        return engine
    }
}

/// What is wrong with a command line.
private struct ChatProblem: Error, CustomStringConvertible {
    let description: String
}

/// A conversation so far.
private struct Conversation {
    let model: LanguageModel
    let engine: GenerationEngine
    let parameters: SamplingParameters
    let isJSON: Bool
    private var messages: [ConversationMessage] = []

    init(model: LanguageModel, engine: GenerationEngine, parameters: SamplingParameters, isJSON: Bool) {
        self.model = model
        self.engine = engine
        self.parameters = parameters
        self.isJSON = isJSON
    }

    mutating func say(_ text: String, as role: String) {
        messages.append(ConversationMessage(role: role, content: text))
    }

    /// Says something and prints the answer as it is written.
    mutating func answer(_ text: String) async throws {
        say(text, as: "user")
        let prompt =
            model.template == nil
            ? model.prompt(messages.map(\.content).joined(separator: "\n")) : try model.prompt(messages)
        let start = ContinuousClock.now
        var first: Duration?
        var answer = ""
        var count = 0
        var end = GeneratedPiece.End.length
        for try await piece in try await engine.generate(prompt, parameters) {
            if first == nil { first = start.duration(to: .now) }
            if piece.token != nil { count += 1 }
            answer += piece.text
            end = piece.end ?? end
            guard !isJSON else { continue }
            print(piece.text, terminator: "")
            fflush(nil)
        }
        let all = start.duration(to: .now)
        say(answer, as: "assistant")
        let rate = count > 1 ? Double(count - 1) / (all - (first ?? all)).seconds : 0
        if isJSON {
            let line: JSON = [
                "content": .string(answer), "finish_reason": .string(end.rawValue),
                "prompt_tokens": JSON(prompt.count), "completion_tokens": JSON(count),
                "time_to_first_token_seconds": .double((first ?? all).seconds),
                "tokens_per_second": .double(rate),
            ]
            print(line.text())
        } else {
            print()
            StatusLine().finish(
                "\(prompt.count) tokens read, the first written after \((first ?? all).rounded) s, then "
                    + "\(Int(rate.rounded())) a second, \(count) in all")
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

    /// In seconds, to a hundredth.
    fileprivate var rounded: Double { (seconds * 100).rounded() / 100 }
}
