// `ganglion embed`: vectors of texts, computed at once and without a server. Where there are no NeuronCores, a fake node is
// made for the time that it takes.

import Arguments
internal import Glibc
internal import JSON
internal import ModelServer
internal import Models
internal import Neuron
internal import NeuronRuntime
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
        check: { (1...24).contains($0) ? nil : "must be a number from 1 to 24" })
    private static let promptName = Option<String?>(
        "prompt-name", placeholder: "NAME", help: "The prompt of the model's folder to put before each text")
    private static let json = Flag("json", help: "Print a JSON object a line: text, tokens, embedding")
    private static let deviceRoot = Option<String?>(
        "device-root", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where neuron0, neuron1 ... are (default /dev, and a fake node where there are none)")

    static let command = Command(
        "embed", summary: "Print the vectors of texts",
        arguments: [model, texts, cores, promptName, json, deviceRoot],
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
        let devices = try EmbedDevices(root: values[deviceRoot], cores: values[cores])
        defer { devices.remove() }
        let loaded = try ModelStore().model(at: name)
        let group = try await devices.group(cores: values[cores])
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

/// Where the cores are: those of the machine, or of a fake node that goes away in the end.
private final class EmbedDevices {
    private let root: String
    private let fake: FakeDevice?

    init(root: String?, cores: Int) throws {
        if let root {
            self.root = root
            fake = nil
            return
        }
        if Files.kind("/dev/neuron0") != nil {
            self.root = "/dev"
            fake = nil
            return
        }
        var template = Array("/tmp/ganglion-embed-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw SystemError("make a directory in", "/tmp")
        }
        let directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let made = try FakeDevice.create(
            instanceType: cores > 2 ? "inf2.48xlarge" : "inf2.xlarge", at: directory, monitorCounters: false)
        fake = made
        self.root = directory + "/dev"
    }

    func group(cores: Int) async throws -> NeuronCoreGroup {
        let runtime = try await RuntimeSelection(root: root) { name in
            if name == "NEURON_RT_NUM_CORES", getenv("NEURON_RT_VISIBLE_CORES") == nil { return "\(cores)" }
            return getenv(name).map { String(cString: $0) }
        }.open(waiting: .zero, report: { _ in }, pause: { _ in })
        return NeuronCoreGroup(runtime.split([runtime.visibleCores])[0])
    }

    func remove() { try? fake?.remove() }
}

/// A line on a terminal's standard error that is written over.
private struct StatusLine {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(_ text: String) { if isShown { write("\r\u{1b}[K\(text)") } }

    func wipe() { if isShown { write("\r\u{1b}[K") } }

    func finish(_ text: String) { if isShown { write("\r\u{1b}[K\(text)\n") } }

    private func write(_ text: String) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
