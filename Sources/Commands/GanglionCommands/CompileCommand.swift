// `ganglion compile`: a model's folder made into one file that servers map. What would not fit the target, or cannot be
// shared by so many cores, is refused here rather than in a pod.

import Arguments
internal import Models
import Neuron
internal import NeuronArtifact
internal import NeuronProgram

/// The `compile` command.
enum CompileCommand {
    private static let model = Positional<String>(
        "MODEL", help: "The model's folder, as sentence-transformers saves it")
    private static let output = Option<String>(
        "output", short: "o", placeholder: "FILE", help: "The artifact; one that is there is replaced")
    private static let cores = Option(
        "cores", default: 1, placeholder: "N", help: "NeuronCores of one copy (tensor parallel degree)",
        check: { (1...256).contains($0) ? nil : "must be a number from 1 to 256" })
    private static let pipelineCores = Option<Int?>(
        "pipeline-cores", placeholder: "N",
        help: "NeuronCores that have layers of their own, one after the other, in place of --cores",
        check: { (1...256).contains($0) ? nil : "must be a number from 1 to 256" })
    private static let dataType = Option(
        "dtype", default: DataType.float32.rawValue, placeholder: "TYPE",
        help: "The matrices' data type, \(DataType.names)",
        check: { DataType(rawValue: $0) == nil ? "must be \(DataType.names)" : nil })
    private static let batch = Option(
        "batch", default: "1,8", placeholder: "N,N", help: "Numbers of texts that are computed together",
        check: { numbers($0) == nil ? "must be ascending numbers from 1 to 65536, as 1,8" : nil })
    private static let sequence = Option<String?>(
        "sequence", placeholder: "N,N",
        help: "Tokens of a text; longer ones are cut (default what the model takes)",
        check: { numbers($0) == nil ? "must be ascending numbers from 1 to 65536, as 128,512" : nil })
    private static let cpu = Option<String?>(
        "cpu", placeholder: "NAME",
        help:
            "The CPU that computes in place of chips, \(ModelCompiler.cpus.joined(separator: ", ")) (default the last)",
        check: {
            ModelCompiler.cpus.contains($0)
                ? nil : "must be one of \(ModelCompiler.cpus.joined(separator: ", "))"
        })
    private static let target = Option(
        "target", default: "inf2", placeholder: "FAMILY", help: "The chips, inf1, inf2, trn1, trn2 or trn3",
        check: { NeuronFamily(rawValue: $0) == nil ? "must be inf1, inf2, trn1, trn2 or trn3" : nil })

    static let command = Command(
        "compile", summary: "Compile a model into one file that servers map",
        arguments: [model, output, cores, pipelineCores, dataType, batch, sequence, target, cpu],
        examples: [
            .init(
                "ganglion compile all-MiniLM-L6-v2 --dtype bf16 --batch 1,8 --sequence 128,256 -o minilm.ganglion",
                "half the size, for a server with --model minilm=minilm.ganglion")
        ]
    ) { values in
        var options = CompileOptions()
        options.cores = values[pipelineCores] ?? values[cores]
        options.isPipeline = values[pipelineCores] != nil
        options.dataType = DataType(rawValue: values[dataType]) ?? .float32
        options.batch = numbers(values[batch]) ?? []
        options.sequence = values[sequence].flatMap(numbers) ?? []
        options.target = values[target]
        if let cpu = values[cpu] { options.cpu = cpu }
        if let family = NeuronFamily(rawValue: values[target]) {
            let cores = family.physicalCoresPerChip / family.defaultLogicalCoreSize
            options.memoryPerCore = Int(family.memoryPerChip) / cores
        }
        var directory = values[model]
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        let clock = ContinuousClock()
        let start = clock.now
        let header = try ModelCompiler.compile(directory: directory, to: values[output], options: options)
        let took = (clock.now - start).formatted
        print("compiled \(directory) into \(values[output]) in \(took)")
        print(ArtifactText.describe(header), terminator: "")
    }

    /// `1,8` as ascending numbers.
    static func numbers(_ text: String) -> [Int]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let values = parts.compactMap(\.self)
        guard values.count == parts.count, (1...64).contains(values.count),
            values.allSatisfy({ (1...65_536).contains($0) }),
            zip(values, values.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return values
    }
}

extension Duration {
    /// `1.25 s`.
    fileprivate var formatted: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        return "\(Double(milliseconds) / 1000) s"
    }
}
