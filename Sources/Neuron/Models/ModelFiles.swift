// Files of a model's directory. They come from anywhere: sizes are bounded, types are checked, and a setting that is not
// obeyed is refused with its file, its key and its value, since a plausible vector that is wrong is worse than none.

import JSON
package import ModelErrors
import NeuronArtifact
import NeuronProgram
import SystemIO

/// The bytes of `path`, nil when it does not exist.
///
/// - Throws: `ModelError` when it cannot be read or is longer than `limit`.
package func readFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8]? {
    if let archive = ModelArchive.current, let name = archive.name(of: path) {
        guard let octets = archive.artifact.section("files/" + name) else { return nil }
        guard octets.count <= limit else {
            throw ModelError(path, "has \(octets.count) octets, above \(limit)", "compile the model again")
        }
        return Array(octets)
    }
    guard try isPresent(path) else { return nil }
    ModelFileRecord.current?.add(path)
    // Reading a pipe would wait for whoever writes to it.
    guard Files.kind(path, following: true) == .file else {
        throw ModelError(path, "is not a regular file", "use the readable files of a BERT model")
    }
    do {
        return try Files.read(path, limit: limit)
    } catch {
        throw ModelError(path, "is no use (\(error))", "use the readable files of a BERT model")
    }
}

/// Whether a model has this file.
///
/// - Throws: `ModelError` for a link that leads to nothing: the folder was copied in part, and what an absent file means would
///   be read out of it.
func isPresent(_ path: String) throws(ModelError) -> Bool {
    if let archive = ModelArchive.current, let name = archive.name(of: path) {
        return archive.artifact.range("files/" + name) != nil
    }
    guard let kind = Files.kind(path) else { return false }
    guard kind != .symbolicLink || Files.kind(path, following: true) != nil else {
        throw ModelError(
            path, "is a link that leads to nothing", "copy the model with what its links lead to (cp -L)")
    }
    return true
}

/// Refuses a folder whose weights are to be changed by an adapter beside them, which libraries load without being told.
///
/// - Throws: `ModelError` that names the adapter's file.
package func refuseAdapter(directory: String) throws(ModelError) {
    let path = directory + "/adapter_config.json"
    guard try isPresent(path) else { return }
    throw ModelError(
        path, "says that the weights are changed by an adapter, which is not computed",
        "merge it into the model (merge_and_unload of peft) and save that")
}

/// A JSON file of at most a megabyte, nil when there is none.
func readJSON(_ path: String) throws(ModelError) -> JSON? {
    guard let bytes = try readFile(path, limit: 1 << 20) else { return nil }
    do {
        return try JSON(parsing: bytes)
    } catch {
        throw ModelError(path, "cannot be read (\(error))", "download the file again")
    }
}

extension ModelSettings {
    /// Settings of a file; nil when there is none.
    ///
    /// - Throws: `ModelError` for a file that is no JSON object.
    package init?(path: String) throws(ModelError) {
        guard let json = try readJSON(path) else { return nil }
        try self.init(json, subject: path)
    }
}
