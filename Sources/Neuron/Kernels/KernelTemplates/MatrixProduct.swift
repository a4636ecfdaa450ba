// Matrix multiplication after Goto and van de Geijn ("Anatomy of High-Performance Matrix Multiplication", 2008), for a
// right-hand side that is constant: B is packed once, into panels as wide as the register tile, and a part of a panel that
// the first-level cache holds meets all rows of A before the next is taken. A is read where it lies, one number for a
// whole row of a tile, so it need not be packed, nor filled up: tiles of 8 (or 6), 4, 2 and 1 rows make up any height.

extension Kernels {
    /// Depth of one pass: with AVX-512 a panel's part of 36 KiB, with AVX2 one of 16 KiB, and the tile's rows of A stay in
    /// the first-level cache (32 or 48 KiB), or come from the second as fast as they are needed.
    @inlinable @inline(__always)
    public var passDepth: Int { Vector.tileVectors == 3 ? 192 : 256 }

    /// How packed matrices lie, for files of them: kernels of one name read each other's.
    @inlinable @inline(__always)
    public var layoutName: String {
        "panels-\(Vector.scalarCount)x\(Vector.tileVectors)-\(passDepth)-32"
    }

    /// See `Kernels.packedCount`.
    @inlinable @inline(__always)
    public func packedCount(columns: Int, depth: Int) -> Int {
        let lanes = Vector.scalarCount
        return (columns + lanes - 1) / lanes * lanes * depth
    }

    /// See `Kernels.pack`.
    @inlinable @inline(__always)
    public func pack(
        _ source: UnsafePointer<Float>, columns: Int, depth: Int, columnStride: Int,
        depthStride: Int, into destination: UnsafeMutablePointer<Float>
    ) {
        var out = destination
        forEachPanel(columns: columns, steps: depth) { panel, steps, room in
            for k in steps {
                let from = source + (panel.lowerBound * columnStride + k * depthStride)
                if columnStride == 1 {
                    for n in 0..<panel.count { out[n] = from[n] }
                } else {
                    for n in 0..<panel.count { out[n] = from[n * columnStride] }
                }
                for n in panel.count..<room { out[n] = 0 }
                out += room
            }
        }
    }

    /// The panels' parts in the order in which they lie in memory, and are read: pass by pass.
    ///
    /// - Parameter body: gets the columns, the steps of the pass, and the columns filled up to whole vectors.
    @inlinable @inline(__always)
    public func forEachPanel(
        columns: Int, steps: Int, _ body: (_ columns: Range<Int>, _ steps: Range<Int>, _ room: Int) -> Void
    ) {
        let lanes = Vector.scalarCount
        for pass in 0..<passCount(steps) {
            var first = 0
            while first < columns {
                let width = min(Vector.panelColumns, columns - first)
                body(
                    first..<first + width, passRange(pass, steps), (width + lanes - 1) / lanes * lanes)
                first += Vector.panelColumns
            }
        }
    }

    /// Passes over the depth. They are of about one size: a last one of a few steps would read and write all of C for them.
    @inlinable @inline(__always)
    public func passCount(_ depth: Int) -> Int { (depth + passDepth - 1) / passDepth }

    /// The steps of a pass. It ends between the blocks of 32 numbers that quantised matrices are made of, so that the sums
    /// are of one order in all formats.
    @inlinable @inline(__always)
    public func passRange(_ pass: Int, _ depth: Int) -> Range<Int> {
        let passes = passCount(depth)
        let unit = depth % 32 == 0 ? 32 : 1
        let units = depth / unit
        return pass * units / passes * unit..<(pass + 1) * units / passes * unit
    }

    /// See `Kernels.multiply`.
    @inlinable @inline(__always)
    public func multiply(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int,
        adds: Bool, finish: Finish
    ) {
        product(
            Singles.self, a, rows: rows, steps: depth, aStride: aStride, packed: packed, columns: columns,
            into: c, cStride: cStride, adds: adds, finish: finish)
    }

    /// C = A B without what was in C before. See `Kernels.multiply`.
    @inlinable @inline(__always)
    public func multiply(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int,
        finish: Finish
    ) {
        multiply(
            a, rows: rows, depth: depth, aStride: aStride, packed: packed, columns: columns, into: c,
            cStride: cStride, adds: false, finish: finish)
    }

    /// The product in any arithmetic.
    @inlinable @inline(__always)
    public func product<Arithmetic: ProductArithmetic>(
        _: Arithmetic.Type, _ a: UnsafePointer<Float>, rows: Int, steps: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int,
        adds: Bool = false, finish: Finish
    ) {
        var part = packed
        forEachPanel(columns: columns, steps: steps) { panel, range, room in
            let product = PanelProduct<Arithmetic>(
                a: a + range.lowerBound * Arithmetic.operandFloats, aStride: aStride, panel: part,
                steps: range.count, c: c + panel.lowerBound, cStride: cStride, width: panel.count,
                rows: rows, add: adds || range.lowerBound > 0)
            multiplyPanel(product, vectors: room / Vector.scalarCount)
            if range.upperBound == steps {
                finishColumns(
                    c + panel.lowerBound, rows: rows, columns: panel.count, stride: cStride,
                    finish.advanced(by: panel.lowerBound))
            }
            part += range.count * room
        }
    }

    /// All rows of A times one panel's part.
    @inlinable @inline(__always)
    public func multiplyPanel<Arithmetic>(_ product: PanelProduct<Arithmetic>, vectors: Int) {
        if Vector.tileVectors == 3 {
            switch vectors {
            case 3: multiplyRows(product, Longer<Longer<Line1<Vector>>>.self)
            case 2: multiplyRows(product, Longer<Line1<Vector>>.self)
            default: multiplyRows(product, Line1<Vector>.self)
            }
        } else {
            switch vectors {
            case 2: multiplyRows(product, Longer<Line1<Vector>>.self)
            default: multiplyRows(product, Line1<Vector>.self)
            }
        }
    }

    /// The tiles of a panel, from the top.
    @inlinable @inline(__always)
    public func multiplyRows<Arithmetic, Line: VectorLine>(
        _ product: PanelProduct<Arithmetic>, _: Line.Type
    ) where Line.Vector == Vector {
        var row = 0
        if Vector.tileRows == 8 {
            while row + 8 <= product.rows {
                product.multiply(EightRows<Line>.self, from: row)
                row += 8
            }
        } else {
            while row + 6 <= product.rows {
                product.multiply(SixRows<Line>.self, from: row)
                row += 6
            }
        }
        if row + 4 <= product.rows {
            product.multiply(FourRows<Line>.self, from: row)
            row += 4
        }
        if row + 2 <= product.rows {
            product.multiply(TwoRows<Line>.self, from: row)
            row += 2
        }
        if row < product.rows { product.multiply(OneRow<Line>.self, from: row) }
    }

    /// What follows the product, while some columns of it are in the cache.
    @inlinable @inline(__always)
    public func finishColumns(
        _ c: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int, _ finish: Finish
    ) {
        switch finish {
        case .none: break
        case .bias(let bias): addBias(c, rows: rows, columns: columns, stride: stride, bias: bias)
        case .biasAndGELU(let bias):
            addBiasAndGELU(c, rows: rows, columns: columns, stride: stride, bias: bias)
        }
    }
}
