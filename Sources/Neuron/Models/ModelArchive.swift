// A model's small files come from its folder or, when it has been compiled, out of its artifact. Whoever reads them names
// a path in both cases; which it is belongs to the reading of one model, and that happens in one synchronous call.

import NeuronArtifact
import SystemIO

/// The artifact that a model is read out of.
struct ModelArchive: Sendable {
    /// Set while a compiled model is read.
    @TaskLocal static var current: ModelArchive?

    let artifact: Artifact

    /// What comes behind the artifact's path; nil for any other path.
    func name(of path: String) -> String? {
        guard path.hasPrefix(artifact.path + "/") else { return nil }
        return String(path.dropFirst(artifact.path.count + 1))
    }
}

/// The files that have been read of a folder: what an artifact needs of it.
final class ModelFileRecord: Sendable {
    /// Set while a model is read in order to be compiled.
    @TaskLocal static var current: ModelFileRecord?

    private let paths = Lock<Set<String>>([])

    /// Notes a file that has been read.
    func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// The files, in order.
    var all: [String] { paths.withLock { $0.sorted() } }
}
