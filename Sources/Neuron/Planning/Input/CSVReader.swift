// Comma-separated values (RFC 4180): a heading, then a record a line; quotes where a value has a comma, a quote or a line end.

/// Reads CSV.
enum CSVReader {
    /// The longest line, in octets: what is longer is no table of models.
    static let longestLine = 64 << 10

    static func read(_ bytes: [UInt8], file: String) throws(PlanInputError) -> PlanRecords {
        var reader = Reader(bytes: bytes, file: file)
        guard let (names, line) = try reader.row() else {
            throw PlanInputError(file, "the file is empty: its first line names the columns")
        }
        let columns = names.map { $0.trimmed() }
        for (index, name) in columns.enumerated() {
            guard !name.isEmpty else {
                throw PlanInputError(file, line: line, "column \(index + 1) has no name")
            }
            guard !columns[..<index].contains(name) else {
                throw PlanInputError(file, line: line, "the column \"\(name.prefix(40))\" is there twice")
            }
        }
        var found = PlanRecords()
        while let (cells, line) = try reader.row() {
            guard cells.count == columns.count else {
                throw PlanInputError(
                    file, line: line, "\(cells.count) values, the heading has \(columns.count) columns")
            }
            guard found.records.count < PlanRecords.most else {
                throw PlanInputError(
                    file, line: line, "more than \(PlanRecords.most) records: split the file")
            }
            found.records.append(
                PlanRecord(
                    line: line,
                    fields: zip(columns, cells).map { .init(name: $0, text: $1.trimmed(), line: line) }))
        }
        return found
    }

    private struct Reader {
        let bytes: [UInt8]
        let file: String
        var offset = 0
        var line = 1

        init(bytes: [UInt8], file: String) {
            self.bytes = bytes
            self.file = file
            if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
        }

        /// The cells of the next line that is not empty, and its number.
        mutating func row() throws(PlanInputError) -> (cells: [String], line: Int)? {
            while offset < bytes.count {
                let start = line
                let cells = try cells()
                if cells.count > 1 || !(cells.first ?? "").trimmed().isEmpty { return (cells, start) }
            }
            return nil
        }

        private mutating func cells() throws(PlanInputError) -> [String] {
            var cells: [String] = []
            var cell: [UInt8] = []
            let start = (offset, line)
            var isQuoted = false
            while offset < bytes.count {
                let byte = bytes[offset]
                offset += 1
                guard offset - start.0 <= CSVReader.longestLine else {
                    throw PlanInputError(
                        file, line: start.1, "a line of more than \(CSVReader.longestLine) octets")
                }
                if isQuoted {
                    if byte == UInt8(ascii: "\""), offset < bytes.count, bytes[offset] == byte {
                        cell.append(byte)
                        offset += 1
                    } else if byte == UInt8(ascii: "\"") {
                        isQuoted = false
                    } else {
                        if byte == 10 { line += 1 }
                        cell.append(byte)
                    }
                    continue
                }
                switch byte {
                case UInt8(ascii: "\"") where cell.allSatisfy({ $0 == 32 }):
                    cell = []
                    isQuoted = true
                case UInt8(ascii: ","):
                    cells.append(String(decoding: cell, as: UTF8.self))
                    cell = []
                case 10:
                    line += 1
                    cells.append(String(decoding: cell, as: UTF8.self))
                    return cells
                case 13: break
                default: cell.append(byte)
                }
            }
            guard !isQuoted else { throw PlanInputError(file, line: start.1, "a quote that is never closed") }
            cells.append(String(decoding: cell, as: UTF8.self))
            return cells
        }
    }
}

extension String {
    /// Without blanks at both ends.
    func trimmed() -> String {
        var part = self[...]
        while part.first?.isWhitespace == true { part.removeFirst() }
        while part.last?.isWhitespace == true { part.removeLast() }
        return String(part)
    }
}
