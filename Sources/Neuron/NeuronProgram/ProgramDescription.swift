// The section `program` of an artifact: what its weights are for, as JSON. Everything in it is checked before it is
// believed.

internal import JSON
package import ModelErrors
package import NeuronArtifact

/// Reads and writes what a program computes.
package enum ProgramDescription {
    /// The section's name.
    package static let section = "program"

    /// What a program is.
    package enum Kind: String, Sendable {
        /// `EncoderProgram`
        case encoder
        /// `DecoderProgram`
        case decoder
    }

    /// What a program is.
    ///
    /// - Throws: `ModelError` where it does not say.
    package static func kind(_ program: any CompiledProgram) throws(ModelError) -> Kind {
        let text = try json(program)["kind"]?.string
        guard let kind = text.flatMap(Kind.init) else {
            throw refusal(program, "is of \(text.map { "a \($0)" } ?? "nothing")")
        }
        return kind
    }

    static func json(_ program: any CompiledProgram) throws(ModelError) -> JSON {
        guard let octets = program.section(section), octets.count <= 65_536 else {
            throw ModelError(
                program.path, "does not say what its program computes",
                "compile the model again with this version")
        }
        guard let json = try? JSON(parsing: Array(octets)) else { throw refusal(program, "is no JSON") }
        return json
    }

    static func refusal(_ program: any CompiledProgram, _ what: String) -> ModelError {
        ModelError(program.path, "has a description of its program that \(what)", "compile the model again")
    }

    static func number(
        _ json: JSON, _ key: String, _ range: ClosedRange<Int>, _ program: any CompiledProgram
    ) throws(ModelError) -> Int {
        guard let number = json[key]?.int, range.contains(number) else {
            throw refusal(program, "has no \(key) from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number whose bits are written, since no digit may be lost.
    static func epsilon(_ json: JSON, _ program: any CompiledProgram) throws(ModelError) -> Float {
        guard let bits = json["epsilonBits"]?.int, let bits = UInt32(exactly: bits),
            case let epsilon = Float(bitPattern: bits), (0...1).contains(epsilon)
        else { throw refusal(program, "has no epsilonBits") }
        return epsilon
    }
}

extension ProgramDescription {
    /// The section's octets for a decoder.
    package static func octets(_ sizes: DecoderConfiguration) -> [UInt8] {
        let json: JSON = [
            "kind": .string(Kind.decoder.rawValue), "hiddenSize": JSON(sizes.hiddenSize),
            "layers": JSON(sizes.layerCount), "heads": JSON(sizes.headCount),
            "keyValueHeads": JSON(sizes.keyValueHeadCount), "headSize": JSON(sizes.headSize),
            "rotatedSize": JSON(sizes.rotatedSize), "intermediateSize": JSON(sizes.intermediateSize),
            "vocabularySize": JSON(sizes.vocabularySize), "positions": JSON(sizes.positionCount),
            "epsilonBits": JSON(Int(sizes.epsilon.bitPattern)), "norm": .string(sizes.norm.rawValue),
            "place": .string(sizes.positions.rawValue), "activation": .string(sizes.activation.rawValue),
            "tied": .bool(sizes.isTied),
        ]
        return Array(json.text().utf8)
    }

    static func decoder(_ program: any CompiledProgram) throws(ModelError) -> DecoderConfiguration {
        let json = try json(program)
        func number(_ key: String, _ most: Int, least: Int = 1) throws(ModelError) -> Int {
            try Self.number(json, key, least...most, program)
        }
        func choice<Value: RawRepresentable<String>>(_ key: String) throws(ModelError) -> Value {
            guard let value = json[key]?.string.flatMap(Value.init) else {
                throw refusal(program, "has no known \(key)")
            }
            return value
        }
        var sizes = DecoderConfiguration(
            hiddenSize: try number("hiddenSize", 65_536), layerCount: try number("layers", 512),
            headCount: try number("heads", 1_024), keyValueHeadCount: try number("keyValueHeads", 1_024),
            headSize: try number("headSize", 1_024),
            intermediateSize: try number("intermediateSize", 1 << 20),
            vocabularySize: try number("vocabularySize", 4_000_000),
            positionCount: try number("positions", 1 << 24), epsilon: try epsilon(json, program))
        sizes.rotatedSize = try number("rotatedSize", sizes.headSize, least: 0)
        sizes.norm = try choice("norm")
        sizes.positions = try choice("place")
        sizes.activation = try choice("activation")
        sizes.isTied = json["tied"]?.bool ?? true
        guard sizes.headCount % sizes.keyValueHeadCount == 0, sizes.rotatedSize % 2 == 0 else {
            throw refusal(program, "has heads that do not divide")
        }
        return sizes
    }
}
