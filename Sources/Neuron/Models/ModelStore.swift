// The models of a process. A directory is read once, however many names it has; a file of weights is read once, however many
// directories have it by a link. Nothing else is shared: two directories with the same weights may cut texts otherwise, or pool
// them otherwise.

import CLinux
import Glibc
package import ModelErrors
import NeuronArtifact
import NeuronProgram
import SystemIO

/// The models of a process.
package final class ModelStore: Sendable {
    private let models = Lock<[String: EmbeddingModel]>([:])
    private let weights = WeightsStore()

    /// An empty store.
    package init() {}

    /// The model at a path: a directory, the `model.safetensors` in it, or an artifact, plain or as `file://` URI.
    ///
    /// - Throws: `ModelError` that names what is missing or wrong.
    package func model(at uri: String) throws(ModelError) -> EmbeddingModel {
        let directory = try Self.directory(of: uri)
        let place = Self.realPath(directory) ?? directory
        return try models.withLock { (models: inout [String: EmbeddingModel]) throws(ModelError) in
            if let model = models[place] { return model }
            let model = try open(directory)
            models[place] = model
            return model
        }
    }

    /// A file is a compiled model, a directory is one to be compiled.
    private func open(_ path: String) throws(ModelError) -> EmbeddingModel {
        guard Artifact.isArtifact(path) else {
            return try EmbeddingModel(directory: path, weights: weights)
        }
        let artifact: Artifact
        do throws(ArtifactError) {
            artifact = try Artifact(path: path)
        } catch {
            throw ModelError(error.path, error.problem, error.mend)
        }
        return try EmbeddingModel.compiled(artifact)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
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

/// Files of weights by what they are, not by what they are called.
final class WeightsStore: Sendable {
    private struct Key: Hashable {
        let device: UInt
        let inode: UInt
        let size: Int
        let modified: Int
        let modifiedNanoseconds: Int

        /// nil for a file that is not there.
        init?(path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
            size = Int(status.st_size)
            modified = status.st_mtim.tv_sec
            modifiedNanoseconds = status.st_mtim.tv_nsec
        }
    }

    private let files = Lock<[[Key]: WeightsFile]>([:])

    /// The weights of a transformer's directory.
    ///
    /// - Throws: `ModelError` when they cannot be opened or have no valid header.
    func file(at directory: String) throws(ModelError) -> WeightsFile {
        let paths = try TensorFiles.paths(directory: directory) ?? []
        let key = paths.compactMap(Key.init(path:))
        guard !key.isEmpty, key.count == paths.count else {
            // Says what is wrong.
            return WeightsFile(try TensorFiles(directory: directory))
        }
        return try files.withLock { (files: inout [[Key]: WeightsFile]) throws(ModelError) in
            if let file = files[key] { return file }
            let file = WeightsFile(try TensorFiles(directory: directory))
            files[key] = file
            return file
        }
    }
}

/// Files of weights and what has been cut of them.
final class WeightsFile: Sendable {
    private struct Key: Hashable {
        let family: EncoderFamily
        let configuration: ModelConfiguration
        let degree: Int
    }

    let tensors: TensorFiles
    private let loaded = Lock<[Key: ModelWeights]>([:])

    init(_ tensors: TensorFiles) { self.tensors = tensors }

    /// The weights cut for `degree` cores, read at the first call.
    func weights(
        _ family: EncoderFamily, _ configuration: ModelConfiguration, degree: Int
    ) throws(ModelError) -> ModelWeights {
        let key = Key(family: family, configuration: configuration, degree: degree)
        return try loaded.withLock { (loaded: inout [Key: ModelWeights]) throws(ModelError) in
            if let weights = loaded[key] { return weights }
            let weights = try ModelWeights(tensors, family, configuration: configuration, degree: degree)
            loaded[key] = weights
            return weights
        }
    }
}
