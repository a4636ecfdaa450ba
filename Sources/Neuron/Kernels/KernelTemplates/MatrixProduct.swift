// Matrix multiplication the way of Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication", 2008):
// the right-hand side is packed into panels as wide as two vectors, the left-hand side into strips as high as the tile,
// and a micro-kernel keeps a tile of C in registers.

public import CKernels

extension Kernels {
    /// Depth of one pass. A panel of B, 24 KiB with AVX2 and 48 KiB with AVX-512, is read once for each strip of A: from the
    /// first-level cache, or from the second, which gives AVX-512's two vectors in far less time than a tile's 24 products
    /// take.
    @inlinable @inline(__always)
    public var passDepth: Int { 384 }

    /// Rows of A packed at a time, a whole number of tiles: 180 KiB, or 720 KiB where the second-level cache is that of a
    /// CPU with AVX-512, 1 MiB or more. Each block reads all of B from memory again.
    @inlinable @inline(__always)
    public var blockRows: Int { Vector.tileRows == 12 ? 480 : 120 }

    /// See `Kernels.multiplyScratchCount`.
    @inlinable @inline(__always)
    public var multiplyScratchCount: Int { blockRows * passDepth }

    /// See `Kernels.packedCount`.
    @inlinable @inline(__always)
    public func packedCount(columns: Int, depth: Int) -> Int {
        (columns + Vector.panelColumns - 1) / Vector.panelColumns * Vector.panelColumns * depth
    }

    /// See `Kernels.pack`.
    @inlinable @inline(__always)
    public func pack(
        _ source: UnsafePointer<Float>, columns: Int, depth: Int, columnStride: Int,
        depthStride: Int, into destination: UnsafeMutablePointer<Float>
    ) {
        let panel = Vector.panelColumns
        var out = destination
        var first = 0
        while first < columns {
            let width = min(panel, columns - first)
            for k in 0..<depth {
                let from = source + (first * columnStride + k * depthStride)
                for n in 0..<width { out[n] = from[n * columnStride] }
                for n in width..<panel { out[n] = 0 }
                out += panel
            }
            first += panel
        }
    }

    /// See `Kernels.multiply`.
    @inlinable @inline(__always)
    public func multiply(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let panelColumns = Vector.panelColumns
        var firstDepth = 0
        while firstDepth < depth {
            let passed = min(passDepth, depth - firstDepth)
            var firstRow = 0
            while firstRow < rows {
                let blockCount = min(blockRows, rows - firstRow)
                packStrips(
                    a + (firstRow * aStride + firstDepth), rows: blockCount, depth: passed,
                    stride: aStride,
                    into: scratch)
                var firstColumn = 0
                while firstColumn < columns {
                    let panel = packed + (firstColumn * depth + firstDepth * panelColumns)
                    let width = min(panelColumns, columns - firstColumn)
                    // The next panel comes from memory while this one is worked with; behind the last there is none.
                    let next = panel + (firstColumn + panelColumns < columns ? panelColumns * depth : 0)
                    let share = passed * panelColumns * Vector.tileRows / blockCount
                    var strip = 0
                    while strip < blockCount {
                        prefetch(next + strip / Vector.tileRows * share, count: share)
                        let tile = c + ((firstRow + strip) * cStride + firstColumn)
                        let height = min(Vector.tileRows, blockCount - strip)
                        if height == Vector.tileRows && width == panelColumns {
                            multiplyTile(
                                scratch + strip * passed, panel, depth: passed, into: tile,
                                stride: cStride,
                                add: firstDepth > 0)
                        } else {
                            multiplyEdge(
                                scratch + strip * passed, panel, depth: passed, into: tile,
                                stride: cStride,
                                height: height, width: width, add: firstDepth > 0)
                        }
                        strip += Vector.tileRows
                    }
                    firstColumn += panelColumns
                }
                firstRow += blockCount
            }
            firstDepth += passed
        }
    }

