// The two ways to multiply by numbers of few bits: as they are unpacked, for one or a few rows, and by a panel that has been
// unpacked into the first-level cache, for many. Both add in the order of depth, so both give the same bits.

public import CKernels

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

extension VectorLine {
    /// The next number of each word, times its scale and above its least value.
    @inlinable @inline(__always)
    func unpacked<Fields: BlockFields>(_: Fields.Type, scale: Self, least: Self) -> Self {
        lowBits(Fields.mask).scaled(by: scale, plus: least)
    }
}

extension PanelProduct {
    /// The micro-kernel for a panel's part that is still packed. Its loops are spelled out: with a closure around its body the
    /// sums would not stay in registers.
    @inlinable @inline(never)
    func multiplyPacked<Tile: RegisterTile, Fields: BlockFields>(
        _: Tile.Type, _: Fields.Type, from row: Int
    ) {
        let columns = Tile.Line.count * Tile.Line.Vector.scalarCount
        var tile = Tile()
        var left = a + row * aStride
        var right = panel
        var groups = steps / Fields.group
        while groups > 0 {
            let scale = Tile.Line(at: right)
            let least = Tile.Line(at: right + columns)
            right += 2 * columns
            var words = Fields.words
            while words > 0 {
                var word = Tile.Line(at: right)
                // Words come in order, but far faster than the CPU would ask for them by itself.
                for place in stride(from: 0, to: columns, by: 16) {
                    ganglion_prefetch(right + 32 * columns + place)
                }
                right += columns
                var numbers = Fields.perWord
                while numbers > 0 {
                    let line = word.unpacked(Fields.self, scale: scale, least: least)
                    tile.add(left, stride: aStride, times: line, SingleProduct.self)
                    word = word.bitsShiftedRight(by: Int32(Fields.bits))
                    left += 1
                    numbers -= 1
                }
                words -= 1
            }
            groups -= 1
        }
        let place = c + row * cStride
        if width == columns {
            tile.put(place, stride: cStride, add: add)
        } else {
            putEdge(tile, place)
        }
    }
}

extension PanelProduct {
    /// The micro-kernel for as many rows as a tile has: a group is unpacked into the first-level cache, and the sums stay in
    /// registers while the next one is.
    @inlinable @inline(never)
    func multiplyByGroups<Tile: RegisterTile, Fields: BlockFields>(
        _: Tile.Type, _: Fields.Type, scratch: UnsafeMutablePointer<Float>
    ) {
        let columns = Tile.Line.count * Tile.Line.Vector.scalarCount
        var tile = Tile()
        var left = a
        var right = panel
        var groups = steps / Fields.group
        while groups > 0 {
            let scale = Tile.Line(at: right)
            let least = Tile.Line(at: right + columns)
            right += 2 * columns
            var out = scratch
            var words = Fields.words
            while words > 0 {
                var word = Tile.Line(at: right)
                for place in stride(from: 0, to: columns, by: 16) {
                    ganglion_prefetch(right + 32 * columns + place)
                }
                right += columns
                var numbers = Fields.perWord
                while numbers > 0 {
                    word.unpacked(Fields.self, scale: scale, least: least).put(out, add: false)
                    word = word.bitsShiftedRight(by: Int32(Fields.bits))
                    out += columns
                    numbers -= 1
                }
                words -= 1
            }
            var line = UnsafePointer(scratch)
            var rest = Fields.group
            while rest > 0 {
                tile.add(left, stride: aStride, times: Tile.Line(at: line), SingleProduct.self)
                line += columns
                left += 1
                rest -= 1
            }
            groups -= 1
        }
        if width == columns {
            tile.put(c, stride: cStride, add: add)
        } else {
            putEdge(tile, c)
        }
    }
}

extension Kernels {
    /// A whole tile of rows times a panel's part that is still packed.
    @inlinable @inline(__always)
    func multiplyTile(
        _ product: PanelProduct<Singles>, _ format: MatrixFormat, scratch: UnsafeMutablePointer<Float>
    ) {
        typealias Line = Longer<Longer<Line1<Vector>>>
        switch format {
        case .nibbles:
            product.multiplyByGroups(EightRows<Line>.self, NibbleFields.self, scratch: scratch)
        case .octets: product.multiplyByGroups(EightRows<Line>.self, OctetFields.self, scratch: scratch)
        case .shortOctets:
            product.multiplyByGroups(EightRows<Line>.self, ShortOctetFields.self, scratch: scratch)
        case .singles, .pairs, .halves: break
        }
    }

    /// Rows times a panel's part that is still packed.
    @inlinable @inline(__always)
    func multiplyFewRows(_ product: PanelProduct<Singles>, _ format: MatrixFormat, vectors: Int) {
        switch format {
        case .nibbles: multiplyFewRows(product, NibbleFields.self, vectors: vectors)
        case .octets: multiplyFewRows(product, OctetFields.self, vectors: vectors)
        case .shortOctets: multiplyFewRows(product, ShortOctetFields.self, vectors: vectors)
        case .singles, .pairs, .halves: break
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
        case .singles, .pairs, .halves: break
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
        let columns = Line.count * Line.Vector.scalarCount
        var (out, part) = (out, part)
        for _ in 0..<steps / Fields.group {
            let scale = Line(at: part)
            let least = Line(at: part + columns)
            part += 2 * columns
            for _ in 0..<Fields.words {
                var word = Line(at: part)
                part += columns
                for _ in 0..<Fields.perWord {
                    word.unpacked(Fields.self, scale: scale, least: least).put(out, add: false)
                    word = word.bitsShiftedRight(by: Int32(Fields.bits))
                    out += columns
                }
            }
        }
    }
}
