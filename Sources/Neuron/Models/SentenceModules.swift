// modules.json of sentence-transformers: what a text goes through on its way to a vector, in the order of the file. Its classes
// have moved from sentence_transformers.models to other modules; their names have stayed, and are what counts here.

import JSON
import ModelErrors
import NeuronProgram

/// The directories of a sentence-transformers model's modules, checked for order and kind.
struct SentenceModules: Equatable {
    /// What comes after the pooling.
    enum Kind: String {
        case dense = "Dense"
        case normalize = "Normalize"
        case layerNorm = "LayerNorm"
        /// Does nothing when a model is used.
        case dropout = "Dropout"
    }

    /// A module after the pooling.
    struct Step: Equatable {
        let kind: Kind
        let directory: String
    }

    /// Where config.json, the vocabulary and the weights are.
    let transformer: String
    let pooling: String
    /// Whether the pooling has to have a configuration; else it may be absent and means the mean.
    let isPoolingListed: Bool
    let steps: [Step]

    /// Reads modules.json. Where there is none, tokens are averaged (or pooled as 1_Pooling says, if that is there) and the
    /// vector is scaled to length 1.
    ///
    /// - Throws: `ModelError` that names the module that cannot be obeyed.
    init(directory: String) throws(ModelError) {
        let path = directory + "/modules.json"
        guard let json = try readJSON(path) else {
            transformer = directory
            pooling = directory + "/1_Pooling"
            isPoolingListed = false
            steps = [Step(kind: .normalize, directory: directory + "/2_Normalize")]
            return
        }
        guard let list = json.array, (1...64).contains(list.count) else {
            throw ModelError(path, "is no list of modules", "download the file again")
        }
        var modules: [(name: String, directory: String, subject: String)] = []
        for (index, entry) in list.enumerated() {
            let module = try ModelSettings(entry, subject: "\(path) module \(index)")
            try module.requireKnown(["idx", "name", "path", "type", "kwargs"])
            try module.requireEmpty(["kwargs"])
            guard let type = try module.string("type"), type.hasPrefix("sentence_transformers.") else {
                throw module.refusal(of: "type", "use a model of sentence-transformers' own modules")
            }
            modules.append(
                (
                    String(type.split(separator: ".").last ?? ""), try Self.place(module, in: directory),
                    "\(module.subject) key type"
                ))
        }
        func refusal(_ index: Int, _ mend: String) -> ModelError {
            ModelError(modules[index].subject, "is a \(modules[index].name)", mend)
        }
        guard modules[0].name == "Transformer" else {
            throw refusal(0, "use a model that begins with a Transformer")
        }
        if modules.count == 1 {
            // As a CrossEncoder is saved: the model has a head of its own, which its config.json names.
            guard try EncoderTask(directory: modules[0].directory) != .embedding else {
                throw ModelError(path, "has no Pooling", "use a model that makes one vector of a text")
            }
            transformer = modules[0].directory
            pooling = modules[0].directory + "/1_Pooling"
            isPoolingListed = false
            self.steps = []
            return
        }
        guard modules[1].name == "Pooling" else {
            throw refusal(1, "use a model whose second module is a Pooling")
        }
        var steps: [Step] = []
        for index in modules.indices.dropFirst(2) {
            guard let kind = Kind(rawValue: modules[index].name) else {
                throw refusal(index, "use a model with Dense, LayerNorm, Dropout or Normalize there")
            }
            steps.append(Step(kind: kind, directory: modules[index].directory))
        }
        transformer = modules[0].directory
        pooling = modules[1].directory
        isPoolingListed = true
        self.steps = steps
    }

    /// A module's directory: below the model's, whatever the file says.
    private static func place(_ module: ModelSettings, in directory: String) throws(ModelError) -> String {
        let path = try module.string("path") ?? ""
        guard !path.isEmpty else { return directory }
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !names.contains(where: { ["", ".", ".."].contains($0) }), !path.utf8.contains(0) else {
            throw module.refusal(of: "path", "name a directory below the model's")
        }
        return directory + "/" + path
    }
}
