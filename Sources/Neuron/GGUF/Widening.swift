// Stored numbers taken apart, and as single precision. All of ggml's blocks are the same thing: numbers of a few bits in
// groups of 16 or 32, of which each has a scale and a least value. All products and sums but the last are exact in single
// precision, so results are equal to those of ggml (`ggml-quants.c`); only a zero may have another sign.

internal import KernelTemplates

/// What a block is taken apart into; each has room for the block's.
struct BlockParts {
    /// Numbers of up to eight bits.
    let numbers: UnsafeMutablePointer<UInt8>
    /// A scale for each group.
    let scales: UnsafeMutablePointer<Float>
    /// A least value for each group: a number's value is `number * scale + least`.
    let leasts: UnsafeMutablePointer<Float>
}

extension GGUFElementType {
    /// Numbers that share a scale; nil for formats without scales.
    package var groupCount: Int? {
        switch self {
        case .f32, .f16, .bf16: nil
        case .q40, .q41, .q50, .q51, .q80, .q4k, .q5k: 32
        case .q2k, .q3k, .q6k: 16
        }
    }

    /// Whether four bits hold each number.
    package var hasNibbles: Bool {
        switch self {
        case .q40, .q41, .q4k: true
        default: false
        }
    }

    /// Takes one block apart; not for formats without groups.
    func split(_ block: Block, _ parts: BlockParts) {
        switch self {
        case .f32, .f16, .bf16: break
        case .q40: block.splitNibbles(parts, scale: block.half(0), least: -8 * block.half(0), at: 2)
        case .q41: block.splitNibbles(parts, scale: block.half(0), least: block.half(2), at: 4)
        case .q50: block.splitFiveBits(parts, scale: block.half(0), least: -16 * block.half(0), at: 2)
        case .q51: block.splitFiveBits(parts, scale: block.half(0), least: block.half(2), at: 4)
        case .q80:
            parts.scales.pointee = block.half(0)
            parts.leasts.pointee = -128 * block.half(0)
            // From two's complement to a distance from the least.
            for place in 0..<32 { parts.numbers[place] = block[2 + place] ^ 128 }
        case .q2k: block.splitQ2K(parts)
        case .q3k: block.splitQ3K(parts)
        case .q4k: block.splitQ4K(parts)
        case .q5k: block.splitQ5K(parts)
        case .q6k: block.splitQ6K(parts)
        }
    }

    /// Makes single precision of whole blocks.
    ///
    /// - Parameters:
    ///   - source: blocks without gaps.
    ///   - destination: as many numbers as they hold.
    func widen(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        switch self {
        case .f32: for place in 0..<destination.count { to[place] = Block(from + 4 * place).single(0) }
        case .f16: for place in 0..<destination.count { to[place] = Block(from + 2 * place).half(0) }
        case .bf16:
            for place in 0..<destination.count {
                to[place] = Float(brainBits: Block(from + 2 * place).word(0))
            }
        default: widenGroups(from, to, blocks: destination.count / blockCount)
        }
    }

    private func widenGroups(_ from: UnsafeRawPointer, _ to: UnsafeMutablePointer<Float>, blocks: Int) {
        guard let group = groupCount else { return }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { numbers in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { floats in
                guard let numbers = numbers.baseAddress, let floats = floats.baseAddress else { return }
                let parts = BlockParts(numbers: numbers, scales: floats, leasts: floats + 16)
                for block in 0..<blocks {
                    split(Block(from + block * blockSize), parts)
                    let out = to + block * blockCount
                    for place in 0..<blockCount {
                        let own = place / group
                        out[place] = Float(numbers[place]) * parts.scales[own] + parts.leasts[own]
                    }
                }
            }
        }
    }
}

/// The octets of one block.
struct Block {
    private let octets: UnsafePointer<UInt8>

    init(_ octets: UnsafeRawPointer) { self.octets = octets.assumingMemoryBound(to: UInt8.self) }

    subscript(_ place: Int) -> UInt8 { octets[place] }

    /// Two octets, the lower one first.
    func word(_ place: Int) -> UInt16 { UInt16(octets[place]) | UInt16(octets[place + 1]) << 8 }

    /// A number of half precision.
    func half(_ place: Int) -> Float { Float(halfBits: word(place)) }

    /// A number of single precision.
    func single(_ place: Int) -> Float {
        Float(bitPattern: UInt32(word(place)) | UInt32(word(place + 2)) << 16)
    }

    /// 16 octets with the first 16 numbers in their lower halves and the others in the upper ones.
    func splitNibbles(_ parts: BlockParts, scale: Float, least: Float, at place: Int) {
        parts.scales.pointee = scale
        parts.leasts.pointee = least
        for index in 0..<16 {
            parts.numbers[index] = octets[place + index] & 15
            parts.numbers[index + 16] = octets[place + index] >> 4
        }
    }

    /// The fifth bits of 32 numbers, then their lower four as `splitNibbles` has them.
    func splitFiveBits(_ parts: BlockParts, scale: Float, least: Float, at place: Int) {
        splitNibbles(parts, scale: scale, least: least, at: place + 4)
        let bits = UInt32(word(place)) | UInt32(word(place + 2)) << 16
        for index in 0..<32 { parts.numbers[index] |= UInt8(bits >> UInt32(index) & 1) << 4 }
    }
}
