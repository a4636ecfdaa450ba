// The octets of a request as grpc-go sends them, made once and before anything is counted.

internal import HPACK
internal import HTTP2

/// A client's octets.
enum Request {
    private static let fields: HeaderList = [
        ":method": "POST", ":scheme": "http", ":path": "/grpc.testing.TestService/EmptyCall",
        ":authority": "localhost", "content-type": "application/grpc", "user-agent": "grpc-go/1.81.1",
        "te": "trailers",
    ]

    /// The first block of a connection.
    static let first = blocks[0]
    /// A block with every field in the tables.
    static let known = blocks[1]
    /// A block that knows no table of its own.
    static let literal = blocks[2]
    /// The same in another order, so that it is no repetition.
    static let otherLiteral = blocks[4]
    /// As `known`, with a deadline of 10 seconds that enters no table.
    static let withDeadline = blocks[3]

    private static let blocks: [[UInt8]] = {
        var encoder = HPACKEncoder()
        var blocks: [[UInt8]] = [[], [], [], [], []]
        encoder.encode(fields, into: &blocks[0])
        encoder.encode(fields, into: &blocks[1])
        var plain = HeaderList()
        var reordered = HeaderList()
        for index in 0..<fields.count {
            plain.add(fields.name(index), fields.value(index), indexing: .avoided)
        }
        var other = HPACKEncoder(tableSize: 4096)
        other.encode(plain, into: &blocks[2])
        for index in [1, 0] + Array(2..<fields.count) { reordered.add(plain, index) }
        other.encode(reordered, into: &blocks[4])
        var timed = fields
        timed.add("grpc-timeout", "10S", indexing: .avoided)
        encoder.encode(timed, into: &blocks[3])
        return blocks
    }()

    /// Preface, SETTINGS, and a window for as many answers as one wants.
    static let preface: [UInt8] =
        HTTP2Connection.preface + [0, 0, 0, 4, 0, 0, 0, 0, 0] + [0, 0, 0, 4, 1, 0, 0, 0, 0]
        + [0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0]

    /// HEADERS and DATA of an empty message.
    static func frames(_ block: [UInt8], stream: UInt32) -> [UInt8] {
        var octets: [UInt8] = [0, 0, UInt8(truncatingIfNeeded: block.count), 1, 4, 0, 0, 0, 0]
        octets += block
        octets += [0, 0, 5, 0, 1, 0, 0, 0, 0] + [0, 0, 0, 0, 0]
        octets.setStream(stream)
        return octets
    }
}

extension [UInt8] {
    /// Takes over other octets and keeps the memory.
    mutating func replace(with other: [UInt8]) {
        removeAll(keepingCapacity: true)
        append(contentsOf: other)
    }

    /// Writes a stream's number into each frame, from the octet `start` on.
    mutating func setStream(_ stream: UInt32, from start: Int = 0) {
        var offset = start
        while offset + 9 <= count {
            for index in 0..<4 {
                self[offset + 5 + index] = UInt8(truncatingIfNeeded: stream >> UInt32(24 - 8 * index))
            }
            offset += 9 + Int(self[offset + 1]) << 8 + Int(self[offset + 2])
        }
    }
}
