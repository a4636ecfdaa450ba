// `serving.properties` beside a model, as DJL Serving and LMI have it: lines of `key=value`, `#` begins a comment.
// `ModelProperties` says what of it is obeyed.

internal import SystemIO

/// The properties of a model's folder.
enum ServingProperties {
    /// Reads the file of a folder; nothing where there is none.
    ///
    /// - Throws: `SystemError` where it cannot be read.
    static func read(directory: String) throws -> [String: String] {
        let path = directory + "/serving.properties"
        guard Files.exists(path) else { return [:] }
        return parse(try Files.readText(path))
    }

    /// Reads lines; of a key that comes twice the last counts.
    static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            guard !line.isEmpty, line.first != "#", line.first != "!",
                let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" })
            else { continue }
            values[String(trimmed(line[..<mark]))] = String(trimmed(line[line.index(after: mark)...]))
        }
        return values
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
