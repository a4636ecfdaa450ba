// `ganglion plan`: how many instances, of which types, at what cost, with a picture.

package import Arguments
internal import Glibc
internal import Neuron
package import NeuronTools
internal import Packing
internal import SystemIO

/// The `plan` command.
package enum PlanCommand {
    /// What is printed.
    enum Format: String, ArgumentChoice {
        case table
        case json
        case svg
        case picture
    }

    private static let models = Positional<String>(
        "MODELS", help: "A file of models: YAML, JSON, or CSV with a heading; - for standard input")
    private static let instances = Option(
        "instances", short: "i", default: "inf2.xlarge,inf2.24xlarge,inf2.48xlarge", placeholder: "TYPES",
        help: "What may be bought, with commas between; \"ganglion instances\" names them")
    private static let prices = Option<String?>(
        "prices", placeholder: "FILE",
        help: "Prices in place of the built-in ones: YAML, JSON or CSV of type and price in USD")
    private static let memory = Option(
        "max-memory", default: "100%", placeholder: "SIZE",
        help: "What of a chip's memory may be filled: 7.4GB, or percent",
        check: { limit($0) == nil ? "must be a size such as 7.4GB or percent such as 92%" : nil })
    private static let compute = Option(
        "max-compute", default: "100", placeholder: "PERCENT", help: "How busy a chip may be",
        check: { share($0) == nil ? "must be percent above 0, at most 100" : nil })
    private static let measuredOn = Option<String?>(
        "measured-on", placeholder: "FAMILY",
        help:
            "The family whose chips compute is a share of: inf1, inf2, trn1, trn2, trn3 (default that of the first type)",
        check: { NeuronFamily(rawValue: $0) == nil ? "must be inf1, inf2, trn1, trn2 or trn3" : nil })
    private static let dimensions = Option<[String]>(
        "dimension", placeholder: "NAME=CAPACITY", help: "A further column, and what a chip holds of it",
        check: { dimension($0) == nil ? "must be NAME=CAPACITY, the capacity a number above 0" : nil })
    private static let rate = Option<String?>(
        "rate", placeholder: "NUMBER",
        help: "Requests a second of all models together, for the cost of a million",
        check: { (ExactNumber($0)?.value ?? 0) > 0 ? nil : "must be a number above 0" })
    private static let current = Option<String?>(
        "current", placeholder: "FILE",
        help:
            "Repack the fleet of this file by few moves: what --output json printed, or CSV of name, instance, type and cores"
    )
    private static let moves = Option<Int?>(
        "moves", placeholder: "NUMBER",
        help: "With --current: models that may move at most (default a twentieth of those that have a place)",
        check: { $0 >= 0 ? nil : "must not be negative" })
    private static let timeLimit = Option(
        "time-limit", default: Duration.seconds(10), help: "How long to look for a cheaper plan",
        check: { $0 >= .zero ? nil : "must not be negative" })
    private static let seed = Option(
        "seed", default: 1, help: "The same seed gives the same plan",
        check: { $0 >= 0 ? nil : "must not be negative" })
    private static let output = Option("output", short: "o", default: Format.table, help: "What to print")
    private static let svg = Option<String?>(
        "svg", placeholder: "FILE", help: "Also draw the plan into this file")
    private static let width = Option(
        "width", default: 100, placeholder: "COLUMNS", help: "Columns of the terminal's picture",
        check: { (40...1_000).contains($0) ? nil : "must be from 40 to 1000" })
    private static let quiet = Flag("quiet", short: "q", help: "No progress on standard error")

    /// `plan` for the command line.
    package static let command = Command(
        "plan", summary: "Pack models onto the cheapest instances",
        details: """
            A model has a name, memory (800MB, 7.4GB; a number alone is GB) and compute in percent of a chip; or a rate and a \
            clock (bert-large, electra-large), from which its share follows. It may have cores (those that work on it \
            together; without, it shares whole chips), copies, spread (copies on different instances) and p90 in milliseconds. \
            The answer comes with the least that any plan costs. It ends when nothing can be cheaper or at the time limit; \
            an interrupt ends it with the plan so far. With --current, a running fleet is repacked: instances are given up, and \
            each move has room when its turn comes.
            """,
        arguments: [
            models, instances, prices, memory, compute, measuredOn, dimensions, rate, current, moves,
            timeLimit, seed, output,
            svg, width,
            quiet,
        ],
        examples: [
            .init(
                "ganglion plan models.csv --instances inf1.xlarge --max-memory 7.4GB --max-compute 83",
                "each chip filled to 7.4 GB and 83 %"),
            .init(
                "ganglion plan models.yaml -i inf2.xlarge,inf2.24xlarge --svg plan.svg",
                "a table, and a picture"),
            .init(
                "ganglion plan models.json --prices mine.csv -o json", "own prices, an answer for programs"),
            .init(
                "ganglion plan models.yaml --current fleet.json --moves 20",
                "which 20 models to move to give most instances up"),
        ]
    ) { values in
        try print(await output(values))
    }

    /// What the command prints for these words; for tests.
    ///
    /// - Throws: `ArgumentError` for words that it does not take.
    package static func output(_ words: [String]) async throws(ArgumentError) -> CommandOutput {
        switch try command.parse(words) {
        case .show(let text): return CommandOutput(text: text)
        case .run(_, let values): return await output(values)
        }
    }

    private static func output(_ values: ArgumentValues) async -> CommandOutput {
        let request: PlanRequest
        let placement: CurrentPlacement?
        do {
            guard values[moves] == nil || values[current] != nil else {
                throw PlanInputError("--moves", "is for a running fleet: name its file by --current")
            }
            placement = try values[current].map { try CurrentPlacement.read(try contents($0), file: $0) }
            request = try self.request(values, placement)
        } catch { return CommandOutput(failure: "\(error)") }
        let settings = Planner.Settings(
            seed: UInt64(values[seed]), rounds: 400, rate: values[rate].flatMap { ExactNumber($0)?.value },
            alternatives: placement == nil ? alternatives(request) : [])
        let progress = ProgressLine(isShown: !values[quiet])
        let interrupt = InterruptWatch()
        let control = PackingControl(timeLimit: values[timeLimit]) { interrupt.hasCome || Task.isCancelled }
        if let placement {
            let result = await PlanResult.repacking(request, placement, values[moves], settings, control) {
                progress.show($0, $1, $2)
            }
            progress.end()
            return rendered(result, values)
        }
        let result = await PlanResult.plan(request, settings, control) { progress.show($0, $1, $2) }
        progress.end()
        return rendered(result, values)
    }

    private static func rendered(_ result: PlanResult, _ values: ArgumentValues) -> CommandOutput {
        switch result {
        case .failure(let error): CommandOutput(failure: "\(error)")
        case .plan(let report):
            rendered(report, values, table: { PlanTable.text(report) }, json: { PlanJSON.text(report) })
        case .repacking(let report):
            rendered(report.after, values, table: { report.table }, json: { report.json })
        }
    }

    private static func rendered(
        _ report: PlanReport, _ values: ArgumentValues, table: () -> String, json: () -> String
    ) -> CommandOutput {
        let text =
            switch values[output] {
            case .table: table()
            case .json: json()
            case .svg: PlanSVG.draw(report)
            case .picture: PlanPicture.text(report, width: values[width])
            }
        if let path = values[svg] {
            do throws(SystemError) {
                try Files.writeAtomically(path, Array(PlanSVG.draw(report).utf8))
            } catch { return CommandOutput(failure: "\(error)") }
        }
        return CommandOutput(text: text)
    }

    /// What the words and the files ask for.
    private static func request(_ values: ArgumentValues, _ placement: CurrentPlacement?) throws
        -> PlanRequest
    {
        var priceList = PriceList.builtIn
        if let path = values[prices] {
            priceList = try PriceList.reading(try contents(path), file: path)
        }
        // The types of a running fleet come first: what is measured is measured there.
        var types: [InstanceType] = []
        for instance in placement?.instances ?? [] where !types.contains(instance.type) {
            types.append(instance.type)
        }
        let running = types
        for type in running where priceList.prices[type.name] == nil {
            throw PlanInputError("--current", "there is no price of \(type.name): give one by --prices")
        }
        for name in values[instances].split(separator: ",", omittingEmptySubsequences: false) {
            let type = try InstanceType.named(String(name).trimmed())
            if running.contains(type) { continue }
            guard !types.contains(type) else {
                throw PlanInputError("--instances", "\(type.name) is named twice")
            }
            guard priceList.prices[type.name] != nil else {
                throw PlanInputError("--instances", "there is no price of \(type.name): give one by --prices")
            }
            types.append(type)
        }
        let further = values[dimensions].compactMap { dimension($0) }
        for (index, entry) in further.enumerated() {
            guard !further[..<index].contains(where: { $0.name == entry.name }),
                !["name", "memory", "compute", "cores", "copies", "spread", "rate", "p90", "clock"].contains(
                    entry.name)
            else { throw PlanInputError("--dimension", "\(entry.name) is a column already") }
        }
        let path = values[models]
        let name = path == "-" ? "standard input" : path
        let read = try ModelReader.read(
            try contents(path == "-" ? "/dev/stdin" : path), file: name, dimensions: further.map(\.name))
        var request = PlanRequest(file: name, models: read, types: types, prices: priceList)
        if let limit = limit(values[memory]) { request.memoryLimit = limit }
        if let share = share(values[compute]) { request.computeLimit = share }
        request.measuredOn = values[measuredOn].flatMap { NeuronFamily(rawValue: $0) }
        request.dimensions = further
        return request
    }

    private static func contents(_ path: String) throws(SystemError) -> [UInt8] {
        try Files.read(path, limit: PlanRecords.largestFile)
    }

    /// The types of the same families that have a price, next in size to those that are named.
    private static func alternatives(_ request: PlanRequest) -> [InstanceType] {
        InstanceType.all.filter { type in
            request.families.contains(type.family) && request.prices.prices[type.name] != nil
        }
    }

    private static func limit(_ text: String) -> PlanRequest.MemoryLimit? {
        if text.hasSuffix("%") { return share(text).map { .percent($0) } }
        return MemorySize.octets(text).flatMap { $0 > 0 ? .octets($0) : nil }
    }

    private static func share(_ text: String) -> Int? {
        let number = text.hasSuffix("%") ? String(text.dropLast()) : text
        return ExactNumber(number.trimmed())?.times(1_000_000).flatMap {
            (1...PlannedModel.wholeChip).contains($0) ? $0 : nil
        }
    }

    private static func dimension(_ text: String) -> (name: String, capacity: Int)? {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 2, !parts[0].isEmpty, let capacity = ExactNumber(parts[1])?.times(1_000),
            (1...1 << 39).contains(capacity)
        else { return nil }
        return (parts[0], capacity)
    }
}

/// What came of the command.
private enum PlanResult {
    case plan(PlanReport)
    case repacking(RepackReport)
    case failure(PlanInputError)

    typealias Progress = @Sendable (Int, Int, Int) -> Void

    static func plan(
        _ request: PlanRequest, _ settings: Planner.Settings, _ control: PackingControl,
        progress: @escaping Progress
    ) async -> PlanResult {
        do throws(PlanInputError) {
            return .plan(
                try await Planner.plan(request, settings: settings, control: control, progress: progress))
        } catch { return .failure(error) }
    }

    static func repacking(
        _ request: PlanRequest, _ placement: CurrentPlacement, _ moves: Int?, _ settings: Planner.Settings,
        _ control: PackingControl, progress: @escaping Progress
    ) async -> PlanResult {
        do throws(PlanInputError) {
            return .repacking(
                try await Planner.repack(
                    request, placement, moves: moves, settings: settings, control: control, progress: progress
                ))
        } catch { return .failure(error) }
    }
}
