// Prometheus' text format (and OpenMetrics', which differs in nothing that is read here), as far as an autoscaler needs it:
// the sums of some metrics. It comes from pods, so from anybody.

/// Reads metrics that a server publishes.
enum MetricsText {
    /// A sample that is no count.
    struct Fault: Error, Equatable, CustomStringConvertible {
        /// The metric.
        var name: String
        /// What stands there.
        var value: String

        /// In one sentence.
        var description: String { "\(name) is \(value): a number of requests was expected" }
    }

    /// The sum over all labels of each of some metrics.
    ///
    /// - Returns: by name; without those that the text does not know. One that it declares (`# TYPE`) and has no sample of is
    ///   0: that of a client library that has not been given a label yet.
    /// - Throws: `Fault` where a sample of one of them is no finite number of at least 0.
    static func sums(_ text: [UInt8], of names: [String]) throws(Fault) -> [String: Double] {
        let wanted = names.map { (name: $0, octets: Array($0.utf8)) }
        var sums: [String: Double] = [:]
        var rest = text[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest[line.endIndex...].dropFirst()
            if let name = declared(line) {
                for one in wanted where name.elementsEqual(one.octets) {
                    sums[one.name] = sums[one.name] ?? 0
                }
                continue
            }
            for one in wanted where line.starts(with: one.octets) {
                let tail = line.dropFirst(one.octets.count)
                guard let first = tail.first, first == UInt8(ascii: "{") || isBlank(first) else { continue }
                sums[one.name, default: 0] += try value(tail, of: one.name)
            }
        }
        return sums
    }

    /// The name that a line `# TYPE NAME KIND` declares.
    private static func declared(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard line.first == UInt8(ascii: "#") else { return nil }
        let words = line.split(maxSplits: 3, omittingEmptySubsequences: true, whereSeparator: isBlank)
        guard words.count > 2, words[0].elementsEqual("#".utf8), words[1].elementsEqual("TYPE".utf8) else {
            return nil
        }
        return words[2]
    }

    /// The number after the labels.
    private static func value(_ tail: ArraySlice<UInt8>, of name: String) throws(Fault) -> Double {
        let written = withoutLabels(tail).drop(while: isBlank).prefix { !isBlank($0) }
        let text = String(decoding: written.prefix(40), as: UTF8.self)
        guard written.count <= 40, let number = Double(text), number.isFinite, number >= 0 else {
            throw Fault(name: name, value: text.isEmpty ? "empty" : text)
        }
        return number
    }

    /// What follows `{NAME="VALUE",...}`; a value may have any character, with `\"` for a quotation mark.
    private static func withoutLabels(_ tail: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard tail.first == UInt8(ascii: "{") else { return tail }
        var isQuoted = false
        var isEscaped = false
        for (index, octet) in zip(tail.indices, tail) {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, octet == UInt8(ascii: "\\") {
                isEscaped = true
            } else if octet == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if !isQuoted, octet == UInt8(ascii: "}") {
                return tail[(index + 1)...]
            }
        }
        return []
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 || octet == 0x0d }
}
