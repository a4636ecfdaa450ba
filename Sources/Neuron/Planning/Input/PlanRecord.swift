// CSV, YAML and JSON come down to the same: records of named texts, each with its line.

/// A record of a file: a model, or a price.
struct PlanRecord: Equatable {
    /// Where it begins.
    var line: Int
    var fields: [Field]

    /// A named text.
    struct Field: Equatable {
        var name: String
        var text: String
        var line: Int
    }

    /// The text of a field; nil where it is not given or empty.
    func text(_ name: String) -> String? {
        fields.first { $0.name == name }.flatMap { $0.text.isEmpty ? nil : $0.text }
    }

    /// The line of a field, or of the record.
    func line(of name: String) -> Int { fields.first { $0.name == name }?.line ?? line }
}

/// A file's records, and what it says about all of them.
struct PlanRecords: Equatable {
    var records: [PlanRecord] = []
    /// Texts beside the list: `currency`, `date`.
    var heading: [PlanRecord.Field] = []

    /// More records than this are refused.
    static let most = 250_000
    /// Larger files are refused, in octets.
    static let largestFile = 64 << 20

    /// Reads a file's content by the ending of its name, or by how it begins.
    ///
    /// - Parameter list: what the list of records is called in YAML and JSON, where it is not the whole document.
    static func read(_ bytes: [UInt8], file: String, list: String) throws(PlanInputError) -> PlanRecords {
        guard bytes.contains(where: { $0 > 32 }) else {
            throw PlanInputError(file, "the file is empty: give it a record for each of the \(list)")
        }
        guard bytes.allSatisfy({ $0 != 0 }) else {
            throw PlanInputError(file, "the file is not text: it has NUL octets")
        }
        if isCSV(bytes, file: file) { return try CSVReader.read(bytes, file: file) }
        return try StructuredReader.read(bytes, file: file, list: list)
    }

    /// Whether a file is CSV: by the ending of its name, or by how it begins.
    static func isCSV(_ bytes: [UInt8], file: String) -> Bool {
        if file.hasSuffix(".csv") { return true }
        return ![".yaml", ".yml", ".json"].contains { file.hasSuffix($0) } && looksLikeCSV(bytes)
    }

    /// A first line with a comma and neither brace, bracket nor colon.
    private static func looksLikeCSV(_ bytes: [UInt8]) -> Bool {
        let first = bytes.prefix { $0 != 10 }
        return first.contains(UInt8(ascii: ",")) && !first.contains { "{}[]:".utf8.contains($0) }
    }
}
