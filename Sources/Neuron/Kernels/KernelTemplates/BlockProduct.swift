// The two ways to multiply by numbers of few bits: as they are unpacked, for one or a few rows, and by a panel that has been
// unpacked into the first-level cache, for many. Both add in the order of depth, so both give the same bits.

/// The numbers of a word.
public protocol BlockFields {
    /// Bits of a number.
    static var bits: Int { get }
    /// Numbers of a group.
    static var group: Int { get }
}

extension BlockFields {
    /// Numbers of a word.
    @inlinable @inline(__always) static var perWord: Int { 32 / bits }
    /// Words of a group.
    @inlinable @inline(__always) static var words: Int { group * bits / 32 }
    /// The bits of a number.
    @inlinable @inline(__always) static var mask: Int32 { 1 << Int32(bits) - 1 }
}

/// Four bits, groups of 32.
public enum NibbleFields: BlockFields {
    /// Four.
    @inlinable @inline(__always) public static var bits: Int { 4 }
    /// 32.
    @inlinable @inline(__always) public static var group: Int { 32 }
}

/// Eight bits, groups of 32.
public enum OctetFields: BlockFields {
    /// Eight.
    @inlinable @inline(__always) public static var bits: Int { 8 }
    /// 32.
    @inlinable @inline(__always) public static var group: Int { 32 }
}

/// Eight bits, groups of 16.
public enum ShortOctetFields: BlockFields {
    /// Eight.
    @inlinable @inline(__always) public static var bits: Int { 8 }
    /// 16.
    @inlinable @inline(__always) public static var group: Int { 16 }
}

/// A walk over the lines of a panel's part: a line for each depth.
public struct BlockLines<Fields: BlockFields, Line: VectorLine> {
    @usableFromInline var part: UnsafePointer<Float>
    @usableFromInline let groups: Int

    @inlinable @inline(__always)
    init(_ part: UnsafePointer<Float>, steps: Int) {
        self.part = part
        groups = steps / Fields.group
    }

    /// Gives each line to `body`, in the order of depth.
    @inlinable @inline(__always)
    func forEach(_ body: (Line) -> Void) {
        let columns = Line.count * Line.Vector.scalarCount
        var part = part
        for _ in 0..<groups {
            let scale = Line(at: part)
            let least = Line(at: part + columns)
            part += 2 * columns
            for _ in 0..<Fields.words {
                var word = Line(at: part)
                part += columns
                for _ in 0..<Fields.perWord {
                    body(word.map { $0.lowBits(Fields.mask) }.scaled(by: scale, plus: least))
                    word = word.map { $0.bitsShiftedRight(by: Int32(Fields.bits)) }
                }
            }
        }
    }
}

extension PanelProduct {
    /// The micro-kernel for a panel's part that is still packed.
    @inlinable @inline(never)
    func multiplyPacked<Tile: RegisterTile, Fields: BlockFields>(
        _: Tile.Type, _: Fields.Type, from row: Int
    ) {
        var tile = Tile()
        var left = a + row * aStride
        BlockLines<Fields, Tile.Line>(panel, steps: steps).forEach { line in
            tile.add(left, stride: aStride, times: line, SingleProduct.self)
            left += 1
        }
        let place = c + row * cStride
        if width == Tile.Line.count * Tile.Line.Vector.scalarCount {
            tile.put(place, stride: cStride, add: add)
        } else {
            putEdge(tile, place)
        }
    }
}

extension Kernels {
    /// Rows times a panel's part that is still packed.
    @inlinable @inline(__always)
    func multiplyFewRows(_ product: PanelProduct<Singles>, _ format: MatrixFormat, vectors: Int) {
        switch format {
        case .nibbles: multiplyFewRows(product, NibbleFields.self, vectors: vectors)
        case .octets: multiplyFewRows(product, OctetFields.self, vectors: vectors)
        case .shortOctets: multiplyFewRows(product, ShortOctetFields.self, vectors: vectors)
        case .singles, .pairs: break
        }
    }

    @inlinable @inline(__always)
    func multiplyFewRows<Fields: BlockFields>(
        _ product: PanelProduct<Singles>, _: Fields.Type, vectors: Int
    ) {
        switch vectors {
        case 3: multiplyFewRows(product, Fields.self, Longer<Longer<Line1<Vector>>>.self)
        case 2: multiplyFewRows(product, Fields.self, Longer<Line1<Vector>>.self)
        default: multiplyFewRows(product, Fields.self, Line1<Vector>.self)
        }
    }

    @inlinable @inline(__always)
    func multiplyFewRows<Fields: BlockFields, Line: VectorLine>(
        _ product: PanelProduct<Singles>, _: Fields.Type, _: Line.Type
    ) where Line.Vector == Vector {
        var row = 0
        if Vector.tileVectors == 3, row + 4 <= product.rows {
            product.multiplyPacked(FourRows<Line>.self, Fields.self, from: row)
            row += 4
        }
        if row + 2 <= product.rows {
            product.multiplyPacked(TwoRows<Line>.self, Fields.self, from: row)
            row += 2
        }
        if row < product.rows { product.multiplyPacked(OneRow<Line>.self, Fields.self, from: row) }
    }

    /// A panel's part as single precision, a line for each step.
    @inlinable @inline(__always)
    func unpack(
        _ part: UnsafePointer<Float>, _ format: MatrixFormat, steps: Int, room: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        switch format {
        case .nibbles: unpack(part, NibbleFields.self, steps: steps, room: room, into: out)
        case .octets: unpack(part, OctetFields.self, steps: steps, room: room, into: out)
        case .shortOctets: unpack(part, ShortOctetFields.self, steps: steps, room: room, into: out)
        case .singles, .pairs: break
        }
    }

    @inlinable @inline(__always)
    func unpack<Fields: BlockFields>(
        _ part: UnsafePointer<Float>, _: Fields.Type, steps: Int, room: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        switch room / Vector.scalarCount {
        case 3: unpack(part, Fields.self, Longer<Longer<Line1<Vector>>>.self, steps: steps, into: out)
        case 2: unpack(part, Fields.self, Longer<Line1<Vector>>.self, steps: steps, into: out)
        default: unpack(part, Fields.self, Line1<Vector>.self, steps: steps, into: out)
        }
    }

    @inlinable @inline(never)
    func unpack<Fields: BlockFields, Line: VectorLine>(
        _ part: UnsafePointer<Float>, _: Fields.Type, _: Line.Type, steps: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        var out = out
        BlockLines<Fields, Line>(part, steps: steps).forEach { line in
            line.put(out, add: false)
            out += Line.count * Line.Vector.scalarCount
        }
    }
}
