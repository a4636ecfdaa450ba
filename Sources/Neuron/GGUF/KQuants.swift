// The k-quants: 256 numbers under one or two scales of half precision, in groups of 16 or 32 with small scales of their
// own (`ggml-quants.c`, dequantize_row_q2_K and its siblings).

extension Block {
    func widenQ2K(_ out: UnsafeMutablePointer<Float>) {
        let (scale, least) = (half(80), half(82))
        for group in 0..<16 {
            // Eight groups share 32 octets, two bits each: groups 0 and 1 have the lowest.
            let (part, shift) = (group / 8, group % 8 / 2 * 2)
            let place = 16 + part * 32 + group % 2 * 16
            let factor = scale * Float(self[group] & 15)
            let offset = least * Float(self[group] >> 4)
            for index in 0..<16 {
                out[group * 16 + index] = factor * Float(self[place + index] >> shift & 3) - offset
            }
        }
    }

    func widenQ3K(_ out: UnsafeMutablePointer<Float>) {
        let scale = half(108)
        for group in 0..<16 {
            let (part, shift) = (group / 8, group % 8 / 2 * 2)
            let half = group % 2 * 16
            let place = 32 + part * 32 + half
            let low = group < 8 ? self[96 + group] & 15 : self[96 + group - 8] >> 4
            let high = self[104 + group % 4] >> (group / 4 * 2) & 3
            let factor = scale * Float(Int(low | high << 4) - 32)
            let bit = UInt8(1) << (part * 4 + group % 8 / 2)
            for index in 0..<16 {
                let value = Int(self[place + index] >> shift & 3) - (self[half + index] & bit == 0 ? 4 : 0)
                out[group * 16 + index] = factor * Float(value)
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

    func widenQ4K(_ out: UnsafeMutablePointer<Float>) {
        let (scale, least) = (half(0), half(2))
        for group in 0..<8 {
            let six = sixBits(group)
            let factor = scale * Float(six.scale)
            let offset = least * Float(six.least)
            let place = 16 + group / 2 * 32
            for index in 0..<32 {
                let octet = self[place + index]
                out[group * 32 + index] = factor * Float(group % 2 == 0 ? octet & 15 : octet >> 4) - offset
            }
        }
    }

    func widenQ5K(_ out: UnsafeMutablePointer<Float>) {
        let (scale, least) = (half(0), half(2))
        for group in 0..<8 {
            let six = sixBits(group)
            let factor = scale * Float(six.scale)
            let offset = least * Float(six.least)
            let place = 48 + group / 2 * 32
            for index in 0..<32 {
                let octet = self[place + index]
                let low = group % 2 == 0 ? octet & 15 : octet >> 4
                let high = self[16 + index] >> group & 1
                out[group * 32 + index] = factor * Float(low | high << 4) - offset
            }
        }
    }

    func widenQ6K(_ out: UnsafeMutablePointer<Float>) {
        let scale = half(208)
        for part in 0..<2 {
            for row in 0..<4 {
                for index in 0..<32 {
                    let octet = self[part * 64 + row % 2 * 32 + index]
                    let low = row < 2 ? octet & 15 : octet >> 4
                    let high = self[128 + part * 32 + index] >> (row * 2) & 3
                    let small = Int8(bitPattern: self[192 + part * 8 + row * 2 + index / 16])
                    out[part * 128 + row * 32 + index] =
                        scale * Float(small) * Float(Int(low | high << 4) - 32)
                }
            }
        }
    }
}
