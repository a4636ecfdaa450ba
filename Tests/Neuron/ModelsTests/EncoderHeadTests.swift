// Heads, pairs of texts and places of tokens against numpy and `tokenizers`: Tests/Peers/encoder_heads.py writes folders and what
// texts come to. GANGLION_HEAD_TEXTS is how many texts there are, 40 where nothing is said.

import FakeRuntime
import Glibc
import JSON
import ModelErrors
import NeuronProgram
import SystemIO
import TestSupport
import Testing
import Tokenizers

@testable import Models

@Suite(
    "Classifiers and models that answer questions, against numpy",
    .enabled(if: Python.has("tokenizers"), "there is no Python with tokenizers"), .timeLimit(.minutes(60)))
struct EncoderHeadTests {
    private static let count = getenv("GANGLION_HEAD_TEXTS").flatMap { Int(String(cString: $0)) } ?? 40

    private struct Folders: Sendable {
        let directory: TemporaryDirectory
        let json: JSON

        func entry(_ list: String, _ name: String) throws -> JSON {
            try #require(json[list]?.array?.first { $0["case"]?.string == name })
        }
    }

    private static let folders = Task<Folders, any Error> {
        let directory = try TemporaryDirectory()
        let peer = try PythonPeer("encoder_heads.py", [directory.path, String(count)])
        _ = try await peer.text()
        #expect(await peer.finish() == .exited(0))
        let json = try JSON(parsing: try Files.read(directory.path + "/cases.json", limit: 1 << 30))
        return Folders(directory: directory, json: json)
    }

    private static func ids(_ json: JSON?) -> [Int32] {
        (json?.array ?? []).compactMap { $0.int.flatMap(Int32.init(exactly:)) }
    }

    @Test(
        "tokens stand where they stand elsewhere, and pairs are cut alike",
        arguments: [
            ("brackets", "bert-labels"), ("byte-level", "roberta-ranker"),
            ("sentence-piece", "xlm-roberta-ranker"), ("mpnet", "mpnet-default"),
        ])
    func places(kind: String, folder: String) async throws {
        let folders = try await Self.folders.value
        let texts = (folders.json["texts"]?.array ?? []).compactMap(\.string)
        let lines = try #require(try folders.entry("places", kind)["lines"]?.array)
        #expect(lines.count == Self.count && texts.count == Self.count)
        let settings = try TokenizerSettings(directory: folders.directory.path + "/" + folder)
        let tokenizer = try settings.tokenizer(lowercases: false)
        for (number, line) in lines.enumerated() {
            let text = texts[number]
            let octets = Array(text.utf8)
            func characters(_ end: Int) -> Int { octets[..<end].count { $0 & 0xc0 != 0x80 } }
            let tokens = tokenizer.places(in: text)
            #expect(tokens.map(\.id) == Self.ids(line["ids"]), "\(kind) \(text.debugDescription)")
            #expect(tokens.map(\.id) == tokenizer.encode(text))
            let places = tokens.map {
                [characters($0.place.lowerBound), characters($0.place.upperBound)]
            }
            let expected = (line["places"]?.array ?? []).map { ($0.array ?? []).compactMap(\.int) }
            #expect(places == expected, "\(kind) \(text.debugDescription)")
            let words = (line["words"]?.array ?? []).map(\.int)
            #expect(Self.changes(tokens.map(\.word)) == Self.changes(words))
            let other = texts[(number + 1) % texts.count]
            for pair in line["pairs"]?.array ?? [] {
                let own = tokenizer.encodePair(text, other, count: pair["limit"]?.int ?? 0)
                #expect(own.ids == Self.ids(pair["ids"]))
                #expect(own.types == Self.ids(pair["types"]))
            }
        }
    }

