// The innermost part of a matrix product: a part of a packed panel that stays in the first-level cache, and a tile of sums
// that stays in registers.

public import CKernels

/// One panel's part and the rows that it meets.
public struct PanelProduct<Arithmetic: ProductArithmetic> {
    @usableFromInline let a: UnsafePointer<Float>
    @usableFromInline let aStride: Int
    @usableFromInline let panel: UnsafePointer<Float>
    /// What will be read when this part has been multiplied.
    @usableFromInline let next: UnsafePointer<Float>
    @usableFromInline let steps: Int
    @usableFromInline let c: UnsafeMutablePointer<Float>
    @usableFromInline let cStride: Int
    /// Columns that belong to C; the panel's are whole vectors.
    @usableFromInline let width: Int
    @usableFromInline let rows: Int
    /// Whether C has sums of passes before.
    @usableFromInline let add: Bool

    @inlinable @inline(__always)
    init(
        a: UnsafePointer<Float>, aStride: Int, panel: UnsafePointer<Float>, next: UnsafePointer<Float>,
        steps: Int, c: UnsafeMutablePointer<Float>, cStride: Int, width: Int, rows: Int, add: Bool
    ) {
        self.a = a
        self.aStride = aStride
        self.panel = panel
        self.next = next
        self.steps = steps
        self.c = c
        self.cStride = cStride
        self.width = width
        self.rows = rows
        self.add = add
    }

    /// The same with a panel of single numbers, one for each that a step of this one takes from a row of A.
    @inlinable @inline(__always)
    func inSinglePrecision(_ panel: UnsafePointer<Float>) -> PanelProduct<Singles> {
        PanelProduct<Singles>(
            a: a, aStride: aStride, panel: panel, next: next, steps: steps * Arithmetic.operandFloats, c: c,
            cStride: cStride, width: width, rows: rows, add: add)
    }

    /// The micro-kernel: one tile of C over the pass's steps. Apart from the loops around it, or the sums would not all get
    /// registers.
    @inlinable @inline(never)
    func multiply<Tile: RegisterTile>(_: Tile.Type, from row: Int) {
        let columns = Tile.Line.count * Tile.Line.Vector.scalarCount
        // What follows this part comes from memory while this one is worked with: the tiles ask for a share each.
        let octets = steps * columns * MemoryLayout<Float>.stride
        var ahead = UnsafeRawPointer(next) + row * octets / rows
        let aheadStep = columns * MemoryLayout<Float>.stride * Tile.rows / rows
        var tile = Tile()
        var left = a + row * aStride
        var right = panel
        var rest = steps
        while rest > 0 {
            ganglion_prefetch(ahead)
            ahead += aheadStep
            Arithmetic.add(left, stride: aStride, times: Tile.Line(at: right), to: &tile)
            left += Arithmetic.operandFloats
            right += columns
            rest -= 1
        }
        let place = c + row * cStride
        if width == columns {
            tile.put(place, stride: cStride, add: add)
        } else {
            putEdge(tile, place)
        }
    }

    /// A tile at the right edge: copied as far as it belongs to C.
    @inlinable @inline(__always)
    func putEdge<Tile: RegisterTile>(_ tile: Tile, _ place: UnsafeMutablePointer<Float>) {
        let columns = Tile.Line.count * Tile.Line.Vector.scalarCount
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Tile.rows * columns) { buffer in
            guard let base = buffer.baseAddress else { return }
            tile.put(base, stride: columns, add: false)
            for row in 0..<Tile.rows {
                for column in 0..<width {
                    let value = base[row * columns + column]
                    let place = place + (row * cStride + column)
                    place.pointee = add ? place.pointee + value : value
                }
            }
        }
    }
}