    /// Asks for some floats before they are needed.
    @inlinable @inline(__always)
    public func prefetch(_ floats: UnsafePointer<Float>, count: Int) {
        var offset = 0
        while offset < count {
            ganglion_prefetch(floats + offset)
            offset += 16
        }
    }

    /// Interleaves a tile's rows of A at a time, so that the micro-kernel reads it in one stream. Missing rows are zeros.
    @inlinable @inline(__always)
    public func packStrips(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, stride: Int,
        into destination: UnsafeMutablePointer<Float>
    ) {
        let tileRows = Vector.tileRows
        var strip = 0
        while strip < rows {
            let out = destination + strip * depth
            let height = min(tileRows, rows - strip)
            for row in 0..<height {
                let from = a + (strip + row) * stride
                for k in 0..<depth { out[k * tileRows + row] = from[k] }
            }
            for row in height..<tileRows {
                for k in 0..<depth { out[k * tileRows + row] = 0 }
            }
            strip += tileRows
        }
    }

    /// A full tile, of as many rows as the registers hold.
    @inlinable @inline(__always)
    public func multiplyTile(
        _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
        into c: UnsafeMutablePointer<Float>, stride: Int, add: Bool
    ) {
        if Vector.tileRows == 12 {
            multiplyTile12(strip, panel, depth: depth, into: c, stride: stride, add: add)
        } else {
            multiplyTile6(strip, panel, depth: depth, into: c, stride: stride, add: add)
        }
    }

    /// The micro-kernel: a full tile, six rows of two vectors. Each sum is a variable of its own, or it would not stay in a register.
    @inlinable @inline(__always)
    public func multiplyTile6(
        _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
        into c: UnsafeMutablePointer<Float>, stride: Int, add: Bool
    ) {
        let lanes = Vector.scalarCount
        var l0 = Vector.zero
        var r0 = Vector.zero
        var l1 = Vector.zero
        var r1 = Vector.zero
        var l2 = Vector.zero
        var r2 = Vector.zero
        var l3 = Vector.zero
        var r3 = Vector.zero
        var l4 = Vector.zero
        var r4 = Vector.zero
        var l5 = Vector.zero
        var r5 = Vector.zero
        var a = strip
        var b = panel
        let end = strip + depth * 6
        while a < end {
            let left = Vector(at: b)
            let right = Vector(at: b + lanes)
            var value = Vector(repeating: a[0])
            l0 = l0.adding(value, times: left)
            r0 = r0.adding(value, times: right)
            value = Vector(repeating: a[1])
            l1 = l1.adding(value, times: left)
            r1 = r1.adding(value, times: right)
            value = Vector(repeating: a[2])
            l2 = l2.adding(value, times: left)
            r2 = r2.adding(value, times: right)
            value = Vector(repeating: a[3])
            l3 = l3.adding(value, times: left)
            r3 = r3.adding(value, times: right)
            value = Vector(repeating: a[4])
            l4 = l4.adding(value, times: left)
            r4 = r4.adding(value, times: right)
            value = Vector(repeating: a[5])
            l5 = l5.adding(value, times: left)
            r5 = r5.adding(value, times: right)
            a += 6
            b += Vector.panelColumns
        }
        put(l0, r0, c, add)
        put(l1, r1, c + stride, add)
        put(l2, r2, c + 2 * stride, add)
        put(l3, r3, c + 3 * stride, add)
        put(l4, r4, c + 4 * stride, add)
        put(l5, r5, c + 5 * stride, add)
    }

