// A model as it lies on disk: configuration, vocabulary, weights. Groups of one process that use the same file share
// its weights in host memory, while every group's device memory counts them: that is what separate chips would hold.

import Glibc
import SystemIO

/// A text cut into ids that the model's tables have rows for.
package struct TokenizedText: Sendable {
    /// From [CLS] to [SEP].
    package let ids: [Int32]
}

/// A BERT-family model that turns a text into a vector of length 1.
package final class EmbeddingModel: Sendable {
    /// Where it came from.
    package let directory: String
    /// Its sizes.
    package let configuration: ModelConfiguration

    private let tokenizer: WordPieceTokenizer
    private let file: SafeTensors
    /// Cut weights by degree.
    private let weights = Lock<[Int: ModelWeights]>([:])

    /// Reads everything but the weights, of which it checks the header.
    ///
    /// - Parameter directory: has `config.json`, `vocab.txt` and `model.safetensors`.
    /// - Throws: `ModelError` that names the file, the value and the mend.
    package init(directory: String) throws(ModelError) {
        let configuration = try ModelConfiguration(directory: directory)
        let path = directory + "/vocab.txt"
        guard let vocabulary = try readFile(path, limit: 64 << 20) else {
            throw ModelError(path, "is missing", "name the directory of a BERT model")
        }
        tokenizer = try WordPieceTokenizer(
            vocabulary: vocabulary, subject: path, lowercase: configuration.lowercase)
        guard tokenizer.vocabularyCount <= configuration.vocabularySize else {
            throw ModelError(
                path,
                "has \(tokenizer.vocabularyCount) tokens, where config.json says \(configuration.vocabularySize)",
                "use the vocab.txt that belongs to the model")
        }
        file = try SafeTensors(path: directory + "/model.safetensors")
        self.directory = directory
        self.configuration = configuration
    }

    /// Cuts a text into ids; what is beyond `configuration.maximumTokens` is left out.
    package func tokenize(_ text: String) -> TokenizedText {
        TokenizedText(ids: tokenizer.encode(text, limit: configuration.maximumTokens))
    }

    /// The weights cut for `degree` cores, read at the first call.
    func weights(degree: Int) throws(ModelError) -> ModelWeights {
        try weights.withLock { (loaded: inout [Int: ModelWeights]) throws(ModelError) in
            if let weights = loaded[degree] { return weights }
            let weights = try ModelWeights(file, configuration: configuration, degree: degree)
            loaded[degree] = weights
            return weights
        }
    }
}

/// The models of a process, each read once, however many names it has.
package final class ModelStore: Sendable {
    private struct Key: Hashable {
        let device: UInt
        let inode: UInt
        let size: Int
        let modified: Int
    }

    private let models = Lock<[Key: EmbeddingModel]>([:])

    /// An empty store.
    package init() {}

    /// The model at a path: a directory or the `model.safetensors` in it, plain or as `file://` URI.
    ///
    /// - Throws: `ModelError` that names what is missing or wrong.
    package func model(at uri: String) throws(ModelError) -> EmbeddingModel {
        let directory = try Self.directory(of: uri)
        let path = directory + "/model.safetensors"
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw ModelError(
                path, "cannot be opened (\(errnoText()))", "check the model's path and its rights")
        }
        let key = Key(
            device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
            modified: status.st_mtim.tv_sec)
        return try models.withLock { (models: inout [Key: EmbeddingModel]) throws(ModelError) in
            if let model = models[key] { return model }
            let model = try EmbeddingModel(directory: directory)
            models[key] = model
            return model
        }
    }

    static func directory(of uri: String) throws(ModelError) -> String {
        var path = uri
        if uri.hasPrefix("file://") {
            path = String(uri.dropFirst("file://".count))
        } else if let scheme = uri.firstRange(of: "://") {
            throw ModelError(
                "model URI \(uri)", "has the scheme \(uri[..<scheme.lowerBound])",
                "download the model and name its directory, plain or as file://")
        }
        guard path.hasPrefix("/") || !uri.hasPrefix("file://"), !path.isEmpty else {
            throw ModelError("model URI \(uri)", "has no absolute path", "write file:///DIRECTORY")
        }
        if path.hasSuffix("/model.safetensors") { path.removeLast("/model.safetensors".count) }
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
