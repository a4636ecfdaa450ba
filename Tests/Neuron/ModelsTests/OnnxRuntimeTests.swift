// The encoder against onnxruntime, live: Tests/Peers/onnx_reference.py builds the model's graph anew from the same
// weights, cuts the same texts with the Rust crate `tokenizers`, and what comes out must be the same on any number of
// cores. Skipped where the tests' Python packages (`make python-env`) or the model are absent.

import FakeRuntime
import Glibc
import JSON
import NeuronProgram
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import Models

@Suite(
    "Against onnxruntime",
    .enabled(if: access(OnnxRuntime.python, X_OK) == 0, "there is no Python at \(OnnxRuntime.python)"))
struct OnnxRuntimeTests {
    /// Texts of `manyTexts`.
    private static let count = getenv("GANGLION_ENCODER_TEXTS").flatMap { Int(String(cString: $0)) } ?? 16

    /// Ids and embeddings of all-MiniLM-L6-v2, computed once.
    private static let real = Task {
        let model = try EmbeddingModel(directory: try #require(realModelDirectory))
        return (model, try await OnnxRuntime.embed(texts, with: model))
    }

    /// The same of a model whose 24 heads and 240 columns make odd shapes on 8 and 24 cores.
    private static let synthetic = Task {
        let directory = try TemporaryDirectory()
        try SyntheticModel(hiddenSize: 192, layerCount: 3, headCount: 24, intermediateSize: 240, seed: 7)
            .write(to: directory.path)
        let model = try EmbeddingModel(directory: directory.path)
        _ = try model.weights(degree: 1)
        let reference = try await OnnxRuntime.embed(texts, with: model)
        // The weights of other degrees are read later: the directory stays as long as the value.
        return (model, reference, directory)
    }

    @Test(
        "all-MiniLM-L6-v2 gives the same ids and embeddings", .enabled(if: realModelDirectory != nil),
        arguments: [1, 2, 3, 4, 6, 12])
    func realModel(cores: Int) async throws {
        let (model, reference) = try await Self.real.value
        try await compare(model, cores: cores, with: reference)
    }

    @Test(
        "all-MiniLM-L6-v2 gives the same for many texts, and nearly the same in BF16",
        .enabled(if: realModelDirectory != nil))
    func manyTexts() async throws {
        let model = try EmbeddingModel(directory: try #require(realModelDirectory))
        let texts = try await OnnxRuntime.texts(Self.count)
        let reference = try await OnnxRuntime.embed(texts, with: model)
        try await compare(model, texts, cores: 2, with: reference)
        let directory = try TemporaryDirectory()
        var options = CompileOptions()
        options.dataType = .bfloat16
        let path = directory.path + "/model"
        _ = try ModelCompiler.compile(directory: model.directory, to: path, options: options)
        let compiled = try ModelStore().model(at: path)
        try await compare(compiled, texts, cores: 1, with: reference, closest: 0.999)
    }

    @Test("a model of 24 heads gives the same ids and embeddings", arguments: [1, 2, 3, 4, 6, 8, 12, 24])
    func syntheticModel(cores: Int) async throws {
        let (model, reference, _) = try await Self.synthetic.value
        try await compare(model, cores: cores, with: reference)
    }

    /// What comes after the Transformer in modules.json, and the numbers of the vector.
    static let pipelines: [(modules: [ModelFolder.Module], dimension: Int)] = [
        ([.pooling("cls")], 48), ([.pooling("max"), .normalize], 48), ([.pooling("mean")], 48),
        ([.pooling("mean_sqrt_len_tokens")], 48), ([.pooling("weightedmean"), .normalize], 48),
        ([.pooling("lasttoken"), .normalize], 48), ([.pooling(["max", "cls", "mean"]), .normalize], 144),
        ([.pooling("mean"), .dense(48, 8, "torch.nn.modules.activation.Tanh"), .normalize], 8),
        ([.pooling("mean"), .dense(48, 5, nil), .dense(5, 7, "torch.nn.modules.linear.Identity")], 7),
        ([.pooling("cls"), .dense(48, 48, "torch.nn.modules.activation.ReLU"), .layerNorm(48)], 48),
        ([.pooling("mean"), .layerNorm(48), .dense(48, 3, "torch.nn.modules.activation.GELU")], 3),
        ([.pooling(["cls", "mean"]), .dense(96, 16, "torch.nn.modules.activation.Tanh", bias: false)], 16),
    ]

    @Test("each way from tokens to a vector gives the same", arguments: 0..<pipelines.count)
    func pipeline(index: Int) async throws {
        let (modules, dimension) = Self.pipelines[index]
        let folder = try ModelFolder(modules)
        let model = try EmbeddingModel(directory: folder.path)
        #expect(model.dimension == dimension)
        let texts = Array(Self.texts.prefix(30))
        let reference = try await OnnxRuntime.embed(texts, with: model)
        let directory = try TemporaryDirectory()
        try directory.addChips(1)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(.all))
        try group.load(model, as: "model")
        let embeddings = try #require(await group.embed(texts.map(model.tokenize), model: "model"))
        #expect(reference.count == texts.count)
        for (expected, embedding) in zip(reference, embeddings) {
            #expect(embedding.count == dimension)
            for (value, right) in zip(embedding, expected.embedding) {
                #expect(abs(value - right) < 2e-5 * max(1, abs(right)))
            }
        }
    }

    private func compare(
        _ model: EmbeddingModel, _ inputs: [String] = texts, cores: Int, with reference: [OnnxRuntime.Result],
        closest: Double = 0.999_99
    ) async throws {
        let directory = try TemporaryDirectory()
        try directory.addChips(12)
        let group = NeuronCoreGroup(try NeuronDevices(root: directory.path).claim(0..<cores))
        try group.load(model, as: "model")
        let texts = inputs.map(model.tokenize)
        let embeddings = try #require(await group.embed(texts, model: "model"))
        #expect(reference.count == texts.count && embeddings.count == texts.count)
        for (index, expected) in reference.enumerated() {
            let name = Comment(rawValue: "text \(index): \(inputs[index].prefix(40).debugDescription)")
            #expect(texts[index].ids == expected.ids, name)
            #expect(embeddings[index].count == expected.embedding.count, name)
            #expect(cosine(embeddings[index], expected.embedding) >= closest, name)
        }
    }

    static let texts: [String] =
        [
            "A ganglion is a cluster of neurons.", "", " ", "\t\r\n", "a", "Hello, World!", ".",
            "?!...,;:-–—",
            "\"'`´‘’“”«»„‚", "#@$%^&*()_+={}[]|\\<>/~", "0", "1234567890",
            "3.14159 -2.5e-10 1,000,000 0x1F 50%",
            "2026-11-21T15:44:31Z", "https://example.org/a?b=c&d=%20#e", "name@example.org", "C++ C# F# .NET",
            "Crème brûlée, naïve façade, Ångström, Zoë, señor, Übergröße",
            "e\u{301} a\u{30a} o\u{308} n\u{303}",
            "İstanbul ıspanak ſharp ẞ ß ŉ ǆ Ǆ ǅ", "ﬁ ﬂ ﬃ ½ ² ™ № ㎏ Ⅷ ⅷ ⓐ Ⓐ",
            "Привет, мир! Ёлка и Й.", "Ελληνικά: ά ὕ Ω ς Σ ᾳ ᾼ", "Ունեն Հայերեն", "ქართული ᲥᲐᲠᲗᲣᲚᲘ",
            "עברית עִבְרִית", "مرحبا بالعالم وَرَحْمَةُ", "नमस्ते दुनिया", "বাংলা கிழமை తెలుగు", "ภาษาไทย ພາສາລາວ",
            "日本語のテキストと漢字、カタカナ。", "中文字符测试：人工智能", "한국어 문장도 있다. 안녕하세요?", "ｆｕｌｌ ｗｉｄｔｈ！",
            "𠀀𪜀𫝀𫠠 \u{f900}\u{2f800}", "🤗🧿 emoji 👩‍👩‍👧 🇩🇪 👍🏽 ❤️ ☎︎", "𝒜𝓁𝓅𝒽𝒶 𝟙𝟚𝟛 𝕳𝖊𝖑𝖑𝖔", "𐐀𐐨 𞤀𞤢 𑢠𑣀",
            "zero\u{200b}width\u{200d}join\u{feff}er soft\u{ad}hyphen", "nul\u{0}bell\u{7}del\u{7f}c1\u{9b}x",
            "\u{1}\u{2}\u{3}", "\u{fffd} \u{fffe} \u{ffff} \u{e000} \u{10ffff}",
            "line\u{2028}separator\u{85}next\u{a0}nbsp\u{3000}wide\u{180e}vowel",
            "\u{202e}right to left\u{202c}",
            "a\u{1abf}\u{1ac0}b \u{8d4}\u{8d3} \u{11938} \u{1df9}\u{1df7}", "\u{301}\u{302} \u{1dfb}",
            "[CLS] literal [SEP] tokens [MASK] here[UNK] [PAD][sep]", "[[SEP]] [ SEP ]",
            "unaffable antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
            String(repeating: "x", count: 100), String(repeating: "x", count: 101),
            String(repeating: "é", count: 100), "def main():\n    return [i**2 for i in range(10)]",
            "{\"json\": [1, 2.5, null, true]}", "SHOUTING AND whispering MiXeD",
            String(repeating: "neuron ", count: 300), String(repeating: "🤗 ", count: 300),
            String(repeating: "漢", count: 600), String(repeating: "!", count: 1_000),
            String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 40),
        ] + [30, 60, 119, 120, 121, 126, 127, 128].map { String(repeating: "core ", count: $0) }
}

