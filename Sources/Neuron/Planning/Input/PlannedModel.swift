// A model as its planner describes it: how large it is, how busy, on how many cores, and what it is asked for.

internal import Text

/// A model of a plan's input.
package struct PlannedModel: Equatable, Sendable {
    /// Its name, unique in a plan.
    package var name: String
    /// The line that it stands on.
    package var line: Int
    /// Device memory in octets, over all of its cores; by family where it differs.
    package var memory: Int
    /// Its share of a chip in millionths of a percent of the chip that it was measured on; by family where it differs.
    package var compute: Int
    /// Cores that work on it together; nil for a whole chip, shared with others by time.
    package var cores: Int?
    /// How many copies there are, each as large.
    package var copies: Int
    /// Whether copies are kept on different instances.
    package var isSpread: Bool
    /// Requests a second in all; nil where that is not known.
    package var rate: Double?
    /// The P90 of its latency that is asked for, in milliseconds.
    package var p90: Double?
    /// Whose clock it runs by, where its compute share follows from the rate.
    package var clock: ServingClock?
    /// Memory by family's name (`inf1`).
    package var memoryByFamily: [String: Int] = [:]
    /// Compute by family's name.
    package var computeByFamily: [String: Int] = [:]
    /// Further dimensions, in thousandths, in the order in which they were named.
    package var further: [Int] = []

    /// Hundred percent of a chip.
    package static let wholeChip = 100_000_000
    /// More copies of a model than this are refused.
    static let mostCopies = 100_000
}

/// Reads models.
package enum ModelReader {
    private static let columns = [
        "name", "memory", "compute", "cores", "copies", "spread", "rate", "p90", "clock",
    ]
    private static let families = ["inf1", "inf2", "trn1", "trn2", "trn3"]

    /// The models of a file.
    ///
    /// - Parameters:
    ///   - file: its name, for errors; its ending says whether it is CSV.
    ///   - dimensions: names of further columns, each of which has to be given.
    /// - Throws: the first fault, with its line and the model's name.
    package static func read(
        _ bytes: [UInt8], file: String, dimensions: [String] = []
    ) throws(PlanInputError) -> [PlannedModel] {
        let read = try PlanRecords.read(bytes, file: file, list: "models")
        if let field = read.heading.first {
            throw PlanInputError(
                file, line: field.line, "unknown field \"\(field.name.prefix(40))\" beside \"models\"")
        }
        guard !read.records.isEmpty else { throw PlanInputError(file, "there are no models in it") }
        let known = Set(columns + dimensions + families.flatMap { ["memory.\($0)", "compute.\($0)"] })
        var lines: [String: Int] = [:]
        var models: [PlannedModel] = []
        models.reserveCapacity(read.records.count)
        for record in read.records {
            for field in record.fields where !known.contains(field.name) {
                let guess =
                    nearest(to: field.name, among: columns + dimensions).map { ", did you mean \"\($0)\"?" }
                    ?? ""
                throw PlanInputError(
                    file, line: field.line,
                    "unknown column \"\(field.name.prefix(40))\"\(guess) known are \(columns.joined(separator: ", "))"
                )
            }
            let model = try model(record, file: file, dimensions: dimensions)
            if let first = lines.updateValue(record.line, forKey: model.name) {
                throw PlanInputError(
                    file, line: record.line,
                    "the model \"\(model.name.prefix(80))\" is there already, on line \(first)")
            }
            models.append(model)
        }
        return models
    }

    private static func model(
        _ record: PlanRecord, file: String, dimensions: [String]
    ) throws(PlanInputError) -> PlannedModel {
        guard let name = record.text("name") else {
            throw PlanInputError(file, line: record.line, "a model without a name")
        }
        guard name.utf8.count <= 253,
            !name.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
        else {
            throw PlanInputError(
                file, line: record.line,
                "the name \"\(name.prefix(40))...\" is too long, or has control characters")
        }
        func fault(_ column: String, _ rule: String) -> PlanInputError {
            PlanInputError(
                file, line: record.line(of: column),
                "\(column) of \"\(name.prefix(80))\" is \"\((record.text(column) ?? "").prefix(40))\": \(rule)"
            )
        }
        func memory(_ column: String) throws(PlanInputError) -> Int? {
            guard let text = record.text(column) else { return nil }
            guard let octets = MemorySize.octets(text), octets <= 1 << 46 else {
                throw fault(column, "write a size that is not negative, such as 800MB or 7.4 (GB)")
            }
            return octets
        }
        func compute(_ column: String) throws(PlanInputError) -> Int? {
            guard var text = record.text(column) else { return nil }
            if text.hasSuffix("%") { text = String(text.dropLast()).trimmed() }
            guard let share = ExactNumber(text)?.times(1_000_000), share <= 1 << 40 else {
                throw fault(column, "write percent of a chip that are not negative, such as 4.5")
            }
            return share
        }
        func count(_ column: String, _ most: Int) throws(PlanInputError) -> Int? {
            guard let text = record.text(column) else { return nil }
            guard let number = Int(text), (1...most).contains(number) else {
                throw fault(column, "write a whole number from 1 to \(most)")
            }
            return number
        }
        func positive(_ column: String) throws(PlanInputError) -> Double? {
            guard let text = record.text(column) else { return nil }
            guard let number = ExactNumber(text)?.value, number > 0, number <= 1e9 else {
                throw fault(column, "write a number above 0")
            }
            return number
        }
        var clock: ServingClock?
        if let text = record.text("clock") {
            guard let known = ServingClock(rawValue: text) else {
                throw fault(
                    "clock", "known are \(ServingClock.allCases.map(\.rawValue).joined(separator: " and "))")
            }
            clock = known
        }
        guard let size = try memory("memory") else {
            throw PlanInputError(
                file, line: record.line, "\"\(name.prefix(80))\" has no memory: write a size, such as 800MB")
        }
        let share = try compute("compute")
        let rate = try positive("rate")
        if clock != nil {
            guard rate != nil, share == nil else {
                throw fault("clock", "with a clock the rate is given, and no compute: it follows from them")
            }
        } else if share == nil {
            throw PlanInputError(
                file, line: record.line,
                "\"\(name.prefix(80))\" has no compute: write percent of a chip, or a rate and a clock")
        }
        let spread = record.text("spread") ?? "false"
        guard ["true", "false", "yes", "no"].contains(spread) else {
            throw fault("spread", "write true or false")
        }
        var model = PlannedModel(
            name: name, line: record.line, memory: size, compute: share ?? 0, cores: try count("cores", 512),
            copies: try count("copies", PlannedModel.mostCopies) ?? 1,
            isSpread: spread == "true" || spread == "yes",
            rate: rate, p90: try positive("p90"), clock: clock)
        for family in families {
            model.memoryByFamily[family] = try memory("memory.\(family)")
            model.computeByFamily[family] = try compute("compute.\(family)")
        }
        for dimension in dimensions {
            guard let text = record.text(dimension), let number = ExactNumber(text)?.times(1_000),
                number <= 1 << 40
            else {
                throw fault(dimension, "write a number that is not negative")
            }
            model.further.append(number)
        }
        return model
    }
}
