// `ganglion instances`: the catalogue, as a table and as JSON.

package import Arguments
internal import JSON
internal import Neuron
package import NeuronTools
internal import SystemIO

/// The `instances` command.
package enum InstancesCommand {
    private static let json = Flag("json", help: "JSON, with every figure")
    private static let prices = Option<String?>(
        "prices", placeholder: "FILE",
        help: "Prices in place of the built-in ones: YAML, JSON or CSV of type and price in USD")
    private static let family = Option<String?>(
        "family", placeholder: "FAMILY", help: "Only this family: inf1, inf2, trn1, trn2, trn3",
        check: { NeuronFamily(rawValue: $0) == nil ? "must be inf1, inf2, trn1, trn2 or trn3" : nil })

    /// `instances` for the command line.
    package static let command = Command(
        "instances", summary: "List EC2 instance types with Neuron chips: cores, memory, speed, links, price",
        details: """
            TOPS and TFLOPS are dense, of all chips of an instance, as AWS publishes them; memory bandwidth is that of all \
            chips, link bandwidth that of one. Cores are logical ones.
            """,
        arguments: [json, prices, family],
        examples: [
            .init("ganglion instances --family inf2", "four types"),
            .init("ganglion instances --json --prices mine.yaml", "with own prices, for programs"),
        ]
    ) { values in try print(run(values)) }

    /// What the command prints for these words; for tests.
    ///
    /// - Throws: `ArgumentError` for words that it does not take.
    package static func output(_ words: [String]) throws(ArgumentError) -> CommandOutput {
        switch try command.parse(words) {
        case .show(let text): CommandOutput(text: text)
        case .run(_, let values): run(values)
        }
    }

    private static func run(_ values: ArgumentValues) -> CommandOutput {
        var list = PriceList.builtIn
        if let path = values[prices] {
            do {
                list = try PriceList.reading(try Files.read(path, limit: PlanRecords.largestFile), file: path)
            } catch { return CommandOutput(failure: "\(error)") }
        }
        let types = InstanceType.all.filter { values[family] == nil || $0.family.rawValue == values[family] }
        return CommandOutput(text: values[json] ? jsonText(types, list) : table(types, list))
    }

    private static func table(_ types: [InstanceType], _ list: PriceList) -> String {
        let heading = [
            "TYPE", "CHIPS", "CORES", "MEMORY", "GB/S", "INT8", "FP8", "BF16", "FP32", "VCPUS", "HOST",
            "LINKS", "LINK GB/S",
            "USD/HOUR",
        ]
        func total(_ value: Double?, _ chips: Int) -> String {
            value.map { Money.decimal($0 * Double(chips), 1, trim: true) } ?? "-"
        }
        let rows = types.map { type -> [String] in
            let speed = type.family.performance
            return [
                type.name, "\(type.chipCount)", "\(type.coreCount())", "\(type.memory >> 30) GiB",
                "\(speed.memoryBandwidth * type.chipCount)", total(speed.int8, type.chipCount),
                total(speed.fp8, type.chipCount), "\(type.teraflops)", total(speed.fp32, type.chipCount),
                "\(type.vCPUs)",
                "\(type.hostMemoryGiB) GiB", type.links.rawValue,
                type.links == .single ? "-" : "\(type.linkBandwidth)",
                list.prices[type.name].map { price($0) } ?? "-",
            ]
        }
        return PlanTable.lined([heading] + rows) + "\nprices: \(list.origin)\n"
    }

    /// `0.7582`, with at least two decimals.
    private static func price(_ micros: Int) -> String {
        let text = Money.decimal(Double(micros) / 1e6, 6, trim: true)
        let decimals = text.split(separator: ".").dropFirst().first?.count ?? 0
        return decimals >= 2 ? text : Money.decimal(Double(micros) / 1e6, 2)
    }

    private static func jsonText(_ types: [InstanceType], _ list: PriceList) -> String {
        let rows = types.map { type -> JSON in
            let speed = type.family.performance
            let chips = Double(type.chipCount)
            func number(_ value: Double?) -> JSON { value.map { .double($0 * chips) } ?? .null }
            return [
                "type": .string(type.name), "family": .string(type.family.rawValue),
                "chips": JSON(type.chipCount),
                "cores": JSON(type.coreCount()), "coresPerChip": JSON(type.coresPerChip()),
                "memoryOctets": JSON(Int(clamping: type.memory)),
                "memoryPerCoreOctets": JSON(Int(clamping: type.family.memoryPerCore)),
                "memoryBandwidthGBps": JSON(speed.memoryBandwidth * type.chipCount),
                "vCPUs": JSON(type.vCPUs),
                "hostMemoryGiB": JSON(type.hostMemoryGiB),
                "tops": ["int8": number(speed.int8)],
                "tflops": [
                    "fp8": number(speed.fp8), "bf16": JSON(type.teraflops), "tf32": number(speed.tf32),
                    "fp32": number(speed.fp32),
                ],
                "links": .string(type.links.rawValue),
                "linkBandwidthGBps": type.links == .single ? .null : JSON(type.linkBandwidth),
                "pricePerHourUSD": list.prices[type.name].map { .double(Double($0) / 1e6) } ?? .null,
            ]
        }
        let document: JSON = ["instances": .array(rows), "prices": .string(list.origin)]
        return document.text(pretty: true) + "\n"
    }
}

extension InstanceType {
    /// NeuronLink bandwidth of a chip in GB/s: twice the family's on trn1n.
    fileprivate var linkBandwidth: Int {
        family.performance.linkBandwidth * (name.hasPrefix("trn1n") ? 2 : 1)
    }
}
