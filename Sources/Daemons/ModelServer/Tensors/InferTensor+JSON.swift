// Tensors in JSON: `data` holds the elements, one after the other or nested by the dimensions; a reply has them one after
// the other, as Triton and mlserver send them.

internal import JSON
internal import KernelTemplates

extension InferTensor {
    /// Reads a tensor whose elements are in `data`.
    ///
    /// - Throws: 400.
    init(name: String, datatype: TensorDatatype, shape: [Int], data: JSON) throws(HTTPProblem) {
        guard datatype != .brain16 else {
            throw HTTPProblem(
                400, "input '\(name)' has datatype BF16, which JSON has no form for: send it as binary data")
        }
        var content: [UInt8] = []
        try Self.append(data, datatype, name, to: &content)
        self.init(name, datatype, shape, content)
        try check()
    }

    private static func append(
        _ data: JSON, _ datatype: TensorDatatype, _ name: String, to content: inout [UInt8]
    ) throws(HTTPProblem) {
        if let list = data.array {
            for element in list { try append(element, datatype, name, to: &content) }
            return
        }
        func wrong() -> HTTPProblem {
            HTTPProblem(
                400,
                "input '\(name)' has an element that is no \(datatype.rawValue): \(data.text().prefix(64))")
        }
        func integer<I: FixedWidthInteger>(_ type: I.Type) throws(HTTPProblem) -> I {
            if case .int(let value) = data, let number = I(exactly: value) { return number }
            if case .double(let value) = data, let number = I(exactly: value) { return number }
            throw wrong()
        }
        func number() throws(HTTPProblem) -> Double {
            guard let number = data.double else { throw wrong() }
            return number
        }
        switch datatype {
        case .bool:
            if let truth = data.bool {
                content.append(truth ? 1 : 0)
            } else {
                let number = try integer(UInt8.self)
                guard number <= 1 else { throw wrong() }
                content.append(number)
            }
        case .uint8: append(try integer(UInt8.self), to: &content)
        case .uint16: append(try integer(UInt16.self), to: &content)
        case .uint32: append(try integer(UInt32.self), to: &content)
        case .uint64: append(try integer(UInt64.self), to: &content)
        case .int8: append(try integer(Int8.self), to: &content)
        case .int16: append(try integer(Int16.self), to: &content)
        case .int32: append(try integer(Int32.self), to: &content)
        case .int64: append(try integer(Int64.self), to: &content)
        case .float16:
            let bits = Float(try number()).halfBits
            // Larger than the datatype has: it would become an infinity, which nobody has sent.
            guard Float(halfBits: bits).isFinite else { throw wrong() }
            append(bits, to: &content)
        case .brain16: throw wrong()
        case .float32:
            let number = Float(try number())
            guard number.isFinite else { throw wrong() }
            append(number.bitPattern, to: &content)
        case .float64: append(try number().bitPattern, to: &content)
        case .bytes:
            guard let text = data.string else { throw wrong() }
            content += Self.content(of: [text.utf8])
        }
    }

    /// Writes the elements as a list.
    ///
    /// - Throws: 400 where JSON has no form for the datatype, 500 where the model gave numbers that are none.
    func writeData(_ writer: inout JSONWriter) throws(HTTPProblem) {
        if datatype == .bytes {
            let texts = try texts()
            return writer.array { for text in texts { $0.value(text) } }
        }
        guard datatype != .brain16 else {
            throw HTTPProblem(
                400, "output '\(name)' has datatype BF16, which JSON has no form for: ask for binary data")
        }
        if let index = firstNotFinite {
            throw HTTPProblem(
                500,
                "element \(index) of output '\(name)' is no number, which JSON has no form for: ask for binary data"
            )
        }
        writer.array { writer in
            content.withUnsafeBytes { octets in
                for offset in stride(from: 0, to: octets.count, by: datatype.size ?? 1) {
                    write(octets, offset, &writer)
                }
            }
        }
    }

    /// The first element that is infinite or no number.
    private var firstNotFinite: Int? {
        content.withUnsafeBytes { octets in
            func first(_ size: Int, _ isFinite: (Int) -> Bool) -> Int? {
                stride(from: 0, to: octets.count - size + 1, by: size).first { !isFinite($0) }.map {
                    $0 / size
                }
            }
            return switch datatype {
            case .float16:
                first(2) {
                    Float(
                        halfBits: UInt16(
                            littleEndian: octets.loadUnaligned(fromByteOffset: $0, as: UInt16.self))
                    )
                    .isFinite
                }
            case .float32:
                first(4) {
                    Float(
                        bitPattern: UInt32(
                            littleEndian: octets.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
                    ).isFinite
                }
            case .float64:
                first(8) {
                    Double(
                        bitPattern: UInt64(
                            littleEndian: octets.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                    ).isFinite
                }
            default: nil
            }
        }
    }

    private func write(_ octets: UnsafeRawBufferPointer, _ offset: Int, _ writer: inout JSONWriter) {
        func load<I: FixedWidthInteger>(_ type: I.Type) -> I {
            I(littleEndian: octets.loadUnaligned(fromByteOffset: offset, as: type))
        }
        switch datatype {
        case .bool: writer.value(load(UInt8.self) != 0)
        case .uint8: writer.value(Int(load(UInt8.self)))
        case .uint16: writer.value(Int(load(UInt16.self)))
        case .uint32: writer.value(Int(load(UInt32.self)))
        case .uint64: writer.value(unsigned: load(UInt64.self))
        case .int8: writer.value(Int(load(Int8.self)))
        case .int16: writer.value(Int(load(Int16.self)))
        case .int32: writer.value(Int(load(Int32.self)))
        case .int64: writer.value(Int(load(Int64.self)))
        case .float16: writer.value(Float(halfBits: load(UInt16.self)))
        case .float32: writer.value(Float(bitPattern: load(UInt32.self)))
        case .float64: writer.value(Double(bitPattern: load(UInt64.self)))
        case .brain16, .bytes: break
        }
    }
}
