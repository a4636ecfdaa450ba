// What decoders compute between the matrix products: the norm without a mean, rotary positions, and gates.

extension Kernels {
    /// See `Kernels.normalizeByRootMeanSquare`.
    @inlinable @inline(__always)
    public func normalizeByRootMeanSquare(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int, scale: UnsafePointer<Float>, epsilon: Float,
        into out: UnsafeMutablePointer<Float>
    ) {
        let lanes = Vector.scalarCount
        let whole = columns - columns % lanes
        for row in 0..<rows {
            let (line, place) = (values + row * columns, out + row * columns)
            var squares = Vector.zero
            for column in stride(from: 0, to: whole, by: lanes) {
                let value = Vector(at: line + column)
                squares = squares.adding(value, times: value)
            }
            var square = squares.sum()
            for column in whole..<columns { square += line[column] * line[column] }
            let inverse = 1 / (square / Float(columns) + epsilon).squareRoot()
            for column in stride(from: 0, to: whole, by: lanes) {
                let value = Vector(at: line + column) * Vector(repeating: inverse)
                (value * Vector(at: scale + column)).store(to: place + column)
            }
            for column in whole..<columns { place[column] = line[column] * inverse * scale[column] }
        }
    }

    /// See `Kernels.rotate`.
    @inlinable @inline(__always)
    public func rotate(
        _ heads: UnsafeMutablePointer<Float>, count: Int, size: Int, rotated: Int, isInterleaved: Bool,
        cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        let half = rotated / 2
        for head in 0..<count {
            let line = heads + head * size
            for pair in 0..<half {
                let first = isInterleaved ? 2 * pair : pair
                let second = isInterleaved ? first + 1 : first + half
                let (x, y) = (line[first], line[second])
                line[first] = x * cosines[pair] - y * sines[pair]
                line[second] = x * sines[pair] + y * cosines[pair]
            }
        }
    }

    /// See `Kernels.multiplyBySiLU`.
    @inlinable @inline(__always)
    public func multiplyBySiLU(
        _ gates: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>, count: Int
    ) {
        forEachVector(count) { place, last in
            let (gate, value) = (load(gates + place, last), load(values + place, last))
            store(gate * sigmoid(gate) * value, values + place, last)
        }
    }

    /// See `Kernels.geluByTanh`.
    @inlinable @inline(__always)
    public func geluByTanh(_ values: UnsafeMutablePointer<Float>, count: Int) {
        // y/2 (1 + tanh u) = y sigmoid(2 u), with u = sqrt(2/pi) (y + 0.044715 y^3).
        let (linear, cubic) = (Vector(repeating: 1.595_769_1), Vector(repeating: 0.071_354_814))
        forEachVector(count) { place, last in
            let value = load(values + place, last)
            let twice = value * linear.adding(value * value, times: cubic)
            store(value * sigmoid(twice), values + place, last)
        }
    }

    /// 1 / (1 + e^-x).
    @inlinable @inline(__always)
    func sigmoid(_ value: Vector) -> Vector {
        let one = Vector(repeating: 1)
        return one / (one + exponential(.zero - value))
    }

    /// Places at which vectors begin, and how many numbers the last, narrower one has; nil for a whole vector.
    @inlinable @inline(__always)
    func forEachVector(_ count: Int, _ body: (_ place: Int, _ last: Int?) -> Void) {
        let lanes = Vector.scalarCount
        var place = 0
        while place + lanes <= count {
            body(place, nil)
            place += lanes
        }
        if place < count { body(place, count - place) }
    }

    @inlinable @inline(__always)
    func load(_ pointer: UnsafePointer<Float>, _ last: Int?) -> Vector {
        guard let last else { return Vector(at: pointer) }
        var vector = Vector.zero
        for lane in 0..<last { vector[lane] = pointer[lane] }
        return vector
    }

    @inlinable @inline(__always)
    func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ last: Int?) {
        guard let last else { return vector.store(to: pointer) }
        for lane in 0..<last { pointer[lane] = vector[lane] }
    }

    /// See `Kernels.add`.
    @inlinable @inline(__always)
    public func add(
        _ partials: [UnsafePointer<Float>], bias: UnsafePointer<Float>?, rows: Int, columns: Int,
        to out: UnsafeMutablePointer<Float>
    ) {
        for partial in partials {
            for index in 0..<rows * columns { out[index] += partial[index] }
        }
        guard let bias else { return }
        for row in 0..<rows {
            for column in 0..<columns { out[row * columns + column] += bias[column] }
        }
    }

    /// See `Kernels.storeColumn`.
    @inlinable @inline(__always)
    public func storeColumn(
        _ source: UnsafePointer<Float>, _ column: Int, columns: Int, depth: Int,
        into packed: UnsafeMutablePointer<Float>
    ) {
        forEachPlace(column, columns: columns, depth: depth) { k, place in packed[place] = source[k] }
    }

    /// See `Kernels.storeRow`.
    @inlinable @inline(__always)
    public func storeRow(
        _ source: UnsafePointer<Float>, _ row: Int, columns: Int, depth: Int,
        into packed: UnsafeMutablePointer<Float>
    ) {
        for part in parts(columns: columns, steps: depth) where part.steps.contains(row) {
            let place = part.offset + (row - part.steps.lowerBound) * part.room
            for n in 0..<part.columns.count { packed[place + n] = source[part.columns.lowerBound + n] }
        }
    }

    /// The places of a column's numbers.
    @inlinable @inline(__always)
    func forEachPlace(_ column: Int, columns: Int, depth: Int, _ body: (_ k: Int, _ place: Int) -> Void) {
        let panel = column / Vector.panelColumns
        for part in parts(columns: columns, steps: depth, panels: panel..<panel + 1) {
            var place = part.offset + column - part.columns.lowerBound
            for k in part.steps {
                body(k, place)
                place += part.room
            }
        }
    }
}
