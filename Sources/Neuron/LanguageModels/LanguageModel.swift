// A language model as somebody has it: a GGUF file, or a folder as Hugging Face saves it. Opening it reads what it says of
// itself and its tokenizer; its weights are read when it is made a program for some cores.

package import ChatTemplates
internal import GGUF
internal import Glibc
internal import KernelTemplates
package import ModelErrors
package import NeuronArtifact
internal import NeuronKernels
package import NeuronProgram
internal import SystemIO
package import Tokenizers

/// A message of a conversation.
package struct ConversationMessage: Hashable, Sendable {
    /// `system`, `user`, `assistant` or what else the template knows.
    package var role: String
    /// What is said.
    package var content: String
    /// Who says it, where several have the same role; nil for nobody.
    package var name: String?

    /// All members.
    package init(role: String, content: String, name: String? = nil) {
        self.role = role
        self.content = content
        self.name = name
    }
}

/// How a model is made a program.
package struct ProgramOptions: Sendable {
    /// Cores of one copy.
    package var cores = 1
    /// How matrices are kept.
    package var precision = MatrixPrecision.stored
    /// New tokens of an execution: prompts are computed in parts of so many.
    package var tokens = 512
    /// Sequences of an execution.
    package var sequences = 8
    /// The longest sequence (`n_positions`); nil for what the model says.
    package var positions: Int?
    /// Whose layout matrices are packed in; nil for this CPU's fastest.
    var kernels: (any Kernels)?

    /// Packs for a CPU by its name, one of `ModelCompiler.cpus`; the fastest for one that is not known.
    package mutating func setCPU(_ name: String) { kernels = KernelVariant(rawValue: name)?.kernels }

    /// One core, in the file's precision.
    package init() {}
}

