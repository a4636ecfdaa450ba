// `ganglion bench --table`: what AWS measured on Inf1 and Inf2, each derived cell by its formula, and what fits where. The
// latencies are AWS's, of seed 001; the rest follows from them and the prices of that day.

package import Arguments
internal import Neuron
package import NeuronTools

/// The `bench` command.
package enum BenchCommand {
    /// Prices of the table's day, April 2023, in dollars an hour.
    static let prices = (inf1: 0.228, inf2: 0.7582)

    /// A row: what was measured, and what follows.
    struct Row: Equatable {
        var model: String
        var batch: Int
        var length: Int
        /// Milliseconds of a batch.
        var inf1: Double
        var inf2: Double

        /// How many times faster Inf2 is.
        var improvement: Double { inf1 / inf2 }
        /// Batches a second.
        static func throughput(_ milliseconds: Double) -> Double { 1_000 / milliseconds }
        /// Dollars for an inference: the time's price, shared by the batch.
        func cost(_ milliseconds: Double, _ price: Double) -> Double {
            price / 3_600 * milliseconds / 1_000 / Double(batch)
        }
    }

    static let rows = [ServingClock.electraLarge, .bertLarge].flatMap { clock -> [Row] in
        let name = clock == .electraLarge ? "ElectraLargeDiscriminator" : "BertLargeUncased"
        guard let inf1 = clock.published("inf1"), let inf2 = clock.published("inf2") else { return [] }
        return [
            Row(model: name, batch: 1, length: clock.sequenceLength, inf1: inf1.one, inf2: inf2.one),
            Row(model: name, batch: 10, length: clock.sequenceLength, inf1: inf1.ten, inf2: inf2.ten),
        ]
    }

    private static let table = Flag(
        "table", help: "AWS's table of Inf1 and Inf2, each cell from its formula, and memory fits")

    /// `bench` for the command line.
    package static let command = Command(
        "bench", summary: "Reckon what published measurements come to",
        arguments: [table],
        examples: [
            .init("ganglion bench --table", "latency, throughput and cost of an inference on Inf1 and Inf2")
        ]
    ) { values in try print(run(values[table])) }

    /// What the command prints for these words; for tests.
    ///
    /// - Throws: `ArgumentError` for words that it does not take.
    package static func output(_ words: [String]) throws(ArgumentError) -> CommandOutput {
        switch try command.parse(words) {
        case .show(let text): CommandOutput(text: text)
        case .run(_, let values): run(values[table])
        }
    }

    private static func run(_ wantsTable: Bool) -> CommandOutput {
        guard wantsTable else { return CommandOutput(failure: "say what to reckon: --table") }
        var lines = [
            [
                "MODEL", "BATCH", "LENGTH", "INF1 MS", "INF2 MS", "TIMES", "INF1 /S", "INF2 /S", "INF1 USD",
                "INF2 USD",
            ]
        ]
        for row in rows {
            lines.append([
                row.model, "\(row.batch)", "\(row.length)", Money.decimal(row.inf1, 2, trim: true),
                Money.decimal(row.inf2, 2, trim: true), Money.decimal(row.improvement, 2),
                Money.decimal(Row.throughput(row.inf1), 2), Money.decimal(Row.throughput(row.inf2), 2),
                Money.decimal(row.cost(row.inf1, prices.inf1), 7),
                Money.decimal(row.cost(row.inf2, prices.inf2), 7),
            ])
        }
        var text = PlanTable.lined(lines)
        text +=
            "\nmilliseconds: AWS, PyTorch 1.13.1, mean of 10 after a warm-up; times: Inf1 / Inf2; /s: batches a second, 1000 / ms;\n"
            + "USD of an inference: price / 3600 * ms / 1000 / batch, at \(Money.decimal(prices.inf1, 3)) (inf1.xlarge) and "
            + "\(Money.decimal(prices.inf2, 4)) (inf2.xlarge) an hour, us-east-1, 20 April 2023\n\n"
        let fits = MemoryFit.examples.map { [$0.what, $0.fits ? "yes" : "no", $0.reason] }
        return CommandOutput(text: text + PlanTable.lined([["FITS", "", "WHY"]] + fits))
    }
}

/// Whether a model's weights fit a group of cores.
struct MemoryFit: Equatable {
    var what: String
    var fits: Bool
    var reason: String

    /// - Parameters:
    ///   - parameters: how many weights.
    ///   - octets: of each.
    ///   - cores: over how many they are spread evenly.
    init(_ name: String, parameters: Int, type: String, octets: Int, on instance: InstanceType, cores: Int) {
        let weights = parameters * octets
        let each = (weights + cores - 1) / cores
        let room = Int(clamping: instance.family.memoryPerCore)
        fits = each <= room && cores <= instance.coreCount()
        what = "\(name) in \(type) on \(cores) of \(instance.name)'s \(instance.coreCount()) cores"
        reason =
            "\(MemorySize.text(weights)) of weights, \(MemorySize.text(each)) a core, which has \(MemorySize.text(room))"
    }

    static var examples: [MemoryFit] {
        guard let large = try? InstanceType.named("inf2.48xlarge"),
            let small = try? InstanceType.named("inf2.8xlarge")
        else { return [] }
        return [
            MemoryFit(
                "175 billion parameters", parameters: 175_000_000_000, type: "BF16", octets: 2, on: large,
                cores: 24),
            MemoryFit(
                "175 billion parameters", parameters: 175_000_000_000, type: "FP32", octets: 4, on: large,
                cores: 24),
            MemoryFit("GPT-J 6B", parameters: 6_000_000_000, type: "FP32", octets: 4, on: small, cores: 2),
            MemoryFit("GPT-J 6B", parameters: 6_000_000_000, type: "FP32", octets: 4, on: small, cores: 1),
        ]
    }
}
