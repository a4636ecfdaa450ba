// Whether octets stand somewhere in others, at a few steps for each hundred of them (Horspool's search).

/// What is looked for.
struct OctetSearch: Sendable {
    private let needle: [UInt8]
    /// How far the end of the window may move on, by the octet at its end.
    private let steps: [Int]

    init(_ needle: [UInt8]) {
        self.needle = needle
        var steps = [Int](repeating: max(1, needle.count), count: 256)
        for (place, octet) in needle.dropLast().enumerated() { steps[Int(octet)] = needle.count - 1 - place }
        self.steps = steps
    }

    /// Whether it stands in a part of `octets`.
    func isFound(in octets: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        guard let last = needle.last else { return true }
        var end = range.lowerBound + needle.count - 1
        while end < range.upperBound {
            let octet = octets[end]
            if octet == last, octets[end - needle.count + 1...end].elementsEqual(needle) { return true }
            end += steps[Int(octet)]
        }
        return false
    }
}
