// Matrices whose numbers take four or eight bits. Each column's numbers are cut into groups with a scale and a least value
// of their own, as in ggml's files: a number is `bits * scale + least`, which is rounded as it would be had the file been
// widened before, so a quantised matrix computes what its widened one computes, to the last bit.
//
//     a group of a panel:   scales [columns]   least values [columns]   words [group * bits / 32][columns]
//
// A word has the numbers of 8 or 4 successive depths of one column, the first in its lowest bits.

/// How the numbers of a packed matrix are kept.
public enum MatrixFormat: String, CaseIterable, Hashable, Sendable {
    /// Single precision.
    case singles
    /// BF16, two numbers of successive depths beside each other.
    case pairs
    /// FP16, two numbers of successive depths beside each other.
    case halves
    /// Four bits, groups of 32.
    case nibbles
    /// Eight bits, groups of 32.
    case octets
    /// Eight bits, groups of 16.
    case shortOctets

    /// Bits of a number and numbers of a group; nil for what has no groups.
    @inlinable
    public var blocks: (bits: Int, group: Int)? {
        switch self {
        case .singles, .pairs, .halves: nil
        case .nibbles: (4, 32)
        case .octets: (8, 32)
        case .shortOctets: (8, 16)
        }
    }
}

/// The right-hand side of a product, packed. The memory is somebody else's.
public struct PackedMatrix {
    /// The first panel.
    public var start: UnsafePointer<Float>
    /// How its numbers are kept.
    public var format: MatrixFormat
    /// Columns of the result.
    public var columns: Int
    /// What is summed over; of a format with groups, whole groups.
    public var depth: Int

    /// A packed matrix.
    @inlinable
    public init(start: UnsafePointer<Float>, format: MatrixFormat, columns: Int, depth: Int) {
        self.start = start
        self.format = format
        self.columns = columns
        self.depth = depth
    }
}

/// Quantised columns as a file has them, each column's numbers one behind the other.
public struct BlockColumns {
    /// Bits of each number: column by column, `depth` of them.
    public var numbers: UnsafePointer<UInt8>
    /// A scale for each group, column by column.
    public var scales: UnsafePointer<Float>
    /// A least value for each group, column by column.
    public var leasts: UnsafePointer<Float>

    /// Columns in memory that stays.
    @inlinable
    public init(
        numbers: UnsafePointer<UInt8>, scales: UnsafePointer<Float>, leasts: UnsafePointer<Float>
    ) {
        self.numbers = numbers
        self.scales = scales
        self.leasts = leasts
    }
}

extension Kernels {
    /// Columns of a panel.
    @inlinable @inline(__always)
    public var panelColumns: Int { Vector.panelColumns }

    /// See `Kernels.packedCount`.
    @inlinable @inline(__always)
    public func packedCount(_ format: MatrixFormat, columns: Int, depth: Int) -> Int {
        let lanes = Vector.scalarCount
        return (columns + lanes - 1) / lanes * lanes * floats(format, depth: depth)
    }

    /// Floats that a column takes.
    @inlinable @inline(__always)
    func floats(_ format: MatrixFormat, depth: Int) -> Int {
        switch format {
        case .singles: depth
        case .pairs, .halves: pairSteps(depth)
        case .nibbles: depth / 32 * 6
        case .octets: depth / 32 * 10
        case .shortOctets: depth / 16 * 6
        }
    }

    /// See `Kernels.packBlocks`.
    @inlinable @inline(__always)
    public func packBlocks(
        _ source: BlockColumns, format: MatrixFormat, columns: Int, depth: Int,
        into destination: UnsafeMutablePointer<Float>
    ) {
        guard let (bits, group) = format.blocks else { return }
        let (perWord, groups) = (32 / bits, depth / group)
        var out = destination
        for part in parts(columns: columns, steps: depth) {
            let (panel, room) = (part.columns, part.room)
            for first in stride(from: part.steps.lowerBound, to: part.steps.upperBound, by: group) {
                for n in 0..<room {
                    let isThere = n < panel.count
                    let place = (panel.lowerBound + n) * groups + first / group
                    out[n] = isThere ? source.scales[place] : 0
                    out[room + n] = isThere ? source.leasts[place] : 0
                }
                out += 2 * room
                for word in stride(from: first, to: first + group, by: perWord) {
                    for n in 0..<panel.count {
                        let numbers = source.numbers + ((panel.lowerBound + n) * depth + word)
                        var value: UInt32 = 0
                        for k in 0..<perWord { value |= UInt32(numbers[k]) << UInt32(k * bits) }
                        out[n] = Float(bitPattern: value)
                    }
                    for n in panel.count..<room { out[n] = 0 }
                    out += room
                }
            }
        }
    }

    /// A part of a matrix of few bits.
    @inlinable @inline(__always)
    func start(of part: PanelPart, in matrix: PackedMatrix) -> UnsafePointer<Float> {
        let lanes = Vector.scalarCount
        let columns = (matrix.columns + lanes - 1) / lanes * lanes
        return matrix.start
            + (floats(matrix.format, depth: part.steps.lowerBound) * columns
                + floats(matrix.format, depth: part.steps.count) * part.columns.lowerBound)
    }

    /// Floats that a panel takes that has been unpacked.
    @inlinable @inline(__always)
    var unpackedPanelCount: Int { passDepth * Vector.panelColumns }

