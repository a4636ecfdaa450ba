// Where the cores of a group meet: the sum of their partial results (all-reduce), residual and layer norm in one walk
// over each row.

extension Kernels {
    /// See `Kernels.reduceAndNormalize`.
    @inlinable @inline(__always)
    public func reduceAndNormalize(
        _ partials: [UnsafePointer<Float>], bias: UnsafePointer<Float>?,
        residual: UnsafePointer<Float>,
        rows: Int, columns: Int, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, epsilon: Float,
        into out: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let line = out + row * columns
            let before = residual + row * columns
            if let bias {
                for column in 0..<columns { line[column] = before[column] + bias[column] }
            } else {
                for column in 0..<columns { line[column] = before[column] }
            }
            for partial in partials {
                let from = partial + row * columns
                for column in 0..<columns { line[column] += from[column] }
            }
            normalize(line, columns: columns, scale: scale, shift: shift, epsilon: epsilon)
        }
    }

    /// Layer norm of one row, in place.
    @inlinable @inline(__always)
    public func normalize(
        _ line: UnsafeMutablePointer<Float>, columns: Int, scale: UnsafePointer<Float>,
        shift: UnsafePointer<Float>,
        epsilon: Float
    ) {
        let lanes = Vector.scalarCount
        let whole = columns - columns % lanes
        var sums = Vector.zero
        var column = 0
        while column < whole {
            sums = sums + Vector(at: line + column)
            column += lanes
        }
        var sum = sums.sum()
        for column in whole..<columns { sum += line[column] }
        let mean = sum / Float(columns)

        var squares = Vector.zero
        column = 0
        while column < whole {
            let distance = Vector(at: line + column) - Vector(repeating: mean)
            squares = squares.adding(distance, times: distance)
            column += lanes
        }
        var square = squares.sum()
        for column in whole..<columns { square += (line[column] - mean) * (line[column] - mean) }
        let inverse = 1 / (square / Float(columns) + epsilon).squareRoot()

        column = 0
        while column < whole {
            let value = (Vector(at: line + column) - Vector(repeating: mean)) * Vector(repeating: inverse)
            Vector(at: shift + column).adding(value, times: Vector(at: scale + column)).store(
                to: line + column)
            column += lanes
        }
        for column in whole..<columns {
            line[column] = (line[column] - mean) * inverse * scale[column] + shift[column]
        }
    }

    /// See `Kernels.addRows`.
    @inlinable @inline(__always)
    public func addRows(
        _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>,
        _ third: UnsafePointer<Float>, count: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<count { out[index] = first[index] + second[index] + third[index] }
    }

    /// See `Kernels.meanAndScaleToUnit`.
    @inlinable @inline(__always)
    public func meanAndScaleToUnit(
        _ values: UnsafePointer<Float>, rows: Int, columns: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        for column in 0..<columns { out[column] = values[column] }
        for row in 1..<max(rows, 1) {
            let line = values + row * columns
            for column in 0..<columns { out[column] += line[column] }
        }
        let inverse = 1 / Float(max(rows, 1))
        var square: Float = 0
        for column in 0..<columns {
            out[column] *= inverse
            square += out[column] * out[column]
        }
        guard square > 0 else { return }
        let length = 1 / square.squareRoot()
        for column in 0..<columns { out[column] *= length }
    }
}
