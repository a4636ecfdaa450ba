// What is wrong with a file is said once, with the file, the line and the name, so that it can be mended without a search.

/// A fault in a file of models or prices: one sentence.
package struct PlanInputError: Error, Equatable, CustomStringConvertible {
    /// The file as it was named.
    package var file: String
    /// From 1; nil where the whole file is meant.
    package var line: Int?
    /// The thing, the value, the mend.
    package var text: String

    init(_ file: String, line: Int? = nil, _ text: String) {
        self.file = file
        self.line = line
        self.text = text
    }

    /// `models.csv:7: model "a" ...`
    package var description: String {
        if let line { "\(file):\(line): \(text)" } else { "\(file): \(text)" }
    }
}
