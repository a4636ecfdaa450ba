// A tensor of a request or a reply. Its elements are octets as the binary extension and gRPC's raw contents have them:
// little-endian, row by row, a BYTES element behind its length in four octets. JSON is made of them and turned into them at
// the edge.

internal import JSON

/// A tensor by name.
struct InferTensor: Equatable, Sendable {
    var name: String
    var datatype: TensorDatatype
    var shape: [Int]
    /// The elements.
    var content: [UInt8]

    init(_ name: String, _ datatype: TensorDatatype, _ shape: [Int], _ content: [UInt8]) {
        self.name = name
        self.datatype = datatype
        self.shape = shape
        self.content = content
    }

    /// Elements by the shape.
    ///
    /// - Throws: 400 for a dimension below zero, and for a product that no machine could hold.
    static func count(_ shape: [Int], _ name: String) throws(HTTPProblem) -> Int {
        var count = 1
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw HTTPProblem(400, "input '\(name)' has no valid shape: \(shape)")
            }
            count = product
        }
        return count
    }

    /// Checks that there are as many elements as the shape says.
    ///
    /// - Throws: 400.
    func check() throws(HTTPProblem) {
        let count = try Self.count(shape, name)
        let found: Int
        if let size = datatype.size {
            found = content.count / size
            guard content.count % size == 0 else {
                throw HTTPProblem(
                    400,
                    "input '\(name)' has \(content.count) octets, which are no whole \(datatype.rawValue)")
            }
        } else {
            found = try elements().count
        }
        guard found == count else {
            throw HTTPProblem(
                400, "input '\(name)' has \(found) elements, where its shape \(shape) says \(count)")
        }
    }

    /// The elements of a BYTES tensor.
    ///
    /// - Throws: 400 where the lengths do not come out even.
    func elements() throws(HTTPProblem) -> [ArraySlice<UInt8>] {
        var elements: [ArraySlice<UInt8>] = []
        var offset = 0
        while offset < content.count {
            guard offset + 4 <= content.count else {
                throw HTTPProblem(400, "input '\(name)' ends within the length of an element")
            }
            let length = content[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= content.count - offset - 4 else {
                throw HTTPProblem(
                    400,
                    "input '\(name)' has an element of \(length) octets, of which \(content.count - offset - 4) are"
                        + " there")
            }
            elements.append(content[offset + 4..<offset + 4 + length])
            offset += 4 + length
        }
        return elements
    }

    /// The elements of a BYTES tensor as text.
    ///
    /// - Throws: 400 for another datatype and for what is not UTF-8.
    func texts() throws(HTTPProblem) -> [String] {
        guard datatype == .bytes else {
            throw HTTPProblem(
                400, "input '\(name)' has datatype \(datatype.rawValue), and the model wants BYTES")
        }
        var texts: [String] = []
        for element in try elements() {
            guard let text = String(validating: element, as: UTF8.self) else {
                throw HTTPProblem(400, "element \(texts.count) of input '\(name)' is not UTF-8")
            }
            texts.append(text)
        }
        return texts
    }

    /// Octets of BYTES elements.
    static func content(of texts: some Sequence<some Sequence<UInt8>>) -> [UInt8] {
        var content: [UInt8] = []
        for text in texts {
            let octets = Array(text)
            append(UInt32(truncatingIfNeeded: octets.count), to: &content)
            content += octets
        }
        return content
    }

    /// Octets of single-precision numbers.
    static func content(of numbers: [[Float]]) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(numbers.reduce(0) { $0 + $1.count } * 4)
        for row in numbers { for number in row { append(number.bitPattern, to: &content) } }
        return content
    }

    static func append(_ number: some FixedWidthInteger, to octets: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { octets.append(contentsOf: $0) }
    }
}
