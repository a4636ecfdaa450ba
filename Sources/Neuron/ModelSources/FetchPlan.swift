// What a model consists of where it is, before any of it is fetched: enough to know whether the cache has it, and whether there
// is room for it.

internal import Digests
internal import NeuronArtifact
internal import SystemIO

/// What is to be fetched.
struct FetchPlan: Sendable {
    /// What is in an archive.
    enum Content: Equatable, Sendable {
        case tar
        case gzip
        /// A file of this name, as it is.
        case file(String)
    }

    /// A file to be unpacked.
    struct Archive: Equatable, Sendable {
        /// Its path among the files, or on this machine.
        var file: String
        var content: Content
        var isLocal = false
    }

    /// Says what the folder will have, and whose word that is.
    var key: String
    var files: [RemoteFile]
    /// What is unpacked of them, in this order; none where the files are the model.
    var archives: [Archive] = []
    /// Whether the archives are layers of an image.
    var isImage = false
    /// The file that is the whole model; nil where that is a folder.
    var single: String?

    /// Octets as they come.
    var size: Int { files.reduce(0) { $0 + ($1.size ?? 0) } }

    /// The key of what is described by these lines.
    static func key(_ lines: [String]) -> String {
        // Each with its length: no two lists read the same.
        MessageDigest.of(lines.map { "\($0.utf8.count):\($0)\n" }.joined().utf8).hexadecimal
    }

    /// Where the model is in its folder of the cache: an archive may have it in a folder of its own, an image in `/models`.
    func root(in folder: String, _ uri: String) throws(ModelSourceError) -> String {
        if let single { return "\(folder)/\(single)" }
        var path = archives.isEmpty ? folder : "\(folder)/content"
        // As KServe's images have it.
        if isImage, Files.kind(path + "/models") == .directory { path += "/models" }
        do throws(SystemError) {
            for _ in 0..<4 {
                let names = try Files.list(path).filter { !$0.hasPrefix("._") && $0 != "__MACOSX" }
                guard names.count == 1 else { break }
                let only = "\(path)/\(names[0])"
                if Files.kind(only) == .file { return Self.isWholeModel(only) ? only : path }
                guard Files.kind(only) == .directory, !archives.isEmpty else { break }
                path = only
            }
        } catch {
            throw ModelSourceError(uri, error)
        }
        return path
    }

    /// Whether a file is a model by itself: weights in GGUF, or what was compiled.
    static func isWholeModel(_ path: String) -> Bool {
        path.hasSuffix(".gguf") || Artifact.isArtifact(path)
    }
}
