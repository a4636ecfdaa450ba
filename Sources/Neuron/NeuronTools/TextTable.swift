// The tables of neuron-ls: a frame, two lines of heading, one line per row. Two generations of the tool place their
// texts differently, and scripts read both.

/// A framed table.
struct TextTable {
    /// Where a cell's text stands.
    enum Style {
        /// Everything in the middle, an odd blank on the left: the older tool.
        case centred
        /// Headings in the middle, an odd blank on the right; cells on the left: the newer tool.
        case leftAligned
    }

    /// A column: two lines of heading and a text for each row.
    struct Column {
        var heading: (String, String)
        var cells: [String]
    }

    var style: Style
    var columns: [Column]

    /// The table; columns without a text in any row are left out, as neuron-ls does.
    func rendered() -> String {
        let shown = columns.filter { column in column.cells.contains { !$0.isEmpty } }
        guard let first = shown.first else { return "" }
        let widths = shown.map { column in
            ([column.heading.0, column.heading.1] + column.cells).map(\.count).max() ?? 0
        }
        let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) + "+" }.joined() + "\n"
        func line(_ texts: [String], _ place: (String, Int) -> String) -> String {
            "|" + zip(texts, widths).map { " " + place($0, $1) + " |" }.joined() + "\n"
        }
        let heading = line(shown.map(\.heading.0), centre) + line(shown.map(\.heading.1), centre)
        let rows = first.cells.indices.map { row in
            line(shown.map { $0.cells[row] }, style == .centred ? centre : left)
        }
        return rule + heading + rule + rows.joined() + rule
    }

    private func centre(_ text: String, _ width: Int) -> String {
        let blanks = width - text.count
        let before = style == .centred ? (blanks + 1) / 2 : blanks / 2
        return String(repeating: " ", count: before) + text + String(repeating: " ", count: blanks - before)
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: width - text.count)
    }
}