/// The peer process.
private enum OnnxRuntime {
    static let python =
        getenv("GANGLION_PYTHON").map { String(cString: $0) } ?? packageRoot + "/.cache/venv/bin/python3"

    /// What it says about a text.
    struct Result {
        let ids: [Int32]
        let embedding: [Float]
    }

    /// Texts of many scripts, always the same.
    static func texts(_ count: Int) async throws -> [String] {
        let directory = try TemporaryDirectory()
        let output = directory.path + "/texts.json"
        try await run(["texts", "\(count)", output])
        let texts = try JSON(parsing: try Files.read(output, limit: 1 << 26)).array ?? []
        return texts.compactMap(\.string)
    }

    static func embed(_ texts: [String], with model: EmbeddingModel) async throws -> [Result] {
        let directory = try TemporaryDirectory()
        let input = directory.path + "/texts.json"
        let output = directory.path + "/results.json"
        try Files.write(input, JSON.array(texts.map { JSON.string($0) }).serialized())
        try await run(
            ["embed", model.directory, "\(model.configuration.maximumTokens)", input, output])
        let results = try #require(try JSON(parsing: try Files.read(output, limit: 1 << 26)).array)
        return try results.map { entry in
            Result(
                ids: try #require(entry["ids"]?.array).map { Int32(try #require($0.int)) },
                embedding: try #require(entry["embedding"]?.array).map { Float(try #require($0.double)) })
        }
    }
    private static func run(_ arguments: [String]) async throws {
        let process = try ChildProcess.spawn(
            python, [packageRoot + "/Tests/Peers/onnx_reference.py"] + arguments,
            descriptors: .init(error: FileDescriptor(dup(2))), parentDeathSignal: .kill)
        #expect(await process.wait() == .exited(0), "onnx_reference.py says on standard error what is wrong")
    }
}
