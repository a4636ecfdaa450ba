// The sums of a matrix product that are alive at a time. Each has to be a variable of its own, or it would not stay in a
// register; so a tile is put together from types rather than from arrays: a line of vectors, a row, and two tiles one
// below the other. The optimiser takes them apart again.

/// One to three vectors side by side.
public protocol VectorLine {
    /// What it is made of.
    associatedtype Vector: KernelVector
    /// How many.
    static var count: Int { get }

    /// All lanes zero.
    init()
    /// Reads the vectors one behind the other.
    init(at pointer: UnsafePointer<Float>)
    /// Adds `value` times the line, lane by lane.
    mutating func add<Product: VectorProduct>(_ value: Vector, times line: Self, _: Product.Type)
    /// What `change` makes of each vector.
    func map(_ change: (Vector) -> Vector) -> Self
    // Without closures, which the optimiser may make calls of.

    /// The line times `scale` plus `least`, lane by lane.
    func scaled(by scale: Self, plus least: Self) -> Self
    /// The number that the low bits of each lane are (`KernelVector.lowBits`).
    func lowBits(_ mask: Int32) -> Self
    /// The bits of each lane so many places lower.
    func bitsShiftedRight(by count: Int32) -> Self
    /// Writes the vectors one behind the other, after adding what is there if `add`.
    func put(_ pointer: UnsafeMutablePointer<Float>, add: Bool)
}

/// One vector.
public struct Line1<Vector: KernelVector>: VectorLine {
    @usableFromInline var first: Vector

    /// One.
    @inlinable @inline(__always) public static var count: Int { 1 }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public init() { first = .zero }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public init(at pointer: UnsafePointer<Float>) { first = Vector(at: pointer) }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public mutating func add<Product: VectorProduct>(_ value: Vector, times line: Self, _: Product.Type) {
        first = Product.add(first, value, line.first)
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func map(_ change: (Vector) -> Vector) -> Self { Self(change(first)) }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func scaled(by scale: Self, plus least: Self) -> Self {
        Self(least.first.adding(first, times: scale.first))
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func lowBits(_ mask: Int32) -> Self { Self(first.lowBits(mask)) }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func bitsShiftedRight(by count: Int32) -> Self { Self(first.bitsShiftedRight(by: count)) }

    @inlinable @inline(__always)
    init(_ first: Vector) { self.first = first }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func put(_ pointer: UnsafeMutablePointer<Float>, add: Bool) {
        (add ? Vector(at: pointer) + first : first).store(to: pointer)
    }
}

/// A line and one more vector.
public struct Longer<Line: VectorLine>: VectorLine {
    /// See `VectorLine`.
    public typealias Vector = Line.Vector

    @usableFromInline var line: Line
    @usableFromInline var last: Line.Vector

    /// One more.
    @inlinable @inline(__always) public static var count: Int { Line.count + 1 }

    @inlinable @inline(__always)
    static var place: Int { Line.count * Vector.scalarCount }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public init() {
        line = Line()
        last = .zero
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public init(at pointer: UnsafePointer<Float>) {
        line = Line(at: pointer)
        last = Vector(at: pointer + Self.place)
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public mutating func add<Product: VectorProduct>(_ value: Vector, times other: Self, _: Product.Type) {
        line.add(value, times: other.line, Product.self)
        last = Product.add(last, value, other.last)
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func map(_ change: (Vector) -> Vector) -> Self { Self(line.map(change), change(last)) }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func scaled(by scale: Self, plus least: Self) -> Self {
        Self(
            line.scaled(by: scale.line, plus: least.line), least.last.adding(last, times: scale.last))
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func lowBits(_ mask: Int32) -> Self { Self(line.lowBits(mask), last.lowBits(mask)) }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func bitsShiftedRight(by count: Int32) -> Self {
        Self(line.bitsShiftedRight(by: count), last.bitsShiftedRight(by: count))
    }

    @inlinable @inline(__always)
    init(_ line: Line, _ last: Vector) {
        self.line = line
        self.last = last
    }

    /// See `VectorLine`.
    @inlinable @inline(__always)
    public func put(_ pointer: UnsafeMutablePointer<Float>, add: Bool) {
        line.put(pointer, add: add)
        let place = pointer + Self.place
        (add ? Vector(at: place) + last : last).store(to: place)
    }
}

/// Rows of sums.
public protocol RegisterTile {
    /// A row.
    associatedtype Line: VectorLine
    /// How many rows.
    static var rows: Int { get }

    /// All sums zero.
    init()
    /// Adds one column of A times one row of B: a[0] for the first row, a[stride] for the second.
    mutating func add<Product: VectorProduct>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Line, _: Product.Type)
    /// Writes the rows `stride` floats apart, after adding what is there if `add`.
    func put(_ c: UnsafeMutablePointer<Float>, stride: Int, add: Bool)
}

/// One row.
public struct OneRow<Line: VectorLine>: RegisterTile {
    @usableFromInline var sums: Line

    /// One.
    @inlinable @inline(__always) public static var rows: Int { 1 }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public init() { sums = Line() }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public mutating func add<Product: VectorProduct>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Line, _: Product.Type
    ) {
        sums.add(Line.Vector(repeating: a.pointee), times: line, Product.self)
    }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public func put(_ c: UnsafeMutablePointer<Float>, stride: Int, add: Bool) { sums.put(c, add: add) }
}

/// One tile above another.
public struct Stacked<Upper: RegisterTile, Lower: RegisterTile>: RegisterTile where Upper.Line == Lower.Line {
    /// See `RegisterTile`.
    public typealias Line = Upper.Line

    @usableFromInline var upper: Upper
    @usableFromInline var lower: Lower

    /// Those of both.
    @inlinable @inline(__always) public static var rows: Int { Upper.rows + Lower.rows }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public init() {
        upper = Upper()
        lower = Lower()
    }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public mutating func add<Product: VectorProduct>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Line, _: Product.Type
    ) {
        upper.add(a, stride: stride, times: line, Product.self)
        lower.add(a + Upper.rows * stride, stride: stride, times: line, Product.self)
    }

    /// See `RegisterTile`.
    @inlinable @inline(__always)
    public func put(_ c: UnsafeMutablePointer<Float>, stride: Int, add: Bool) {
        upper.put(c, stride: stride, add: add)
        lower.put(c + Upper.rows * stride, stride: stride, add: add)
    }
}

/// Two rows.
public typealias TwoRows<Line: VectorLine> = Stacked<OneRow<Line>, OneRow<Line>>
/// Four rows.
public typealias FourRows<Line: VectorLine> = Stacked<TwoRows<Line>, TwoRows<Line>>
/// Six rows: a full tile of 16 registers.
public typealias SixRows<Line: VectorLine> = Stacked<FourRows<Line>, TwoRows<Line>>
/// Eight rows: a full tile of 32 registers.
public typealias EightRows<Line: VectorLine> = Stacked<FourRows<Line>, FourRows<Line>>
