// A folder as sentence-transformers saves a model, with modules of the test's choice.

import Glibc
import JSON
import SystemIO
import TestSupport

@testable import Models

/// A folder that goes away with the object.
final class ModelFolder: Sendable {
    /// A module after the Transformer.
    enum Module: Sendable {
        case pooling(JSON, Int = 48)
        case normalize
        /// Width in, width out, and the activation's name.
        case dense(Int, Int, String?, bias: Bool = true)
        case layerNorm(Int)

        var name: String {
            switch self {
            case .pooling: "sentence_transformers.sentence_transformer.modules.pooling.Pooling"
            case .normalize: "sentence_transformers.models.Normalize"
            case .dense: "sentence_transformers.base.modules.dense.Dense"
            case .layerNorm: "sentence_transformers.models.LayerNorm"
            }
        }
    }

    private let directory: TemporaryDirectory
    var path: String { directory.path }

    /// A synthetic model, or the files of another one by links, with a modules.json.
    init(_ modules: [Module], linking original: String? = nil) throws {
        directory = try TemporaryDirectory()
        if let original {
            for name in ["config.json", "vocab.txt", "model.safetensors"] {
                guard symlink("\(original)/\(name)", "\(directory.path)/\(name)") == 0 else {
                    throw SystemError("link", name)
                }
            }
            try write("sentence_bert_config.json", ["max_seq_length": 256, "do_lower_case": false])
        } else {
            try SyntheticModel.write(to: directory.path)
        }
        var list: [JSON] = [
            ["idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"]
        ]
        for (index, module) in modules.enumerated() {
            let place = "\(index + 1)_Module"
            list.append([
                "idx": JSON(index + 1), "name": .string("\(index + 1)"), "path": .string(place),
                "type": .string(module.name),
            ])
            try write(module, to: place, seed: UInt64(index + 1))
        }
        try write("modules.json", .array(list))
    }

    private func write(_ module: Module, to place: String, seed: UInt64) throws {
        var writer = TensorWriter(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        switch module {
        case .normalize: break
        case .pooling(let modes, let width):
            try write(
                place + "/config.json",
                ["embedding_dimension": JSON(width), "pooling_mode": modes, "include_prompt": true])
        case .dense(let input, let output, let activation, let bias):
            var config: JSON = [
                "in_features": JSON(input), "out_features": JSON(output), "bias": .bool(bias),
            ]
            config["activation_function"] = activation.map(JSON.string)
            try write(place + "/config.json", config)
            writer.addDense("linear", from: input, to: output)
            try Files.write("\(path)/\(place)/model.safetensors", writer.file())
        case .layerNorm(let width):
            try write(place + "/config.json", ["dimension": JSON(width)])
            writer.addNorm("norm", width)
            try Files.write("\(path)/\(place)/model.safetensors", writer.file())
        }
    }

    /// Writes a file, whose directory is made if it is not there.
    func write(_ name: String, _ json: JSON) throws { try write(name, json.serialized()) }

    /// Writes a file, whose directory is made if it is not there.
    func write(_ name: String, _ octets: [UInt8]) throws {
        let parent = name.split(separator: "/").dropLast().joined(separator: "/")
        if !parent.isEmpty { try Files.makeDirectory(path + "/" + parent) }
        try Files.write(path + "/" + name, octets)
    }

    /// Changes a JSON file.
    func edit(_ name: String, _ change: (inout JSON) -> Void) throws {
        var json = try JSON(parsing: try Files.read(path + "/" + name))
        change(&json)
        try write(name, json)
    }
}
