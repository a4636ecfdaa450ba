// `ganglion inspect`: what a compiled model is, ours or AWS's, and on which instance types and groups it fits, before a pod
// is placed.

import Arguments
import Neuron
internal import NeuronArtifact
internal import NeuronProgram

/// The `inspect` command.
enum InspectCommand {
    private static let file = Positional<String>(
        "FILE", help: "An artifact of \"ganglion compile\", or a NEFF file of AWS's compiler")

    static let command = Command(
        "inspect", summary: "Say what a compiled model is and where it fits", arguments: [file],
        examples: [.init("ganglion inspect minilm.ganglion", "cores, data type, memory, instance types")]
    ) { values in
        print(try ArtifactText.describe(path: values[file]), terminator: "")
    }
}

/// Compiled models in words.
enum ArtifactText {
    /// What a file is, and where it fits.
    ///
    /// - Throws: `ArtifactError` when it is neither of the two, or damaged.
    static func describe(path: String) throws -> String {
        guard Artifact.isArtifact(path) else { return describe(try NEFF(path: path)) }
        let artifact = try Artifact(path: path)
        guard case .decoder? = try? ProgramDescription.kind(artifact) else {
            return describe(artifact.header)
        }
        let decoder = try DecoderProgram(artifact).configuration
        return describe(artifact.header)
            + table([
                ("longest", "\(decoder.positionCount) tokens"), ("layers", "\(decoder.layerCount)"),
                ("heads", "\(decoder.headCount), \(decoder.keyValueHeadCount) of keys and values"),
                ("vocabulary", "\(decoder.vocabularySize)"),
            ])
    }

    static func describe(_ header: ArtifactHeader) -> String {
        let files = header.sections.filter { $0.name.hasPrefix("files/") }
        let weights = header.sections.filter { $0.name.hasPrefix("weights/") }.reduce(0) { $0 + $1.size }
        let most = header.memory.map { $0.constants + $0.tensors }.max() ?? 0
        let rows = [
            ("model", header.model), ("target", header.target), ("cores", "\(header.cores)"),
            ("data type", header.dataType), ("layout", header.layout),
            ("batch", header.batch.map(String.init).joined(separator: ", ")),
            ("sequence", header.sequence.map(String.init).joined(separator: ", ")),
            ("memory a core", octets(most)),
            (
                "operators",
                "\(header.operators.placed) of \(header.operators.total) on cores"
                    + " (\(Int(header.placedPercent.rounded(.down))) %)"
            ),
            ("weights", "\(octets(weights)), static"), ("files", "\(files.count)"),
            ("fits", fits(cores: header.cores, memory: most, family: NeuronFamily(rawValue: header.target))),
        ]
        return table(rows)
    }

    static func describe(_ neff: NEFF) -> String {
        func tensors(_ list: [NEFF.Tensor]) -> String {
            list.isEmpty ? "-" : list.map { "\($0.name) (\(octets($0.size)))" }.joined(separator: ", ")
        }
        let rows = [
            ("NEFF", "\(neff.version.major).\(neff.version.minor), package version \(neff.packageVersion)"),
            ("compiler", neff.buildVersion.isEmpty ? "-" : neff.buildVersion),
            ("model", neff.name.isEmpty ? "-" : neff.name), ("cores", "\(neff.cores)"),
            ("logical core size", neff.logicalCoreSize == 0 ? "any" : "\(neff.logicalCoreSize)"),
            ("features", "0x" + String(neff.features, radix: 16)), ("subgraphs", "\(neff.subgraphs)"),
            ("inputs", tensors(neff.inputs)), ("outputs", tensors(neff.outputs)),
            ("weights", octets(neff.weights)),
            (
                "fits",
                fits(
                    cores: neff.cores, memory: neff.weights / max(neff.cores, 1), family: nil,
                    logicalCoreSize: neff.logicalCoreSize)
            ),
        ]
        return table(rows)
    }

    /// The instance types with a group of so many cores.
    private static func fits(
        cores: Int, memory: Int, family: NeuronFamily?, logicalCoreSize: Int = 0
    ) -> String {
        let types = InstanceType.all.filter { type in
            guard family == nil || type.family == family else { return false }
            let size = logicalCoreSize == 0 ? nil : logicalCoreSize
            guard size.map(type.family.logicalCoreSizes.contains) ?? true else { return false }
            let perChip = type.coresPerChip(logicalCoreSize: size)
            return type.coreCount(logicalCoreSize: size) >= cores
                && memory <= Int(type.memoryPerChip) / perChip
        }
        return types.isEmpty ? "no instance type" : types.map(\.name).joined(separator: ", ")
    }

    private static func octets(_ count: Int) -> String {
        count < 1 << 20
            ? "\(count) octets" : "\(Double((Double(count) / Double(1 << 20) * 10).rounded()) / 10) MiB"
    }

    private static func table(_ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value + "\n"
        }.joined()
    }
}
