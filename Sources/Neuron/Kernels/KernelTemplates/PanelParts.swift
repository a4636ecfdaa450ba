// How a packed matrix is divided: into panels as wide as the register tile, and each of them into parts that the first-level
// cache holds. A pass takes one part of each panel.

/// In which order a product goes over the parts.
public enum PanelOrder {
    /// As they lie in memory: all panels of a pass, then the next pass.
    case passByPass
    /// All parts of a panel, then the next panel.
    case panelByPanel
}

/// A panel's part of a pass.
public struct PanelPart {
    /// The columns of the matrix.
    public let columns: Range<Int>
    /// The steps of the depth.
    public let steps: Range<Int>
    /// The columns filled up to whole vectors.
    public let room: Int
    /// Where it begins in a matrix with one float for each column and step.
    public let offset: Int

    @inlinable @inline(__always)
    init(columns: Range<Int>, steps: Range<Int>, room: Int, offset: Int) {
        self.columns = columns
        self.steps = steps
        self.room = room
        self.offset = offset
    }
}

/// The parts of a packed matrix, or of some panels of it.
public struct PanelParts: RandomAccessCollection {
    @usableFromInline let columns: Int
    @usableFromInline let steps: Int
    @usableFromInline let panels: Range<Int>
    @usableFromInline let order: PanelOrder
    @usableFromInline let passes: Int
    @usableFromInline let panelColumns: Int
    @usableFromInline let lanes: Int

    @inlinable @inline(__always)
    init(
        columns: Int, steps: Int, panels: Range<Int>, order: PanelOrder, passes: Int, panelColumns: Int,
        lanes: Int
    ) {
        self.columns = columns
        self.steps = steps
        self.panels = panels
        self.order = order
        self.passes = passes
        self.panelColumns = panelColumns
        self.lanes = lanes
    }

    /// See `Collection`.
    @inlinable @inline(__always) public var startIndex: Int { 0 }
    /// See `Collection`.
    @inlinable @inline(__always) public var endIndex: Int { passes * panels.count }

    /// A part by its place in the order.
    @inlinable @inline(__always)
    public subscript(turn: Int) -> PanelPart {
        switch order {
        case .passByPass: part(pass: turn / panels.count, panel: panels.lowerBound + turn % panels.count)
        case .panelByPanel: part(pass: turn % passes, panel: panels.lowerBound + turn / passes)
        }
    }

    /// A panel's part of a pass.
    @inlinable @inline(__always)
    public func part(pass: Int, panel: Int) -> PanelPart {
        let first = panel * panelColumns
        let width = Swift.min(panelColumns, columns - first)
        let range = range(of: pass)
        let all = (columns + lanes - 1) / lanes * lanes
        return PanelPart(
            columns: first..<first + width, steps: range, room: (width + lanes - 1) / lanes * lanes,
            offset: range.lowerBound * all + range.count * first)
    }

    /// The steps of a pass. Passes are of about one size: a last one of a few steps would read and write all of C for them.
    /// They end between the blocks of 32 numbers that quantised matrices are made of, so that the sums are of one order in
    /// all formats.
    @inlinable @inline(__always)
    func range(of pass: Int) -> Range<Int> {
        let unit = steps % 32 == 0 ? 32 : 1
        let units = steps / unit
        return pass * units / passes * unit..<(pass + 1) * units / passes * unit
    }
}