    /// See `Kernels.scratchCount`.
    @inlinable @inline(__always)
    public func scratchCount(_ format: MatrixFormat, rows: Int, depth: Int) -> Int {
        switch format {
        case .singles: 0
        case .pairs, .halves: rows * 2 * pairSteps(depth) + unpackedPanelCount
        case .nibbles, .octets, .shortOctets: unpackedPanelCount
        }
    }

    /// See `Kernels.multiply(_:rows:aStride:by:panels:into:cStride:adds:finish:scratch:)`.
    @inlinable @inline(__always)
    public func multiply(
        _ a: UnsafePointer<Float>, rows: Int, aStride: Int, by matrix: PackedMatrix, panels: Range<Int>?,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        switch matrix.format {
        case .singles:
            product(
                Singles.self, a, rows: rows, depth: matrix.depth, aStride: aStride, packed: matrix.start,
                columns: matrix.columns, panels: panels, into: c, cStride: cStride, adds: adds, finish: finish
            )
        case .pairs, .halves:
            multiplyPairs(
                a, rows: rows, aStride: aStride, by: matrix, panels: panels, into: c, cStride: cStride,
                adds: adds, finish: finish, scratch: scratch)
        case .nibbles, .octets, .shortOctets:
            multiplyBlocks(
                a, rows: rows, aStride: aStride, by: matrix, panels: panels, into: c, cStride: cStride,
                adds: adds, finish: finish, scratch: scratch)
        }
    }

    /// The most rows that are multiplied by numbers as they are unpacked: with more, there are not registers enough, and a
    /// panel that has been unpacked once serves them all.
    @inlinable @inline(__always)
    var unpackedRows: Int { Vector.tileVectors == 3 ? 4 : 2 }

    @inlinable @inline(__always)
    func multiplyBlocks(
        _ a: UnsafePointer<Float>, rows: Int, aStride: Int, by matrix: PackedMatrix, panels: Range<Int>?,
        into c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, finish: Finish,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let parts = parts(columns: matrix.columns, steps: matrix.depth, panels: panels)
        for part in parts {
            let start = start(of: part, in: matrix)
            // With as many rows as a tile has, and not more, each group can be unpacked for itself.
            let isTile = rows == 8 && Vector.tileRows == 8 && part.room == Vector.panelColumns
            let isWide = !isTile && rows > unpackedRows
            let product = PanelProduct<Singles>(
                a: a + part.steps.lowerBound, aStride: aStride,
                panel: isWide ? UnsafePointer(scratch) : start,
                next: start + floats(matrix.format, depth: part.steps.count) * part.room,
                steps: part.steps.count, c: c + part.columns.lowerBound, cStride: cStride,
                width: part.columns.count, rows: rows, add: adds || part.steps.lowerBound > 0)
            if isTile {
                multiplyTile(product, matrix.format, scratch: scratch)
            } else if isWide {
                unpack(start, matrix.format, steps: part.steps.count, room: part.room, into: scratch)
                multiplyPanel(product, vectors: part.room / Vector.scalarCount)
            } else {
                multiplyFewRows(product, matrix.format, vectors: part.room / Vector.scalarCount)
            }
            finishPart(part, of: matrix.depth, c, rows: rows, stride: cStride, finish)
        }
    }

    /// See `Kernels.readColumn`.
    @inlinable @inline(__always)
    public func readColumn(_ column: Int, of matrix: PackedMatrix, into out: UnsafeMutablePointer<Float>) {
        let panel = column / Vector.panelColumns
        let parts =
            switch matrix.format {
            case .pairs, .halves:
                pairParts(columns: matrix.columns, depth: matrix.depth, panels: panel..<panel + 1)
            default: parts(columns: matrix.columns, steps: matrix.depth, panels: panel..<panel + 1)
            }
        for part in parts {
            let (range, room) = (part.steps, part.room)
            let start =
                (matrix.format.blocks == nil ? matrix.start + part.offset : start(of: part, in: matrix))
                + (column - part.columns.lowerBound)
            switch matrix.format {
            case .singles: for k in range { out[k] = start[(k - range.lowerBound) * room] }
            case .pairs, .halves:
                for k in range {
                    let bits = start[(k - range.lowerBound) * room].bitPattern
                    let (low, high) = (UInt16(truncatingIfNeeded: bits), UInt16(bits >> 16))
                    let isHalf = matrix.format == .halves
                    out[2 * k] = isHalf ? Float(halfBits: low) : Float(brainBits: low)
                    if 2 * k + 1 < matrix.depth {
                        out[2 * k + 1] = isHalf ? Float(halfBits: high) : Float(brainBits: high)
                    }
                }
            case .nibbles, .octets, .shortOctets:
                readBlocks(start, matrix.format, steps: range.count, room: room, into: out + range.lowerBound)
            }
        }
    }

    @inlinable @inline(__always)
    func readBlocks(
        _ part: UnsafePointer<Float>, _ format: MatrixFormat, steps: Int, room: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        guard let (bits, group) = format.blocks else { return }
        let (perWord, mask) = (32 / bits, UInt32(1) << UInt32(bits) - 1)
        var (part, k) = (part, 0)
        while k < steps {
            let (scale, least) = (part[0], part[room])
            part += 2 * room
            for _ in 0..<group / perWord {
                var word = part.pointee.bitPattern
                for _ in 0..<perWord {
                    out[k] = (least + scale * Float(word & mask))
                    word >>= UInt32(bits)
                    k += 1
                }
                part += room
            }
        }
    }
}
