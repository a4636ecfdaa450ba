// `ganglion compile`: a model's folder made into one file that servers map. What would not fit the target, or cannot be
// shared by so many cores, is refused here rather than in a pod.

import Arguments
internal import LanguageModels
internal import ModelErrors
internal import Models
import Neuron
internal import NeuronArtifact
internal import NeuronProgram

/// The `compile` command.
enum CompileCommand {
    private static let model = Positional<String>(
        "MODEL",
        help: "The model's folder, as sentence-transformers or transformers saves it, or a GGUF file")
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
        "dtype", default: MatrixPrecision.stored.rawValue, placeholder: "TYPE",
        help:
            "The matrices' data type, \(DataType.names); auto for fp32, or for what a language model's file has",
        check: { MatrixPrecision(rawValue: $0) == nil ? "must be \(MatrixPrecision.names)" : nil })
    private static let batch = Option(
        "batch", default: "1,8", placeholder: "N,N",
        help: "Numbers of texts, or of a language model's sequences, that are computed together",
        check: { numbers($0) == nil ? "must be ascending numbers from 1 to 65536, as 1,8" : nil })
    private static let sequence = Option<String?>(
        "sequence", placeholder: "N,N",
        help:
            "Tokens of a text; longer ones are cut. Of a language model's longest sequence (default what the model takes)",
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
        let header: ArtifactHeader
        if LanguageModel.path(of: directory) != nil {
            guard !options.isPipeline else {
                throw ModelError(
                    "--pipeline-cores", "is given, and \(directory) is a language model", "give --cores")
            }
            header = try LanguageModel.compile(
                path: directory, to: values[output],
                options: programOptions(options, precision: values[dataType], cpu: values[cpu]),
                target: values[target], memoryPerCore: options.memoryPerCore)
        } else {
            header = try ModelCompiler.compile(directory: directory, to: values[output], options: options)
        }
        let took = (clock.now - start).formatted
        print("compiled \(directory) into \(values[output]) in \(took)")
        print(ArtifactText.describe(header), terminator: "")
    }

    /// The same options as a language model has them.
    private static func programOptions(
        _ options: CompileOptions, precision: String, cpu: String?
    ) -> ProgramOptions {
        var result = ProgramOptions()
        result.cores = options.cores
        result.precision = MatrixPrecision(rawValue: precision) ?? .stored
        result.sequences = options.batch.last ?? result.sequences
        result.positions = options.sequence.last
        if let cpu { result.setCPU(cpu) }
        return result
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
