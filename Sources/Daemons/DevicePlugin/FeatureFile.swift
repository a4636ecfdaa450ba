// Labels of the node without a token: node-feature-discovery reads `name=value` lines from files in its features.d
// directory and makes labels of them.

internal import Neuron

/// What node-feature-discovery is told.
enum FeatureFile {
    /// The domain of the labels.
    static let domain = "ganglion.dev"
    /// The label that AWS's plugin sets on a node with chips, and only there; Neuron Observer runs where it is.
    static let awsLabel = "neuron.amazonaws.com/present"

    /// The file's content; labels that are not known are left out.
    static func lines(_ ledger: NodeLedger) -> [UInt8] {
        var lines: [String] = []
        func add(_ name: String, _ value: String?) {
            guard let value, let valid = label(value) else { return }
            lines.append("\(domain)/\(name)=\(valid)")
        }
        add("neuron.present", ledger.entries.isEmpty ? "false" : "true")
        if !ledger.entries.isEmpty { lines.append("\(awsLabel)=true") }
        if let inventory = ledger.inventory {
            add("neuron.family", inventory.family?.rawValue)
            add("neuron.chips", String(ledger.entries.count))
            add("neuron.healthy-chips", String(ledger.entries.count(where: \.isHealthy)))
            add("neuron.cores", String(ledger.entries.reduce(0) { $0 + $1.chip.coreCount }))
            add("neuron.logical-core-size", String(inventory.logicalCoreSize))
            add("neuron.instance-type", inventory.instanceTypeName)
            add("neuron.driver-version", inventory.driverVersion.map { "\($0)" })
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// The text as a label's value: at most 63 letters, digits, `-`, `_` and `.`, letters or digits at both ends.
    private static func label(_ text: String) -> String? {
        func isWord(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first, let last = text.utf8.last,
            isWord(first), isWord(last), text.utf8.allSatisfy({ isWord($0) || [45, 46, 95].contains($0) })
        else { return nil }
        return text
    }
}