/// A model that writes text.
package final class LanguageModel: Sendable {
    /// What it is called: its file or folder without what is before and behind.
    package let name: String
    /// Where it is.
    package let path: String
    /// Its sizes.
    package let configuration: DecoderConfiguration
    /// Texts as numbers and back.
    package let tokenizer: LanguageTokenizer
    /// How it wants conversations written; nil for a model that has only been trained to go on with texts.
    package let template: ChatTemplate?

    let source: DecoderSource

    /// Opens a model.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    package init(path: String) throws(ModelError) {
        source = try DecoderSource(path: path)
        self.path = path
        configuration = source.configuration
        tokenizer = try source.tokenizer(path: path)
        name = Self.name(of: path)
        template = try Self.template(tokenizer.chatTemplate, path: path)
        let words = configuration.vocabularySize
        guard tokenizer.tokenizer.vocabularyCount <= words else {
            throw ModelError(
                path, "has \(tokenizer.tokenizer.vocabularyCount) tokens and \(words) rows for them",
                "convert the model anew")
        }
    }

    /// The language model that a URI leads to, plain or as `file://`: a GGUF file, a folder, or an artifact of one of them.
    ///
    /// - Returns: nil where there is none, or something else.
    package static func path(of uri: String) -> String? {
        var path = uri.hasPrefix("file://") ? String(uri.dropFirst(7)) : uri
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        switch Files.kind(path, following: true) {
        case .directory: return FolderModel.isOne(path) ? path : nil
        case .file:
            if Artifact.isArtifact(path) {
                guard let artifact = try? Artifact(path: path, verifies: false),
                    (try? ProgramDescription.kind(artifact)) == .decoder
                else { return nil }
                return path
            }
            let start = try? Files.readStart(path, count: GGUFFile.magic.count)
            return start == GGUFFile.magic ? path : nil
        default: return nil
        }
    }

    private static func name(of path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        return last.hasSuffix(".gguf") ? String(last.dropLast(5)) : last
    }

    private static func template(_ text: String?, path: String) throws(ModelError) -> ChatTemplate? {
        guard let text else { return nil }
        do throws(ChatTemplateError) {
            return try ChatTemplate(text)
        } catch {
            throw ModelError("\(path): chat template", "cannot be read: \(error)", "take another model")
        }
    }

    /// Cuts and packs the weights. Takes a while.
    ///
    /// - Parameter progress: gets how many layers of how many are done.
    /// - Throws: `ModelError` when weights are missing or wrong, or so many cores cannot share them.
    package func program(
        _ options: ProgramOptions, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(ModelError) -> any CompiledProgram {
        if case .artifact(let artifact, let program) = source {
            guard options.cores == program.cores else {
                throw ModelError(
                    path, "was compiled for \(program.cores) cores, and its group has \(options.cores)",
                    "set the tensor parallel degree to \(program.cores), or compile with --cores \(options.cores)"
                )
            }
            guard options.positions == nil || options.positions == configuration.positionCount,
                options.precision == .stored
            else {
                throw ModelError(
                    path,
                    "was compiled for sequences of \(configuration.positionCount) tokens in its own precision",
                    "compile it again with what is asked for")
            }
            return artifact
        }
        let sizes = try sizes(options)
        let weights = try source.weights(sizes, options) { progress($0, sizes.layerCount) }
        return MemoryProgram(
            weights, tokens: max(options.tokens, options.sequences), sequences: options.sequences, path: path)
    }

    /// The sizes with the longest sequence that is asked for.
    ///
    /// - Throws: `ModelError` when the model does not take one so long.
    func sizes(_ options: ProgramOptions) throws(ModelError) -> DecoderConfiguration {
        var sizes = configuration
        if let positions = options.positions {
            guard (1...sizes.positionCount).contains(positions) else {
                throw ModelError(
                    path,
                    "takes sequences of \(sizes.positionCount) tokens, where \(positions) are asked for",
                    "ask for 1 to \(sizes.positionCount)")
            }
            sizes.positionCount = positions
        }
        return sizes
    }

    // MARK: Prompts

    /// The tokens of a text to go on with.
    package func prompt(_ text: String) -> [Int32] { tokenizer.encode(text) }

    /// The tokens of a conversation, up to where the model's answer begins.
    ///
    /// - Throws: `ModelError` for a model without a template, and what the template says to such a conversation.
    package func prompt(_ messages: [ConversationMessage]) throws(ModelError) -> [Int32] {
        guard let template else {
            throw ModelError(
                path, "has no chat template", "give it a text to go on with, or take a model made for chat")
        }
        var variables: [String: TemplateValue] = [
            "messages": .list(
                messages.map { message in
                    var dict = TemplateDict()
                    dict["role"] = .string(message.role)
                    dict["content"] = .string(message.content)
                    if let name = message.name { dict["name"] = .string(name) }
                    return .dict(dict)
                }),
            "add_generation_prompt": .bool(true),
            // Without these a template's "tools is not none" would be true.
            "tools": .none, "documents": .none,
        ]
        if let names = tokenizer.names {
            for (name, token) in names { variables[name] = .string(token) }
        } else {
            variables["bos_token"] = .string(text(of: tokenizer.begin))
            variables["eos_token"] = .string(text(of: tokenizer.ends.first))
        }
        let text: String
        do throws(ChatTemplateError) {
            text = try template.text(variables, clock: Self.clock)
        } catch {
            throw ModelError(
                "\(path): chat template", "does not take this conversation: \(error)",
                "send messages as the model's documentation has them")
        }
        // The template has written the marks itself.
        return tokenizer.tokenizer.encode(text)
    }

    /// What a token stands for.
    package func octets(of token: Int32) -> [UInt8] { Array(tokenizer.tokenizer.octets(of: token)) }

    private func text(of token: Int32?) -> String {
        token.map { String(decoding: tokenizer.tokenizer.octets(of: $0), as: UTF8.self) } ?? ""
    }

    /// The time of day in a format of strftime.
    private static func clock(_ format: String) -> String {
        var now = time(nil)
        var parts = tm()
        guard format.utf8.count <= 256, localtime_r(&now, &parts) != nil else { return "" }
        var octets = [CChar](repeating: 0, count: 1_024)
        let count = strftime(&octets, octets.count, format, &parts)
        return String(decoding: octets.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
