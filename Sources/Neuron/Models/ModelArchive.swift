// A model's small files come from its folder or, when it has been compiled, out of its artifact. Whoever reads them names
// a path in both cases; which it is belongs to the reading of one model, and that happens in one synchronous call.

package import ModelErrors
package import NeuronArtifact
import SystemIO

/// The artifact that a model is read out of.
package struct ModelArchive: Sendable {
    /// Set while a compiled model is read.
    @TaskLocal static var current: ModelArchive?

    let artifact: Artifact

    /// What comes behind the artifact's path; nil for any other path.
    func name(of path: String) -> String? {
        guard path.hasPrefix(artifact.path + "/") else { return nil }
        return String(path.dropFirst(artifact.path.count + 1))
    }
}

extension ModelArchive {
    /// Reads a model with its small files out of an artifact: a path that begins with the artifact's leads into it.
    ///
    /// - Throws: what `body` throws.
    package static func reading<Value>(
        _ artifact: Artifact, _ body: () throws(ModelError) -> Value
    ) throws(ModelError) -> Value {
        let result = $current.withValue(ModelArchive(artifact: artifact)) {
            Result { () throws(ModelError) in try body() }
        }
        return try result.get()
    }
}

/// The files that have been read of a folder: what an artifact needs of it.
package final class ModelFileRecord: Sendable {
    /// Set while a model is read in order to be compiled.
    @TaskLocal package static var current: ModelFileRecord?

    private let paths = Lock<Set<String>>([])

    /// Nothing yet.
    package init() {}

    /// Notes a file that has been read.
    func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// The files, in order.
    package var all: [String] { paths.withLock { $0.sorted() } }
}

/// The tensors that have been read for a head: an artifact has no other copy of them.
final class HeadRecord: Sendable {
    /// Set while a model is read in order to be compiled.
    @TaskLocal static var current: HeadRecord?

    private let tensors = Lock<[String: [Float]]>([:])

    /// Notes a tensor that has been read.
    func add(_ name: String, _ floats: [Float]) { tensors.withLock { $0[name] = floats } }

    /// The tensors, in order of their names.
    var all: [(name: String, floats: [Float])] {
        tensors.withLock { $0.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }
}