    /// The micro-kernel: a full tile, twelve rows of two vectors. Each sum is a variable of its own, or it would not stay in a register.
    @inlinable @inline(__always)
    public func multiplyTile12(
        _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
        into c: UnsafeMutablePointer<Float>, stride: Int, add: Bool
    ) {
        let lanes = Vector.scalarCount
        var l0 = Vector.zero
        var r0 = Vector.zero
        var l1 = Vector.zero
        var r1 = Vector.zero
        var l2 = Vector.zero
        var r2 = Vector.zero
        var l3 = Vector.zero
        var r3 = Vector.zero
        var l4 = Vector.zero
        var r4 = Vector.zero
        var l5 = Vector.zero
        var r5 = Vector.zero
        var l6 = Vector.zero
        var r6 = Vector.zero
        var l7 = Vector.zero
        var r7 = Vector.zero
        var l8 = Vector.zero
        var r8 = Vector.zero
        var l9 = Vector.zero
        var r9 = Vector.zero
        var la = Vector.zero
        var ra = Vector.zero
        var lb = Vector.zero
        var rb = Vector.zero
        var a = strip
        var b = panel
        let end = strip + depth * 12
        while a < end {
            let left = Vector(at: b)
            let right = Vector(at: b + lanes)
            var value = Vector(repeating: a[0])
            l0 = l0.adding(value, times: left)
            r0 = r0.adding(value, times: right)
            value = Vector(repeating: a[1])
            l1 = l1.adding(value, times: left)
            r1 = r1.adding(value, times: right)
            value = Vector(repeating: a[2])
            l2 = l2.adding(value, times: left)
            r2 = r2.adding(value, times: right)
            value = Vector(repeating: a[3])
            l3 = l3.adding(value, times: left)
            r3 = r3.adding(value, times: right)
            value = Vector(repeating: a[4])
            l4 = l4.adding(value, times: left)
            r4 = r4.adding(value, times: right)
            value = Vector(repeating: a[5])
            l5 = l5.adding(value, times: left)
            r5 = r5.adding(value, times: right)
            value = Vector(repeating: a[6])
            l6 = l6.adding(value, times: left)
            r6 = r6.adding(value, times: right)
            value = Vector(repeating: a[7])
            l7 = l7.adding(value, times: left)
            r7 = r7.adding(value, times: right)
            value = Vector(repeating: a[8])
            l8 = l8.adding(value, times: left)
            r8 = r8.adding(value, times: right)
            value = Vector(repeating: a[9])
            l9 = l9.adding(value, times: left)
            r9 = r9.adding(value, times: right)
            value = Vector(repeating: a[10])
            la = la.adding(value, times: left)
            ra = ra.adding(value, times: right)
            value = Vector(repeating: a[11])
            lb = lb.adding(value, times: left)
            rb = rb.adding(value, times: right)
            a += 12
            b += Vector.panelColumns
        }
        put(l0, r0, c, add)
        put(l1, r1, c + stride, add)
        put(l2, r2, c + 2 * stride, add)
        put(l3, r3, c + 3 * stride, add)
        put(l4, r4, c + 4 * stride, add)
        put(l5, r5, c + 5 * stride, add)
        put(l6, r6, c + 6 * stride, add)
        put(l7, r7, c + 7 * stride, add)
        put(l8, r8, c + 8 * stride, add)
        put(l9, r9, c + 9 * stride, add)
        put(la, ra, c + 10 * stride, add)
        put(lb, rb, c + 11 * stride, add)
    }

    /// Writes, or after the first pass adds, one row of a tile.
    @inlinable @inline(__always)
    public func put(
        _ left: Vector, _ right: Vector, _ c: UnsafeMutablePointer<Float>, _ add: Bool
    ) {
        let lanes = Vector.scalarCount
        if add {
            (Vector(at: c) + left).store(to: c)
            (Vector(at: c + lanes) + right).store(to: c + lanes)
        } else {
            left.store(to: c)
            right.store(to: c + lanes)
        }
    }

    /// A tile at the right or lower edge: computed whole, copied as far as it belongs to C.
    @inlinable @inline(__always)
    public func multiplyEdge(
        _ strip: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, depth: Int,
        into c: UnsafeMutablePointer<Float>, stride: Int, height: Int, width: Int, add: Bool
    ) {
        let columns = Vector.panelColumns
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Vector.tileRows * columns) { tile in
            guard let base = tile.baseAddress else { return }
            multiplyTile(strip, panel, depth: depth, into: base, stride: columns, add: false)
            for row in 0..<height {
                for column in 0..<width {
                    let value = base[row * columns + column]
                    let place = row * stride + column
                    c[place] = add ? c[place] + value : value
                }
            }
        }
    }
}
