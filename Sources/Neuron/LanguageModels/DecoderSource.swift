// What a language model is made of, wherever it lies: a GGUF file, a folder, or an artifact that has been made of one of them.

import GGUF
import ModelErrors
import Models
import NeuronArtifact
import NeuronProgram
import SystemIO
import Tokenizers

/// Where a language model's parts are.
enum DecoderSource: Sendable {
    case gguf(GGUFFile, DecoderConfiguration, frequencies: [Float]?)
    case folder(TensorFiles, DecoderNames, DecoderConfiguration, frequencies: [Float]?)
    case artifact(Artifact, DecoderProgram)

    /// The section of an artifact that has the keys of the GGUF file that it was made of.
    static let keysSection = "files/model.gguf"

    /// Opens what a path leads to.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    init(path: String) throws(ModelError) {
        if Artifact.isArtifact(path) {
            let artifact: Artifact
            do throws(ArtifactError) {
                artifact = try Artifact(path: path)
            } catch {
                throw ModelError(error.path, error.problem, error.mend)
            }
            self = .artifact(artifact, try DecoderProgram(artifact))
        } else if Files.kind(path, following: true) == .directory {
            let model = try FolderModel(directory: path)
            self = .folder(
                model.tensors, model.names, model.configuration, frequencies: model.frequencies)
        } else {
            let model = try GGUFModel(try GGUFFile(path: path))
            self = .gguf(model.file, model.configuration, frequencies: model.frequencies)
        }
    }

    var configuration: DecoderConfiguration {
        switch self {
        case .gguf(_, let configuration, _), .folder(_, _, let configuration, _): configuration
        case .artifact(_, let program): program.configuration
        }
    }

    /// Its tokenizer.
    ///
    /// - Throws: `ModelError` that names the file, the key and the value.
    func tokenizer(path: String) throws(ModelError) -> LanguageTokenizer {
        switch self {
        case .gguf(let file, _, _): return try LanguageTokenizer(file)
        case .folder: return try LanguageTokenizer(directory: path)
        case .artifact(let artifact, _):
            if let range = artifact.range(Self.keysSection) {
                return try LanguageTokenizer(try GGUFFile(path: path, at: range))
            }
            return try ModelArchive.reading(artifact) { () throws(ModelError) in
                try LanguageTokenizer(directory: path)
            }
        }
    }

    /// Cuts and packs the weights.
    ///
    /// - Throws: `ModelError` when weights are missing or wrong, or so many cores cannot share them.
    func weights(
        _ sizes: DecoderConfiguration, _ options: ProgramOptions, progress: (_ done: Int) -> Void
    ) throws(ModelError) -> DecoderWeights {
        func packer(
            _ tensors: any DecoderTensors, _ names: DecoderNames
        ) throws(ModelError) -> DecoderPacker {
            guard let kernels = options.kernels else {
                return try DecoderPacker(
                    tensors, names, sizes, degree: options.cores, precision: options.precision)
            }
            return try DecoderPacker(
                tensors, names, sizes, degree: options.cores, precision: options.precision, kernels: kernels)
        }
        switch self {
        case .gguf(let file, _, let frequencies):
            return try packer(file, .gguf).weights(
                frequencies: frequencies, ignored: { $0 == "rope_freqs.weight" }, progress: progress)
        case .folder(let files, let names, _, let frequencies):
            return try packer(files, names).weights(
                frequencies: frequencies,
                ignored: { FolderModel.isIgnored($0, isTied: sizes.isTied) }, progress: progress)
        case .artifact(_, let program): return try program.weights()
        }
    }
}
