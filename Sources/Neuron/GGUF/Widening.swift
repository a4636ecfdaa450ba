// Stored numbers as single precision, for the formats of one scale for 32 numbers and for plain ones. The order of the
// arithmetic is that of ggml (`ggml-quants.c`), so that results are equal to the bit.

internal import KernelTemplates

extension GGUFElementType {
    /// Makes single precision of whole blocks.
    ///
    /// - Parameters:
    ///   - source: blocks without gaps.
    ///   - destination: as many numbers as they hold.
    func widen(_ source: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) {
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        for block in 0..<destination.count / blockCount {
            let octets = Block(from + block * blockSize)
            let out = to + block * blockCount
            switch self {
            case .f32: out.pointee = octets.single(0)
            case .f16: out.pointee = octets.half(0)
            case .bf16: out.pointee = Float(brainBits: octets.word(0))
            case .q40: octets.nibbles(scale: octets.half(0), at: 2, out) { Float(Int($0) - 8) }
            case .q41: octets.nibbles(scale: octets.half(0), least: octets.half(2), at: 4, out)
            case .q50: octets.fiveBits(scale: octets.half(0), at: 2, out)
            case .q51: octets.fiveBits(scale: octets.half(0), least: octets.half(2), at: 4, out)
            case .q80:
                let scale = octets.half(0)
                for place in 0..<32 { out[place] = Float(Int8(bitPattern: octets[2 + place])) * scale }
            case .q2k: octets.widenQ2K(out)
            case .q3k: octets.widenQ3K(out)
            case .q4k: octets.widenQ4K(out)
            case .q5k: octets.widenQ5K(out)
            case .q6k: octets.widenQ6K(out)
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
    func nibbles(
        scale: Float, at place: Int, _ out: UnsafeMutablePointer<Float>, _ value: (UInt8) -> Float
    ) {
        for index in 0..<16 {
            out[index] = value(octets[place + index] & 15) * scale
            out[index + 16] = value(octets[place + index] >> 4) * scale
        }
    }

    /// The same above a least value.
    func nibbles(scale: Float, least: Float, at place: Int, _ out: UnsafeMutablePointer<Float>) {
        for index in 0..<16 {
            out[index] = Float(octets[place + index] & 15) * scale + least
            out[index + 16] = Float(octets[place + index] >> 4) * scale + least
        }
    }

    /// The fifth bits of 32 numbers, then their lower four as `nibbles` has them.
    private func five(at place: Int, _ index: Int) -> (low: Int, high: Int) {
        let bits = UInt32(word(place)) | UInt32(word(place + 2)) << 16
        let nibbles = octets[place + 4 + index]
        let low = Int(nibbles & 15) | Int(bits >> index & 1) << 4
        let high = Int(nibbles >> 4) | Int(bits >> (index + 16) & 1) << 4
        return (low, high)
    }

    func fiveBits(scale: Float, at place: Int, _ out: UnsafeMutablePointer<Float>) {
        for index in 0..<16 {
            let (low, high) = five(at: place, index)
            out[index] = Float(low - 16) * scale
            out[index + 16] = Float(high - 16) * scale
        }
    }

    func fiveBits(scale: Float, least: Float, at place: Int, _ out: UnsafeMutablePointer<Float>) {
        for index in 0..<16 {
            let (low, high) = five(at: place, index)
            out[index] = Float(low) * scale + least
            out[index + 16] = Float(high) * scale + least
        }
    }
}
