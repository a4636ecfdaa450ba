// Which models a server holds: `--model NAME=URI`, or the JSON list that the operator writes into the pod's environment.

internal import JSON

/// A model by name.
package struct ModelSpecification: Equatable, Sendable {
    /// The name in `/predictions/NAME`: letters, digits, dots, dashes and underscores, at most 128.
    package let name: String
    /// A directory, plain or as `file://` URI.
    package let uri: String

    /// - Throws: `ServerError` when the name cannot stand in a path.
    package init(name: String, uri: String) throws(ServerError) {
        let allowed = name.utf8.allSatisfy { byte in
            48...57 ~= byte || 65...90 ~= byte || 97...122 ~= byte || [45, 46, 95].contains(byte)
        }
        guard allowed, 1...128 ~= name.utf8.count, name != ".", name != ".." else {
            throw ServerError(
                "the model name \"\(name)\" is not usable: write 1 to 128 letters, digits, dots, dashes or underscores"
            )
        }
        guard !uri.isEmpty else {
            throw ServerError("the model \"\(name)\" has no URI: write \(name)=/DIRECTORY")
        }
        self.name = name
        self.uri = uri
    }

    /// Reads `NAME=URI`.
    package init(argument: String) throws(ServerError) {
        guard let equals = argument.firstIndex(of: "=") else {
            throw ServerError("--model \(argument) has no name: write NAME=\(argument)")
        }
        try self.init(
            name: String(argument[..<equals]), uri: String(argument[argument.index(after: equals)...]))
    }

    /// The models of a server: those of the command line, else those of `GANGLION_MODELS`, a JSON list of objects with
    /// `name` and `uri`.
    ///
    /// - Throws: `ServerError` when there is none, one is not usable, or two have one name.
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
                models.append(try Self(name: name, uri: uri))
            }
        } else {
            for argument in arguments { models.append(try Self(argument: argument)) }
        }
        guard !models.isEmpty else {
            throw ServerError(
                "there is no model to serve: give --model NAME=/DIRECTORY or set GANGLION_MODELS")
        }
        for (index, model) in models.enumerated()
        where models[..<index].contains(where: { $0.name == model.name }) {
            throw ServerError("two models are called \"\(model.name)\": give each a name of its own")
        }
        return models
    }
}