    @Test(
        "what SentencePiece's rule drops or makes longer counts for the places behind it",
        arguments: [
            ("\u{1}\u{2}q", 2..<3), ("a \u{1}q", 3..<4), ("<mask>\u{1}q", 7..<8), ("\u{fb01}\u{301}q", 5..<6),
            ("\u{fb01}\u{1}q", 4..<5), ("e\u{301}q", 3..<4),
        ])
    func dropped(text: String, place: Range<Int>) async throws {
        let folder = try await Self.folders.value.directory.path + "/xlm-roberta-ranker"
        let tokenizer = try TokenizerSettings(directory: folder).tokenizer(lowercases: false)
        #expect(tokenizer.places(in: text).last?.place == place)
    }

    /// Where the next word begins.
    private static func changes(_ words: [Int?]) -> [Bool] { zip(words, words.dropFirst()).map { $0 != $1 } }

    private func group(_ model: EmbeddingModel, cores: Int) throws -> (NeuronCoreGroup, TemporaryDirectory) {
        let directory = try TemporaryDirectory()
        try directory.addChips(2)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(0..<cores))
        try group.load(model, as: "model")
        return (group, directory)
    }

    @Test(
        "texts and pairs have the logits and the scores that they have elsewhere",
        arguments: [
            "bert-labels", "roberta-ranker", "distilbert-regression", "electra-several", "xlm-roberta-ranker",
            "mpnet-default", "bert-ranker",
        ])
    func classifiers(name: String) async throws {
        let folders = try await Self.folders.value
        let entry = try folders.entry("classifiers", name)
        let inputs = (folders.json["inputs"]?.array ?? []).map { ($0.array ?? []).compactMap(\.string) }
        let results = try #require(entry["results"]?.array)
        #expect(results.count == inputs.count && inputs.count >= Self.count - 1)
        let folder = folders.directory.path + "/" + name
        var options = CompileOptions()
        options.cores = 2
        options.dataType = .bfloat16
        let artifact = folder + ".ganglion"
        _ = try ModelCompiler.compile(directory: folder, to: artifact, options: options)
        for (path, cores, tolerance) in [(folder, 1, Float(1e-4)), (folder, 4, 1e-4), (artifact, 2, 0.15)] {
            let model = try ModelStore().model(at: path)
            let classifier = try #require(model.classifier)
            #expect(classifier.labels == (entry["labels"]?.array ?? []).compactMap(\.string))
            let cut = inputs.map {
                $0.count == 1 ? model.tokenize($0[0]) : model.tokenize($0[0], pairedWith: $0[1])
            }
            let (group, directory) = try group(model, cores: cores)
            let all = try #require(await group.embed(cut, model: "model"))
            for (number, result) in results.enumerated() {
                func numbers(_ key: String) -> [Float] {
                    (result[key]?.array ?? []).compactMap { $0.double.map(Float.init) }
                }
                #expect(cut[number].ids == Self.ids(result["ids"]))
                let types = Self.ids(result["types"])
                // A model without types gets none.
                let wanted = model.configuration.typeCount > 1 ? types : types.map { _ in 0 }
                #expect(cut[number].allTypes == wanted)
                let logits = all[number]
                for (own, other) in [
                    (logits, numbers("logits")), (classifier.function(logits), numbers("scores")),
                    (classifier.pairFunction(logits), numbers("pairScores")),
                ] {
                    try #require(own.count == other.count)
                    #expect(
                        zip(own, other).allSatisfy { abs($0 - $1) < tolerance }, "\(name) \(own) \(other)")
                }
            }
            withExtendedLifetime(directory) {}
        }
    }

    @Test(
        "questions have the answers that they have elsewhere",
        arguments: ["bert-answers", "roberta-answers", "xlm-roberta-answers"])
    func questions(name: String) async throws {
        let folders = try await Self.folders.value
        let model = try ModelStore().model(at: folders.directory.path + "/" + name)
        #expect(model.task == .questionAnswering && model.classifier == nil)
        let (group, directory) = try group(model, cores: 2)
        let questions = try #require(try folders.entry("readers", name)["questions"]?.array)
        #expect(questions.count >= 7)
        for entry in questions {
            var options = AnswerOptions()
            let given = entry["parameters"]
            options.count = given?["top_k"]?.int ?? options.count
            options.overlap = given?["doc_stride"]?.int
            options.window = given?["max_seq_len"]?.int
            options.longestAnswer = given?["max_answer_len"]?.int ?? options.longestAnswer
            options.allowsNone = given?["handle_impossible_answer"]?.bool ?? false
            options.takesWholeWords = given?["align_to_words"]?.bool ?? true
            let (asked, context) = (entry["question"]?.string ?? "", entry["context"]?.string ?? "")
            if entry["answers"] == .null {
                #expect(throws: ModelError.self) { try model.ask(asked, of: context, options: options) }
                continue
            }
            let question = try model.ask(asked, of: context, options: options)
            let logits = try #require(await group.embed(question.windows, model: "model"))
            let answers = question.answers(logits)
            let expected = entry["answers"]?.array ?? []
            try #require(answers.count == expected.count, "\(name) \(entry.text())")
            for (answer, other) in zip(answers, expected) {
                #expect(answer.text == other["answer"]?.string, "\(name) \(context)")
                #expect(
                    [answer.place.lowerBound, answer.place.upperBound] == [
                        other["start"]?.int, other["end"]?.int,
                    ])
                #expect(abs(answer.score - (other["score"]?.double ?? 9)) < 1e-4)
            }
        }
        withExtendedLifetime(directory) {}
    }

    @Test(
        "a question that fills a window is refused, and so is a model without vectors where they are wanted")
    func limits() async throws {
        let folders = try await Self.folders.value
        let model = try ModelStore().model(at: folders.directory.path + "/bert-answers")
        var options = AnswerOptions()
        options.window = 24
        #expect(throws: ModelError.self) {
            try model.ask(String(repeating: "word ", count: 40), of: "a b c", options: options)
        }
        #expect(throws: ModelError.self) { try model.requireVectors() }
        #expect(throws: ModelError.self) {
            try ModelStore().model(at: folders.directory.path + "/bert-labels").requireVectors()
        }
    }

    @Test("the first token behind a prompt that does not count is read where no other is")
    func firstBehindPrompt() async throws {
        func vector(_ modes: JSON) async throws -> [Float] {
            let folder = try ModelFolder([.pooling(modes)])
            try folder.edit("1_Module/config.json") { $0["include_prompt"] = false }
            try folder.write("config_sentence_transformers.json", ["prompts": ["query": "a b c"]])
            let model = try ModelStore().model(at: folder.path)
            let text = try model.tokenize("d e f", promptName: "query")
            #expect(text.promptTokens > 1)
            let (cores, devices) = try group(model, cores: 1)
            defer { withExtendedLifetime(devices) {} }
            return await cores.embed([text], model: "model")?.first ?? []
        }
        // With the mean beside it all tokens are read.
        let (alone, both) = (try await vector("cls"), try await vector(["cls", "mean"]))
        #expect(alone == Array(both.prefix(48)) && alone.contains { $0 != 0 })
    }

    @Test(
        "a prompt that does not count is left out of each way of pooling",
        arguments: [
            ("cls", [5, 6]), ("max", [7, 9]), ("mean", [6, 7.5]),
            ("mean_sqrt_len_tokens", [8.485_281, 10.606_602]),
            ("weightedmean", [6.142_857, 7.714_286]), ("lasttoken", [7, 9]),
        ] as [(String, [Float])])
    func prompts(mode: String, expected: [Float]) throws {
        let directory = try TemporaryDirectory()
        let config: JSON = ["embedding_dimension": 2, "pooling_mode": .string(mode), "include_prompt": false]
        try Files.write(directory.path + "/config.json", config.serialized())
        let pooling = try Pooling(directory: directory.path, hiddenSize: 2, isRequired: true)
        #expect(!pooling.includesPrompt)
        let rows: [Float] = [100, 100, 200, 200, 5, 6, 7, 9]
        var result: [Float] = [0, 0]
        rows.withUnsafeBufferPointer { rows in
            result.withUnsafeMutableBufferPointer { result in
                guard let rows = rows.baseAddress, let place = result.baseAddress else { return }
                pooling.apply(rows, rows: 4, skipped: 2, columns: 2, into: place)
            }
        }
        #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(result)")
    }
}
