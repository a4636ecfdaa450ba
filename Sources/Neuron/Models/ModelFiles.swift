// Files of a model's directory. They come from anywhere: sizes are bounded, types are checked, and a setting that is not
// obeyed is refused with its file, its key and its value, since a plausible vector that is wrong is worse than none.

import JSON
import ModelErrors
import NeuronArtifact
import NeuronProgram
import SystemIO

/// The bytes of `path`, nil when it does not exist.
///
/// - Throws: `ModelError` when it cannot be read or is longer than `limit`.
func readFile(_ path: String, limit: Int) throws(ModelError) -> [UInt8]? {
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

/// A JSON file of at most a megabyte, nil when there is none.
func readJSON(_ path: String) throws(ModelError) -> JSON? {
    guard let bytes = try readFile(path, limit: 1 << 20) else { return nil }
    do {
        return try JSON(parsing: bytes)
    } catch {
        throw ModelError(path, "cannot be read (\(error))", "download the file again")
    }
}

/// An object of settings, in a file of its own or within one. A key that is null counts as absent, as it does for whoever wrote
/// it (Python's None).
struct ModelSettings {
    /// Where it stands, for errors: the file and the keys that lead to the object.
    let subject: String
    private let members: [String: JSON]

    /// Settings of a file; nil when there is none.
    init?(path: String) throws(ModelError) {
        guard let json = try readJSON(path) else { return nil }
        try self.init(json, subject: path)
    }

    /// Settings within a document.
    init(_ json: JSON, subject: String) throws(ModelError) {
        guard let members = json.object else {
            throw ModelError(subject, "is no JSON object", "download the file again")
        }
        self.subject = subject
        self.members = members.filter { !$0.value.isNull }
    }

    /// The keys that have a value, in order.
    var keys: [String] { members.keys.sorted() }

    /// The value of a key.
    subscript(key: String) -> JSON? { members[key] }

    /// A text.
    func string(_ key: String) throws(ModelError) -> String? { try value(key, "a text", \.string) }

    /// A truth value.
    func bool(_ key: String) throws(ModelError) -> Bool? { try value(key, "true or false", \.bool) }

    /// A number.
    func double(_ key: String) throws(ModelError) -> Double? { try value(key, "a number", \.double) }

    /// A whole number within bounds.
    func int(_ key: String, _ range: ClosedRange<Int>) throws(ModelError) -> Int? {
        guard members[key] != nil else { return nil }
        guard let value = members[key]?.int, range.contains(value) else {
            throw refusal(of: key, "give a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// An object; nil when there is none.
    func object(_ key: String) throws(ModelError) -> ModelSettings? {
        guard let json = members[key] else { return nil }
        return try ModelSettings(json, subject: "\(subject) key \(key)")
    }

    /// Whether the value of a key says nothing: absent, or an empty list, object or text.
    func isEmpty(_ key: String) -> Bool {
        switch members[key] {
        case nil, .array([]), .object([:]), .string(""): true
        default: false
        }
    }

    /// Refuses any value but these; absent is fine.
    func require(_ key: String, in allowed: [JSON], _ mend: String? = nil) throws(ModelError) {
        guard let value = members[key], !allowed.contains(value) else { return }
        let words = allowed.map { $0.text() }.joined(separator: " or ")
        throw refusal(of: key, mend ?? "use a model with \(words)")
    }

    /// Refuses anything that says something under these keys.
    func requireEmpty(_ keys: [String]) throws(ModelError) {
        for key in keys where !isEmpty(key) { throw refusal(of: key, "use a model without it") }
    }

    /// Refuses keys that are not among these.
    func requireKnown(_ known: Set<String>) throws(ModelError) {
        for key in keys where !known.contains(key) { throw refusal(of: key, "use a model without it") }
    }

    /// The error of a setting that is not obeyed.
    func refusal(of key: String, _ mend: String) -> ModelError {
        let value = members[key].map { $0.text() } ?? "missing"
        return ModelError("\(subject) key \(key)", "is \(value.prefix(120))", mend)
    }

    private func value<Value>(
        _ key: String, _ type: String, _ read: KeyPath<JSON, Value?>
    ) throws(ModelError) -> Value? {
        guard let json = members[key] else { return nil }
        guard let value = json[keyPath: read] else { throw refusal(of: key, "give \(type)") }
        return value
    }
}
