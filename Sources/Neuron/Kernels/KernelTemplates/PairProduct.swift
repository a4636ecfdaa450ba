// The matrix product in BF16. Two numbers of a row of A, and of a column of B, lie in the place of one float, so a step
// takes two depths and everything else is as in single precision.

extension Kernels {
    /// Steps for a depth.
    @inlinable @inline(__always)
    public func pairSteps(_ depth: Int) -> Int { (depth + 1) / 2 }

    /// See `Kernels.packedPairsSize`.
    @inlinable @inline(__always)
    public func packedPairsSize(columns: Int, depth: Int) -> Int {
        packedCount(columns: columns, depth: pairSteps(depth)) * MemoryLayout<Float>.stride
    }

    /// See `Kernels.packPairs`.
    @inlinable @inline(__always)
    public func packPairs(
        _ source: UnsafePointer<Float>, columns: Int, depth: Int, columnStride: Int, depthStride: Int,
        into destination: UnsafeMutableRawPointer
    ) {
        let size = packedCount(columns: columns, depth: pairSteps(depth)) * 2
        var out = destination.bindMemory(to: UInt16.self, capacity: size)
        forEachPanel(columns: columns, steps: pairSteps(depth)) { panel, steps, room in
            for step in steps {
                for half in 0..<2 {
                    let k = 2 * step + half
                    let width = k < depth ? panel.count : 0
                    let from = source + (panel.lowerBound * columnStride + k * depthStride)
                    for n in 0..<width { out[2 * n + half] = BFloat16.bits(of: from[n * columnStride]) }
                    for n in width..<room { out[2 * n + half] = 0 }
                }
                out += 2 * room
            }
        }
    }

    /// See `Kernels.pairsScratchCount`.
    @inlinable @inline(__always)
    public func pairsScratchCount(rows: Int, depth: Int) -> Int {
        rows * pairSteps(depth) * Pairs.operandFloats
    }

    /// Floats that a panel takes that has been unpacked.
    @inlinable @inline(__always)
    public var panelScratchCount: Int { passDepth * Vector.panelColumns }

    /// See `Kernels.multiplyPairs`.
    @inlinable @inline(__always)
    public func multiplyPairs(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int, packed: UnsafeRawPointer,
        columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let steps = pairSteps(depth)
        let stride = steps * Pairs.operandFloats
        for row in 0..<rows {
            Pairs.round(a + row * aStride, count: depth, into: scratch + row * stride)
        }
        product(
            Pairs.self, scratch, rows: rows, steps: steps, aStride: stride,
            packed: packed.assumingMemoryBound(to: Float.self), columns: columns, into: c,
            cStride: cStride, finish: finish)
    }
}
