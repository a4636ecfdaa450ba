// The code of RFC 7541 appendix B is canonical: codes are numbered in order of length, then of symbol. So the 257
// lengths are the whole table; codes and the decoder's states are computed from them once, at first use.

/// The Huffman code for header strings (RFC 7541 §5.2).
enum Huffman {
    /// Code lengths in bits of the octets 0 to 255 and of EOS.
    private static let lengthList: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
        7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
        23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
        21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    ]
    private static let endOfString = 256

    /// The code of each symbol, right-aligned in 32 bits.
    private static let codeList: [UInt32] = {
        let lengths = lengthList
        var codes = [UInt32](repeating: 0, count: lengths.count)
        let order = lengths.indices.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        var next: UInt32 = 0
        var length = lengths[order[0]]
        for symbol in order {
            next <<= UInt32(lengths[symbol] - length)
            length = lengths[symbol]
            codes[symbol] = next
            next += 1
        }
        return codes
    }()

    /// What four bits do to a state. States are the tree's 256 inner nodes, 0 is the root.
    private struct Step: BitwiseCopyable {
        /// The state that follows.
        var next: UInt8 = 0
        /// The octet that these bits completed, if `emits`.
        var symbol: UInt8 = 0
        var emits = false
        /// The bits complete EOS, which must not occur (§5.2).
        var fails = false
        /// The string may end here: at most seven bits are open and all are ones (§5.2).
        var mayEnd = false
    }

    /// The step of state `s` and bits `b` is at `16 * s + b`. No code is shorter than five bits, so four bits never
    /// complete two symbols.
    private static let stepList: [Step] = {
        // A child below 257 is a leaf (its symbol), from 257 an inner node (257 + its number).
        var children = [[Int]]()
        var isPadding = [true]
        children.append([-1, -1])
        for symbol in lengthList.indices {
            var node = 0
            for bit in stride(from: Int(lengthList[symbol]) - 1, through: 0, by: -1) {
                let way = Int(codeList[symbol] >> UInt32(bit) & 1)
                if bit == 0 {
                    children[node][way] = symbol
                } else if children[node][way] < 0 {
                    let depth = Int(lengthList[symbol]) - bit
                    children.append([-1, -1])
                    isPadding.append(isPadding[node] && way == 1 && depth <= 7)
                    children[node][way] = 257 + children.count - 1
                    node = children.count - 1
                } else {
                    node = children[node][way] - 257
                }
            }
        }
        var steps = [Step](repeating: Step(), count: children.count * 16)
        for state in children.indices {
            for bits in 0..<16 {
                var step = Step()
                var node = state
                for bit in stride(from: 3, through: 0, by: -1) {
                    let child = children[node][bits >> bit & 1]
                    if child == endOfString {
                        step.fails = true
                        break
                    }
                    if child < endOfString {
                        step.symbol = UInt8(child)
                        step.emits = true
                        node = 0
                    } else {
                        node = child - 257
                    }
                }
                step.next = UInt8(node)
                step.mayEnd = isPadding[node]
                steps[state * 16 + bits] = step
            }
        }
        return steps
    }()

    /// The tables for reading, where no reference has to be counted and no index checked: octets, states and bits are
    /// within them by their types. Made once and never given back.
    private struct Tables: @unchecked Sendable {
        // @unchecked: the memory is written once, before anybody else can see it.
        let lengths = Self.copy(Huffman.lengthList)
        let codes = Self.copy(Huffman.codeList)
        let steps = Self.copy(Huffman.stepList)

        private static func copy<Element: BitwiseCopyable>(_ list: [Element]) -> UnsafePointer<Element> {
            let memory = UnsafeMutablePointer<Element>.allocate(capacity: list.count)
            for (index, element) in list.enumerated() { (memory + index).initialize(to: element) }
            return UnsafePointer(memory)
        }
    }

    private static let tables = Tables()

    /// Decodes the octets of `range`, which must be inside of `bytes`, to the end of `output`.
    static func decode(
        _ bytes: RawSpan, _ range: Range<Int>, into output: inout [UInt8]
    ) throws(HPACKError) {
        guard range.lowerBound >= 0, range.upperBound <= bytes.byteCount else { throw .truncated }
        let steps = tables.steps
        // No code is shorter than five bits.
        let isWhole = bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: range.count * 8 / 5 + 1) { text in
                var count = 0
                var step = Step(mayEnd: true)
                for octet in UnsafeRawBufferPointer(rebasing: bytes[range]) {
                    step = steps[Int(step.next) << 4 | Int(octet >> 4)]
                    if step.fails { return false }
                    text[count] = step.symbol
                    count += step.emits ? 1 : 0
                    step = steps[Int(step.next) << 4 | Int(octet & 15)]
                    if step.fails { return false }
                    text[count] = step.symbol
                    count += step.emits ? 1 : 0
                }
                output.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<count]))
                return step.mayEnd
            }
        }
        guard isWhole else { throw .huffman }
    }

    /// As below, of a slice.
    static func encodedLength(_ octets: ArraySlice<UInt8>) -> Int {
        octets.withUnsafeBufferPointer { encodedLength($0) }
    }

    /// As below, of a slice.
    static func encode(_ octets: ArraySlice<UInt8>, into output: inout [UInt8]) {
        octets.withUnsafeBufferPointer { encode($0, into: &output) }
    }

    /// The octets that `encode` would append.
    static func encodedLength(_ octets: UnsafeBufferPointer<UInt8>) -> Int {
        let lengths = tables.lengths
        var bits = 0
        for octet in octets { bits += Int(lengths[Int(octet)]) }
        return (bits + 7) / 8
    }

    /// Appends the code of `octets`, padded with ones.
    static func encode(_ octets: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        let lengths = tables.lengths
        let codes = tables.codes
        var pending: UInt64 = 0
        var count: UInt64 = 0
        for octet in octets {
            let length = UInt64(lengths[Int(octet)])
            pending = pending << length | UInt64(codes[Int(octet)])
            count += length
            while count >= 8 {
                count -= 8
                output.append(UInt8(truncatingIfNeeded: pending >> count))
            }
        }
        guard count > 0 else { return }
        let padding = 8 - count
        output.append(UInt8(truncatingIfNeeded: pending << padding | (1 << padding - 1)))
    }
}
