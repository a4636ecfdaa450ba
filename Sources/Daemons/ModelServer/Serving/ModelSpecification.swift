// Which models a server holds: `--model NAME=URI`, or the JSON list that the operator writes into the pod's environment.

internal import JSON

/// A model by name and version.
package struct ModelSpecification: Equatable, Sendable {
    /// The name in `/predictions/NAME`: letters, digits, dots, dashes and underscores, at most 128.
    package let name: String
    /// In `/predictions/NAME/VERSION`: as the name, at most 32.
    package let version: String
    /// A directory, plain or as `file://` URI; an archive, `http(s)://`, `s3://` or `oci://`; or `identity:DATATYPE`, which
    /// gives back what it gets.
    package let uri: String
    /// Octets of a chip's memory that a copy of it may take at most; nil for what there is.
    package var memory: Int?
    /// Percent of the groups' time that it is to have while others wait as well; nil for what the others leave.
    package var utilization: Int?
    /// Texts that each group computes before the model is ready.
    package var warmup = ["warm up"]
    /// The longest sequence of a language model; nil for what it says itself.
    package var positions: Int?
    /// Sequences that a language model computes at a time; nil for the server's own.
    package var sequences: Int?

    /// - Throws: `ServerError` when the name or version cannot stand in a path.
    package init(name: String, version: String = "1", uri: String) throws(ServerError) {
        guard Self.isWord(name, limit: 128) else {
            throw ServerError(
                "the model name \"\(name.prefix(128))\" is not usable: write 1 to 128 letters, digits, dots, dashes or"
                    + " underscores")
        }
        guard Self.isWord(version, limit: 32) else {
            throw ServerError(
                "the version \"\(version.prefix(128))\" of model \"\(name)\" is not usable: write 1 to 32 letters, digits,"
                    + " dots, dashes or underscores")
        }
        guard !uri.isEmpty else {
            throw ServerError("the model \"\(name)\" has no URI: write \(name)=/DIRECTORY")
        }
        self.name = name
        self.version = version
        self.uri = uri
    }

    /// What tells it from all others in the server.
    var key: String { name + "/" + version }

    private static func isWord(_ text: String, limit: Int) -> Bool {
        let allowed = text.utf8.allSatisfy { byte in
            48...57 ~= byte || 65...90 ~= byte || 97...122 ~= byte || [45, 46, 95].contains(byte)
        }
        return allowed && 1...limit ~= text.utf8.count && text != "." && text != ".."
    }

    /// Reads `NAME=URI`.
    package init(argument: String) throws(ServerError) {
        guard let equals = argument.firstIndex(of: "=") else {
            throw ServerError("--model \(argument) has no name: write NAME=\(argument)")
        }
        try self.init(
            name: String(argument[..<equals]), uri: String(argument[argument.index(after: equals)...]))
    }

    /// The same model at another place.
    func located(at uri: String) throws(ServerError) -> Self {
        var model = try Self(name: name, version: version, uri: uri)
        model.memory = memory
        model.utilization = utilization
        model.warmup = warmup
        return model
    }

    /// Reads `memory`, a quantity such as `2Gi`, `utilization`, a percentage, and `warmup`, a list of texts.
    private mutating func readLimits(_ entry: JSON) throws(ServerError) {
        if let value = entry["memory"], !value.isNull {
            guard let octets = value.int ?? value.string.flatMap(OctetCount.parse), octets > 0 else {
                throw ServerError(
                    "the memory of model \"\(name)\" is \(value.text()): write octets, such as 2Gi")
            }
            memory = octets
        }
        if let value = entry["utilization"], !value.isNull {
            guard let percent = value.int, 1...100 ~= percent else {
                throw ServerError(
                    "the utilization of model \"\(name)\" is \(value.text()): write percent, from 1 to 100")
            }
            utilization = percent
        }
        if let value = entry["warmup"], !value.isNull {
            let texts = (value.array ?? []).compactMap(\.string)
            guard let list = value.array, texts.count == list.count, texts.count <= 64 else {
                throw ServerError("the warmup of model \"\(name)\" is no list of at most 64 texts")
            }
            if !texts.isEmpty { warmup = texts }
        }
    }

    /// The models of a server: those of the command line, else those of `GANGLION_MODELS`, a JSON list of objects with
    /// `name`, `uri` and perhaps `version`.
    ///
    /// - Throws: `ServerError` when there is none, one is not usable, or two have one name and version.
    package static func list(arguments: [String], environment: String?) throws(ServerError) -> [Self] {
        var models: [Self] = []
        if arguments.isEmpty, let environment, !environment.isEmpty {
            guard let list = try? JSON(parsing: environment).array else {
                throw ServerError(
                    "GANGLION_MODELS is no JSON list: write [{\"name\":\"NAME\",\"uri\":\"/DIRECTORY\"}]")
            }
            for entry in list {
                guard let name = entry["name"]?.string, let uri = entry["uri"]?.string else {
                    throw ServerError(
                        "GANGLION_MODELS holds \(entry.text()), which lacks a name or uri: write"
                            + " {\"name\":\"NAME\",\"uri\":\"/DIRECTORY\"}")
                }
                var model = try Self(name: name, version: entry["version"]?.string ?? "1", uri: uri)
                try model.readLimits(entry)
                models.append(model)
            }
        } else {
            for argument in arguments { models.append(try Self(argument: argument)) }
        }
        guard !models.isEmpty else {
            throw ServerError(
                "there is no model to serve: give --model NAME=/DIRECTORY or set GANGLION_MODELS")
        }
        let need = models.reduce(0) { $0 + ($1.utilization ?? 0) }
        guard need <= 100 else {
            throw ServerError(
                "the models need \(need) percent of a group's time together: serve some of them by another server"
            )
        }
        for (index, model) in models.enumerated()
        where models[..<index].contains(where: { $0.key == model.key }) {
            throw ServerError("two models are called \"\(model.name)\": give each a name of its own")
        }
        return models
    }
}
