// `ganglion embed`: vectors of texts, computed at once and without a server. Where there are no NeuronCores, a fake chip is
// made for the process.

import Arguments
internal import Glibc
internal import JSON
internal import Models
internal import SystemIO
internal import Text

/// The `embed` command.
enum EmbedCommand {
    private static let model = Positional<String>(
        "MODEL",
        help: "The model's folder, as sentence-transformers saves it, or what \"ganglion compile\" made of it"
    )
    private static let texts = Positional<[String]>(
        "TEXT", required: true, help: "Texts; - is the lines of standard input")
    private static let cores = Option(
        "cores", default: 1, placeholder: "N", help: "NeuronCores that share the model",
        check: CommandDevices.problem)
    private static let promptName = Option<String?>(
        "prompt-name", placeholder: "NAME", help: "The prompt of the model's folder to put before each text")
    private static let json = Flag("json", help: "Print a JSON object a line: text, tokens, embedding")
    static let command = Command(
        "embed", summary: "Print the vectors of texts",
        arguments: [model, texts, cores, promptName, json, CommandDevices.root],
        examples: [
            .init("ganglion embed all-MiniLM-L6-v2 cores chips", "two lines, the vectors of both"),
            .init(
                "ganglion embed all-MiniLM-L6-v2 --json --cores 2 -", "a line of JSON for each line of input"),
        ]
    ) { values in
        var name = values[model]
        while name.count > 1, name.hasSuffix("/") { name.removeLast() }
        let clock = ContinuousClock()
        let start = clock.now
        let progress = StatusLine()
        progress.show("loading \(name)")
        let loaded = try ModelStore().model(at: name)
        try loaded.requireVectors()
        let group = NeuronCoreGroup(
            try await CommandDevices.open(root: values[CommandDevices.root], cores: values[cores]))
        try group.load(loaded, as: name)
        progress.show("loaded \(name) on \(values[cores]) cores in \(seconds(clock.now - start))")
        var writer = EmbedWriter(isJSON: values[json])
        let source = EmbedTexts(values[texts])
        var tokens = 0
        var count = 0
        var busy = Duration.zero
        while let batch = source.next() {
            let cut: [TokenizedText] = try batch.map { text in
                guard let prompt = values[promptName] else { return loaded.tokenize(text) }
                return try loaded.tokenize(text, promptName: prompt)
            }
            let began = clock.now
            guard let vectors = await group.embed(cut, model: name) else {
                throw SystemError("embed", "the execution on cores failed")
            }
            busy += clock.now - began
            progress.wipe()
            for (index, vector) in vectors.enumerated() {
                writer.write(batch[index], tokens: cut[index].ids.count, vector)
                tokens += cut[index].ids.count
            }
            count += batch.count
        }
        let rate = Int(Double(tokens) / max(busy.inSeconds, 1e-9))
        progress.finish("\(count) texts, \(tokens) tokens in \(seconds(busy)), \(rate) tokens a second")
    }

    private static func seconds(_ duration: Duration) -> String {
        let hundredths = Int((duration.inSeconds * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
    }
}

/// Vectors as they come.
private struct EmbedWriter {
    let isJSON: Bool

    mutating func write(_ text: String, tokens: Int, _ vector: [Float]) {
        if isJSON {
            let numbers = JSON.array(vector.map { .double(Double("\($0)") ?? 0) })
            print(JSON.object(["text": .string(text), "tokens": JSON(tokens), "embedding": numbers]).text())
        } else {
            print(vector.map { "\($0)" }.joined(separator: " "))
        }
        // A reader behind a pipe wants each text's as it is there.
        fflush(nil)
    }
}

/// The texts of the command line and of standard input, some at a time.
private final class EmbedTexts {
    private var words: ArraySlice<String>
    private static let batch = 16

    init(_ words: [String]) { self.words = words[...] }

    /// At most `batch` texts; nil at the end.
    func next() -> [String]? {
        var texts: [String] = []
        while texts.count < Self.batch, let word = words.first {
            guard word == "-" else {
                texts.append(word)
                words.removeFirst()
                continue
            }
            if let line = readLine() { texts.append(line) } else { words.removeFirst() }
            // Whoever types waits for what a line comes to.
            if isatty(STDIN_FILENO) == 1, !texts.isEmpty { break }
        }
        return texts.isEmpty ? nil : texts
    }
}
