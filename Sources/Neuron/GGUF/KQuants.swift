// The k-quants: 256 numbers under one or two scales of half precision, in groups of 16 or 32 with small scales of their
// own (`ggml-quants.c`, dequantize_row_q2_K and its siblings).

extension Block {
    func splitQ2K(_ parts: BlockParts) {
        let (scale, least) = (half(80), half(82))
        for group in 0..<16 {
            // Eight groups share 32 octets, two bits each: groups 0 and 1 have the lowest.
            let (part, shift) = (group / 8, group % 8 / 2 * 2)
            let place = 16 + part * 32 + group % 2 * 16
            parts.scales[group] = scale * Float(self[group] & 15)
            parts.leasts[group] = -(least * Float(self[group] >> 4))
            for index in 0..<16 { parts.numbers[group * 16 + index] = self[place + index] >> shift & 3 }
        }
    }

    func splitQ3K(_ parts: BlockParts) {
        let scale = half(108)
        for group in 0..<16 {
            let (part, shift) = (group / 8, group % 8 / 2 * 2)
            let half = group % 2 * 16
            let place = 32 + part * 32 + half
            let low = group < 8 ? self[96 + group] & 15 : self[96 + group - 8] >> 4
            let high = self[104 + group % 4] >> (group / 4 * 2) & 3
            let factor = scale * Float(Int(low | high << 4) - 32)
            parts.scales[group] = factor
            parts.leasts[group] = -4 * factor
            let bit = UInt8(1) << (part * 4 + group % 8 / 2)
            for index in 0..<16 {
                parts.numbers[group * 16 + index] =
                    self[place + index] >> shift & 3 | (self[half + index] & bit == 0 ? 0 : 4)
            }
        }
    }

    /// Scale and least value of a group of 32, six bits each, of the twelve octets at 4.
    private func sixBits(_ group: Int) -> (scale: UInt8, least: UInt8) {
        if group < 4 { return (self[4 + group] & 63, self[8 + group] & 63) }
        return (
            self[8 + group] & 15 | (self[group] >> 6) << 4, self[8 + group] >> 4 | (self[4 + group] >> 6) << 4
        )
    }

    /// The scales of Q4_K and Q5_K.
    private func splitScales(_ parts: BlockParts) {
        let (scale, least) = (half(0), half(2))
        for group in 0..<8 {
            let six = sixBits(group)
            parts.scales[group] = scale * Float(six.scale)
            parts.leasts[group] = -(least * Float(six.least))
        }
    }

    func splitQ4K(_ parts: BlockParts) {
        splitScales(parts)
        for pair in 0..<4 {
            let out = parts.numbers + pair * 64
            for index in 0..<32 {
                let octet = self[16 + pair * 32 + index]
                out[index] = octet & 15
                out[index + 32] = octet >> 4
            }
        }
    }

    func splitQ5K(_ parts: BlockParts) {
        splitScales(parts)
        for group in 0..<8 {
            let out = parts.numbers + group * 32
            for index in 0..<32 {
                let octet = self[48 + group / 2 * 32 + index]
                let low = group % 2 == 0 ? octet & 15 : octet >> 4
                out[index] = low | (self[16 + index] >> group & 1) << 4
            }
        }
    }

    func splitQ6K(_ parts: BlockParts) {
        let scale = half(208)
        for group in 0..<16 {
            let factor = scale * Float(Int8(bitPattern: self[192 + group]))
            parts.scales[group] = factor
            parts.leasts[group] = -32 * factor
        }
        for part in 0..<2 {
            for row in 0..<4 {
                let out = parts.numbers + (part * 128 + row * 32)
                for index in 0..<32 {
                    let octet = self[part * 64 + row % 2 * 32 + index]
                    let low = row < 2 ? octet & 15 : octet >> 4
                    out[index] = low | (self[128 + part * 32 + index] >> (row * 2) & 3) << 4
                }
            }
        }
    }
}
