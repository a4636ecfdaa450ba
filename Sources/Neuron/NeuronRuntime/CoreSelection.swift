// NEURON_RT_VISIBLE_CORES and NEURON_RT_NUM_CORES, as the Neuron runtime reads them: the first beats the second, its
// cores must be consecutive and increasing, numbers count from the first chip that the container sees.

/// Which cores a process asks for.
package enum CoreSelection: Equatable, Sendable {
    /// Every core of the visible devices: what happens when nothing is said.
    case all
    /// Any free run of this many cores.
    case count(Int)
    /// These cores.
    case cores(Range<Int>)

    /// Reads the two variables.
    ///
    /// - Throws: `DeviceError.badVariable` or `.notContiguous`.
    package init(environment: [String: String]) throws(DeviceError) {
        if let list = environment["NEURON_RT_VISIBLE_CORES"], !list.isEmpty {
            self = .cores(try Self.parse(list))
            return
        }
        guard let count = environment["NEURON_RT_NUM_CORES"], !count.isEmpty else {
            self = .all
            return
        }
        guard let number = coreNumber(Substring(count)) else {
            throw .badVariable(name: "NEURON_RT_NUM_CORES", value: count)
        }
        self = number == 0 ? .all : .count(number)
    }

    /// Reads a core list: `3`, `0-7`, `3-5,6`, `0,1,2,3`.
    ///
    /// - Throws: `DeviceError.badVariable` for what is no list, `.notContiguous` for gaps, steps back and repeats.
    package static func parse(_ list: String) throws(DeviceError) -> Range<Int> {
        var range: Range<Int>?
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = coreNumber(ends[0]), let last = coreNumber(ends[ends.count - 1]) else {
                throw .badVariable(name: "NEURON_RT_VISIBLE_CORES", value: list)
            }
            guard first <= last, range == nil || range?.upperBound == first else {
                throw .notContiguous(value: list)
            }
            range = (range?.lowerBound ?? first)..<last + 1
        }
        guard let range else { throw .badVariable(name: "NEURON_RT_VISIBLE_CORES", value: list) }
        return range
    }
}

/// A core's number: digits only, below 65,536; spaces around it are allowed.
private func coreNumber(_ text: Substring) -> Int? {
    let trimmed = text.drop { $0 == " " }
    let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 5, trimmed.dropFirst(digits.count).allSatisfy({ $0 == " " }),
        let number = Int(digits), number < 65_536
    else { return nil }
    return number
}
