// Numbers of two octets in the product. Two numbers of a column of B lie in the place of one float. Where the CPU multiplies
// pairs of BF16 as fast as it should, two numbers of a row of A do so as well and a step takes two depths; otherwise, and by
// FP16, a part of a panel is widened in the first-level cache and multiplied in single precision, in which products of such
// numbers are exact. Of a pair the second is multiplied first, as VDPBF16PS does, so that all ways give the same bits.

/// How a product's parts are widened before rows meet them.
public struct WidenedPart {
    /// `pairs` or `halves`.
    @usableFromInline let format: MatrixFormat
    /// Room for a part: `unpackedPanelCount` floats.
    @usableFromInline let panel: UnsafeMutablePointer<Float>

    @inlinable @inline(__always)
    init(format: MatrixFormat, panel: UnsafeMutablePointer<Float>) {
        self.format = format
        self.panel = panel
    }
}

extension Kernels {
    /// Steps for a depth.
    @inlinable @inline(__always)
    public func pairSteps(_ depth: Int) -> Int { (depth + 1) / 2 }

    /// See `Kernels.packRounded`.
    @inlinable @inline(__always)
    public func packRounded(
        _ source: UnsafePointer<Float>, format: MatrixFormat, columns: Int, depth: Int, columnStride: Int,
        depthStride: Int, into destination: UnsafeMutablePointer<Float>
    ) {
        let isHalf = format == .halves
        for part in pairParts(columns: columns, depth: depth) {
            for step in part.steps {
                let out = destination + (part.offset + (step - part.steps.lowerBound) * part.room)
                for n in 0..<part.room {
                    var pair: UInt32 = 0
                    for half in 0..<2 where n < part.columns.count && 2 * step + half < depth {
                        let place =
                            (part.columns.lowerBound + n) * columnStride + (2 * step + half) * depthStride
                        let value = source[place]
                        let bits = isHalf ? value.halfBits : BFloat16.bits(of: value)
                        pair |= UInt32(bits) << UInt32(16 * half)
                    }
                    out[n] = Float(bitPattern: pair)
                }
            }
        }
    }

    /// The parts of a matrix of pairs: steps of two depths, as many as the first-level cache holds when they are widened.
    @inlinable @inline(__always)
    public func pairParts(columns: Int, depth: Int, panels: Range<Int>? = nil) -> PanelParts {
        parts(columns: columns, steps: pairSteps(depth), depth: depth, panels: panels)
    }

    @inlinable @inline(__always)
    func multiplyPairs(
        _ a: UnsafePointer<Float>, rows: Int, aStride: Int, by matrix: PackedMatrix, panels: Range<Int>?,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let isHalf = matrix.format == .halves
        if isHalf || widensPairs && rows > unpackedRows {
            let stride = 2 * pairSteps(matrix.depth)
            for row in 0..<rows {
                let (from, out) = (a + row * aStride, scratch + row * stride)
                if isHalf {
                    swapPairs(from, count: matrix.depth, into: out) { $0.roundedToHalf }
                } else {
                    WidenedPairs.round(from, count: matrix.depth, into: out)
                }
            }
            product(
                WidenedPairs.self, scratch, rows: rows, depth: matrix.depth, aStride: stride,
                packed: matrix.start, columns: matrix.columns, panels: panels,
                widened: WidenedPart(format: matrix.format, panel: scratch + rows * stride), into: c,
                cStride: cStride, adds: adds, finish: finish)
        } else {
            let stride = pairSteps(matrix.depth) * Pairs.operandFloats
            for row in 0..<rows {
                Pairs.round(a + row * aStride, count: matrix.depth, into: scratch + row * stride)
            }
            product(
                Pairs.self, scratch, rows: rows, depth: matrix.depth, aStride: stride,
                packed: matrix.start, columns: matrix.columns, panels: panels, into: c, cStride: cStride,
                adds: adds, finish: finish)
        }
    }

    /// Each step's two lines of numbers, one below the other, that of the second numbers first.
    @inlinable @inline(__always)
    func widen(_ part: UnsafePointer<Float>, count: Int, room: Int, into widened: WidenedPart) {
        if widened.format == .halves {
            widen(part, count: count, room: room, into: widened.panel) {
                ($0.upperFiniteHalves, $0.lowerFiniteHalves)
            }
        } else {
            widen(part, count: count, room: room, into: widened.panel) { ($0.upperHalves, $0.lowerHalves) }
        }
    }

    @inlinable @inline(__always)
    func widen(
        _ part: UnsafePointer<Float>, count: Int, room: Int, into out: UnsafeMutablePointer<Float>,
        _ numbers: (Vector) -> (Vector, Vector)
    ) {
        for step in 0..<count {
            let (from, lines) = (part + step * room, out + 2 * step * room)
            for column in stride(from: 0, to: room, by: Vector.scalarCount) {
                let (second, first) = numbers(Vector(at: from + column))
                second.store(to: lines + column)
                first.store(to: lines + room + column)
            }
        }
    }
}
