// Numbers of two octets in the product. Two numbers of a column of B lie in the place of one float. By BF16, two numbers of a
// row of A do so as well and a step takes two depths; by FP16, which CPUs multiply less often, a part of a panel is widened
// in the first-level cache and multiplied in single precision, in which products of FP16 numbers are exact.

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
        let steps = pairSteps(depth)
        let isHalf = format == .halves
        let parts =
            isHalf ? halfParts(columns: columns, depth: depth) : parts(columns: columns, steps: steps)
        for part in parts {
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

    /// The parts of a matrix in FP16: steps of two depths, as many as the first-level cache holds when they are widened.
    @inlinable @inline(__always)
    func halfParts(columns: Int, depth: Int, panels: Range<Int>? = nil) -> PanelParts {
        parts(columns: columns, steps: pairSteps(depth), depth: depth, panels: panels)
    }

    @inlinable @inline(__always)
    func multiplyHalves(
        _ a: UnsafePointer<Float>, rows: Int, aStride: Int, by matrix: PackedMatrix, panels: Range<Int>?,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let steps = pairSteps(matrix.depth)
        let (stride, panel) = (2 * steps, scratch + rows * 2 * steps)
        for row in 0..<rows {
            let (from, out) = (a + row * aStride, scratch + row * stride)
            for k in 0..<matrix.depth { out[k] = from[k].roundedToHalf }
            for k in matrix.depth..<stride { out[k] = 0 }
        }
        for part in halfParts(columns: matrix.columns, depth: matrix.depth, panels: panels) {
            let start = matrix.start + part.offset
            widenHalves(start, count: part.steps.count, room: part.room, into: panel)
            let product = PanelProduct<Singles>(
                a: scratch + 2 * part.steps.lowerBound, aStride: stride, panel: panel,
                next: start + part.steps.count * part.room, steps: 2 * part.steps.count,
                c: c + part.columns.lowerBound, cStride: cStride, width: part.columns.count, rows: rows,
                add: adds || part.steps.lowerBound > 0)
            multiplyPanel(product, vectors: part.room / Vector.scalarCount)
            finishPart(part, of: steps, c, rows: rows, stride: cStride, finish)
        }
    }

    /// Each step's two lines of numbers, one below the other.
    @inlinable @inline(__always)
    func widenHalves(
        _ part: UnsafePointer<Float>, count: Int, room: Int, into out: UnsafeMutablePointer<Float>
    ) {
        for step in 0..<count {
            let (from, lines) = (part + step * room, out + 2 * step * room)
            for column in stride(from: 0, to: room, by: Vector.scalarCount) {
                let pairs = Vector(at: from + column)
                pairs.lowerFiniteHalves.store(to: lines + column)
                pairs.upperFiniteHalves.store(to: lines + room + column)
            }
        }
    }
}
