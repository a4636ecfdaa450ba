// What an artifact says about itself, as JSON, so that other programs can read it as well; docs/ARTIFACTS.md is the
// format's description. Everything in it is checked before it is believed.

package import JSON

/// What an artifact says about itself.
package struct ArtifactHeader: Equatable, Sendable {
    /// A named part of the file.
    package struct Section: Equatable, Sendable {
        /// `files/` and a name in the model's folder, or `weights/` and a name of the encoder's.
        package var name: String
        /// Octets from the start of the data, a multiple of 64.
        package var offset: Int
        /// Octets.
        package var size: Int
    }

    /// Device memory of one core in octets.
    package struct Memory: Equatable, Sendable {
        /// Weights.
        package var constants: Int
        /// Activations.
        package var tensors: Int

        /// Octets of both kinds.
        package init(constants: Int, tensors: Int) {
            self.constants = constants
            self.tensors = tensors
        }
    }

    /// The model's name: its folder's.
    package var model: String
    /// The chips that it was compiled for: `inf1`, `inf2`, `trn1`, `trn2` or `trn3`.
    package var target: String
    /// NeuronCores of one copy: the tensor parallel degree.
    package var cores: Int
    /// In what the matrices are kept and multiplied: `fp32` or `bf16`.
    package var dataType: String
    /// How the matrices lie: the kernels' name for it.
    package var layout: String
    /// Numbers of texts that are computed together, ascending.
    package var batch: [Int]
    /// Tokens of a text, ascending; longer ones are cut.
    package var sequence: [Int]
    /// By core.
    package var memory: [Memory]
    /// Operators that run on the cores, and all of them.
    package var operators: (placed: Int, total: Int)
    /// In the order in which they lie.
    package var sections: [Section]

    /// Operators placed on the cores, in percent.
    package var placedPercent: Double {
        operators.total == 0 ? 0 : 100 * Double(operators.placed) / Double(operators.total)
    }

    /// All members.
    package init(
        model: String, target: String, cores: Int, dataType: String, layout: String, batch: [Int],
        sequence: [Int], memory: [Memory], operators: (placed: Int, total: Int), sections: [Section] = []
    ) {
        self.model = model
        self.target = target
        self.cores = cores
        self.dataType = dataType
        self.layout = layout
        self.batch = batch
        self.sequence = sequence
        self.memory = memory
        self.operators = operators
        self.sections = sections
    }

    /// Whether all members are equal.
    package static func == (left: Self, right: Self) -> Bool { left.json == right.json }
}

extension ArtifactHeader {
    /// As it stands in the file.
    package var json: JSON {
        [
            "model": .string(model), "target": .string(target), "cores": JSON(cores),
            "dataType": .string(dataType), "layout": .string(layout),
            "batch": .array(batch.map { JSON($0) }), "sequence": .array(sequence.map { JSON($0) }),
            "memory": .array(
                memory.map { ["constants": JSON($0.constants), "tensors": JSON($0.tensors)] }),
            "operators": ["placed": JSON(operators.placed), "total": JSON(operators.total)],
            "sections": .array(
                sections.map {
                    ["name": .string($0.name), "offset": JSON($0.offset), "size": JSON($0.size)]
                }),
        ]
    }

    /// The most sections that are read.
    static let sectionLimit = 65_536

    /// Reads a header.
    ///
    /// - Parameter dataSize: octets of the data.
    /// - Throws: `ArtifactError` when a member is missing or beyond its range, or sections overlap, lie outside, or are not in
    ///   order.
    init(_ json: JSON, dataSize: Int, path: String) throws(ArtifactError) {
        func damaged(_ what: String) -> ArtifactError {
            ArtifactError(.damaged, path, "has a header that \(what)")
        }
        func text(_ key: String) throws(ArtifactError) -> String {
            guard let value = json[key]?.string, (1...256).contains(value.utf8.count) else {
                throw damaged("has no text under \(key)")
            }
            return value
        }
        func numbers(_ key: String) throws(ArtifactError) -> [Int] {
            guard let list = json[key]?.array, (1...64).contains(list.count) else {
                throw damaged("has no list of numbers under \(key)")
            }
            let values = list.compactMap(\.int)
            guard values.count == list.count, values.allSatisfy({ (1...65_536).contains($0) }),
                zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
            else { throw damaged("has no ascending numbers from 1 to 65536 under \(key)") }
            return values
        }
        model = try text("model")
        target = try text("target")
        dataType = try text("dataType")
        layout = try text("layout")
        batch = try numbers("batch")
        sequence = try numbers("sequence")
        guard let cores = json["cores"]?.int, (1...256).contains(cores) else {
            throw damaged("has no number of cores from 1 to 256")
        }
        self.cores = cores
        let sizes = (json["memory"]?.array ?? []).compactMap { entry -> Memory? in
            guard let constants = entry["constants"]?.int, let tensors = entry["tensors"]?.int,
                (0...1 << 44).contains(constants), (0...1 << 44).contains(tensors)
            else { return nil }
            return Memory(constants: constants, tensors: tensors)
        }
        guard sizes.count == cores, json["memory"]?.array?.count == cores else {
            throw damaged("does not have the memory of each of \(cores) cores")
        }
        memory = sizes
        guard let placed = json["operators"]?["placed"]?.int, let total = json["operators"]?["total"]?.int,
            (0...1 << 32).contains(total), (0...total).contains(placed)
        else { throw damaged("has no operators") }
        operators = (placed, total)
        sections = try Self.sections(json["sections"], dataSize: dataSize, path: path)
    }

    private static func sections(
        _ json: JSON?, dataSize: Int, path: String
    ) throws(ArtifactError) -> [Section] {
        guard let list = json?.array, list.count <= sectionLimit else {
            throw ArtifactError(.damaged, path, "has no list of at most \(sectionLimit) sections")
        }
        var sections: [Section] = []
        var names: Set<String> = []
        var end = 0
        for entry in list {
            guard let name = entry["name"]?.string, (1...512).contains(name.utf8.count),
                let offset = entry["offset"]?.int, let size = entry["size"]?.int
            else { throw ArtifactError(.damaged, path, "has a section without a name, an offset or a size") }
            guard offset >= end, offset % 64 == 0, size >= 0, offset <= dataSize, size <= dataSize - offset
            else {
                throw ArtifactError(
                    .damaged, path,
                    "has the section \(name.prefix(64)) at \(offset), \(size) octets long, in \(dataSize) octets of"
                        + " data after \(end)")
            }
            guard names.insert(name).inserted else {
                throw ArtifactError(.damaged, path, "has two sections \(name.prefix(64))")
            }
            end = offset + size
            sections.append(Section(name: name, offset: offset, size: size))
        }
        return sections
    }
}
