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
        "panels-\(Vector.scalarCount)x\(Vector.tileVectors)-\(passDepth)-32-2"
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
        for part in parts(columns: columns, steps: depth) {
            let from =
                source + (part.columns.lowerBound * columnStride + part.steps.lowerBound * depthStride)
            let (out, width, room) = (destination + part.offset, part.columns.count, part.room)
            if depthStride == 1, columnStride != 1 {
                transpose(from, rows: width, columns: part.steps.count, stride: columnStride, into: out, room)
            }
            for k in 0..<part.steps.count {
                let (line, from) = (out + k * room, from + k * depthStride)
                if columnStride == 1 {
                    for n in 0..<width { line[n] = from[n] }
                } else if depthStride != 1 {
                    for n in 0..<width { line[n] = from[n * columnStride] }
                }
                for n in width..<room { line[n] = 0 }
            }
        }
    }

    /// Writes columns as rows, four by four in registers.
    ///
    /// - Parameters:
    ///   - stride: between the rows that are read.
    ///   - room: between the rows that are written.
    @inlinable @inline(__always)
    func transpose(
        _ source: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int,
        into out: UnsafeMutablePointer<Float>, _ room: Int
    ) {
        let (wholeRows, wholeColumns) = (rows & ~3, columns & ~3)
        for row in Swift.stride(from: 0, to: wholeRows, by: 4) {
            for column in Swift.stride(from: 0, to: wholeColumns, by: 4) {
                let from = UnsafeRawPointer(source + (row * stride + column))
                let step = stride * MemoryLayout<Float>.stride
                let a = from.loadUnaligned(as: SIMD4<Float>.self)
                let b = from.loadUnaligned(fromByteOffset: step, as: SIMD4<Float>.self)
                let c = from.loadUnaligned(fromByteOffset: 2 * step, as: SIMD4<Float>.self)
                let d = from.loadUnaligned(fromByteOffset: 3 * step, as: SIMD4<Float>.self)
                let place = out + (column * room + row)
                UnsafeMutableRawPointer(place).storeBytes(
                    of: SIMD4(a[0], b[0], c[0], d[0]), as: SIMD4<Float>.self)
                UnsafeMutableRawPointer(place + room).storeBytes(
                    of: SIMD4(a[1], b[1], c[1], d[1]), as: SIMD4<Float>.self)
                UnsafeMutableRawPointer(place + 2 * room).storeBytes(
                    of: SIMD4(a[2], b[2], c[2], d[2]), as: SIMD4<Float>.self)
                UnsafeMutableRawPointer(place + 3 * room).storeBytes(
                    of: SIMD4(a[3], b[3], c[3], d[3]), as: SIMD4<Float>.self)
            }
        }
        for row in 0..<rows {
            let first = row < wholeRows ? wholeColumns : 0
            for column in first..<columns { out[column * room + row] = source[row * stride + column] }
        }
    }

    /// The parts of a packed matrix, of all its panels in the order in which they lie unless others are asked for.
    ///
    /// - Parameters:
    ///   - steps: lines of a panel.
    ///   - depth: numbers of a column that must fit the first-level cache part by part, where a line has several.
    @inlinable @inline(__always)
    public func parts(
        columns: Int, steps: Int, depth: Int? = nil, panels: Range<Int>? = nil,
        order: PanelOrder = .passByPass
    ) -> PanelParts {
        PanelParts(
            columns: columns, steps: steps,
            panels: panels ?? 0..<(columns + Vector.panelColumns - 1) / Vector.panelColumns, order: order,
            passes: ((depth ?? steps) + passDepth - 1) / passDepth, panelColumns: Vector.panelColumns,
            lanes: Vector.scalarCount)
    }

    /// See `Kernels.multiply`.
    @inlinable @inline(__always)
    public func multiply(
        _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, into c: UnsafeMutablePointer<Float>, cStride: Int,
        adds: Bool, finish: Finish
    ) {
        product(
            Singles.self, a, rows: rows, depth: depth, aStride: aStride, packed: packed, columns: columns,
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

    /// The product in any arithmetic, or some panels of it.
    ///
    /// A panel's parts follow one another where A stays in the second-level cache meanwhile: then its columns of C stay
    /// there, too. Otherwise a pass goes over all panels, and reads of A its own steps only.
    ///
    /// - Parameter widened: where a part is widened before it is multiplied, if it is; A is as `WidenedPairs` has it then.
    @inlinable @inline(__always)
    public func product<Arithmetic: ProductArithmetic>(
        _: Arithmetic.Type, _ a: UnsafePointer<Float>, rows: Int, depth: Int, aStride: Int,
        packed: UnsafePointer<Float>, columns: Int, panels: Range<Int>? = nil, widened: WidenedPart? = nil,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool = false, finish: Finish
    ) {
        let steps = Arithmetic.depthOfStep == 1 ? depth : pairSteps(depth)
        let octets = rows * steps * Arithmetic.operandFloats * MemoryLayout<Float>.stride
        let parts = parts(
            columns: columns, steps: steps, depth: depth, panels: panels,
            order: octets <= Vector.cachedOperandOctets ? .panelByPanel : .passByPass)
        for turn in 0..<parts.count {
            let part = parts[turn]
            let product = PanelProduct<Arithmetic>(
                a: a + part.steps.lowerBound * Arithmetic.operandFloats, aStride: aStride,
                panel: packed + part.offset,
                next: packed + parts[turn + 1 < parts.count ? turn + 1 : 0].offset,
                steps: part.steps.count, c: c + part.columns.lowerBound, cStride: cStride,
                width: part.columns.count, rows: rows, add: adds || part.steps.lowerBound > 0)
            if let widened {
                widen(product.panel, count: part.steps.count, room: part.room, into: widened)
                multiplyPanel(
                    product.inSinglePrecision(widened.panel), vectors: part.room / Vector.scalarCount)
            } else {
                multiplyPanel(product, vectors: part.room / Vector.scalarCount)
            }
            finishPart(part, of: steps, c, rows: rows, stride: cStride, finish)
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
            // The last eight rows are two of four: a tile of two has too few sums to keep the multipliers busy.
            while row + 6 <= product.rows, row + 8 != product.rows {
                product.multiply(SixRows<Line>.self, from: row)
                row += 6
            }
        }
        while row + 4 <= product.rows {
            product.multiply(FourRows<Line>.self, from: row)
            row += 4
        }
        if row + 2 <= product.rows {
            product.multiply(TwoRows<Line>.self, from: row)
            row += 2
        }
        if row < product.rows { product.multiply(OneRow<Line>.self, from: row) }
    }

    /// What follows the product, where a part is its panel's last.
    @inlinable @inline(__always)
    func finishPart(
        _ part: PanelPart, of steps: Int, _ c: UnsafeMutablePointer<Float>, rows: Int, stride: Int,
        _ finish: Finish
    ) {
        guard part.steps.upperBound == steps else { return }
        let first = part.columns.lowerBound
        finishColumns(
            c + first, rows: rows, columns: part.columns.count, stride: stride, finish.advanced(by: first))
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
        case .biasAndGELUByTanh(let bias):
            if let bias { addBias(c, rows: rows, columns: columns, stride: stride, bias: bias) }
            for row in 0..<rows { geluByTanh(c + row * stride, count: columns) }
        case .gate(let gates, let bias):
            if let bias { addBias(c, rows: rows, columns: columns, stride: stride, bias: bias) }
            for row in 0..<rows {
                multiplyBySiLU(gates + row * stride, c + row * stride, count: columns)
            }
        }
    }
}
