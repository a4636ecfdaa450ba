// The operations that are counted, from a single header block to a whole call.

internal import HPACK
internal import HTTP2

/// Something that a server does for each request.
enum Operation: String, CaseIterable {
    /// The header block of a request whose fields are all in the tables.
    case hpackDecode
    /// The header block of a first request: literals, coded with Huffman.
    case hpackDecodeLiterals
    /// The header block of a request with a deadline that is not the last one's, into the same list.
    case hpackDecodeDeadlines
    /// The two header blocks of a response.
    case hpackEncode
    /// The frames of a request.
    case frameParse
    /// A request and its response through the protocol, without sockets.
    case http2Request
    /// A call over a Unix socket, one at a time.
    case unary
    /// A call over a Unix socket, 32 at a time.
    case unaryOf32
    /// A call over a Unix socket that has a deadline.
    case unaryWithDeadline

    /// Gets ready; the result does it so many times.
    func prepare() throws -> (Int) throws -> Void {
        switch self {
        case .hpackDecode: try decoding([Request.known])
        case .hpackDecodeLiterals: try decoding([Request.literal, Request.otherLiteral])
        case .hpackDecodeDeadlines: try decodingDeadlines()
        case .hpackEncode: encoding()
        case .frameParse: parsing()
        case .http2Request: answering()
        case .unary: try calling(Request.known, inFlight: 1)
        case .unaryOf32: try calling(Request.known, inFlight: 32)
        case .unaryWithDeadline: try calling(Request.withDeadline, inFlight: 1)
        }
    }

    /// Headers and trailers of a response.
    private static let response: (head: HeaderList, trailers: HeaderList) = {
        var head: HeaderList = [":status": "200", "content-type": "application/grpc"]
        var trailers: HeaderList = ["grpc-status": "0"]
        head.isSentOften = true
        trailers.isSentOften = true
        return (head, trailers)
    }()

    private func decoding(_ blocks: [[UInt8]]) throws -> (Int) throws -> Void {
        var decoder = HPACKDecoder()
        var list = HeaderList()
        _ = try decode(Request.first, &decoder, &list)
        return { count in
            for index in 0..<count {
                if blocks.count > 1 { list.removeAll() } else { list = HeaderList() }
                let block = blocks[index % blocks.count]
                guard try decode(block, &decoder, &list) == .complete else {
                    throw Failure("the block was too large")
                }
            }
        }
    }

    private func decodingDeadlines() throws -> (Int) throws -> Void {
        var decoder = HPACKDecoder()
        var list = HeaderList()
        _ = try decode(Request.first, &decoder, &list)
        var block = Request.withDeadline
        return { count in
            for index in 0..<count {
                list.removeAll()
                block[block.count - 2] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: index % 10)
                guard try decode(block, &decoder, &list) == .complete else {
                    throw Failure("the block was too large")
                }
            }
        }
    }

    private func decode(
        _ block: [UInt8], _ decoder: inout HPACKDecoder, _ list: inout HeaderList
    ) throws(HPACKError) -> HPACKDecoder.Outcome { try decoder.decode(block.span.bytes, into: &list) }

    private func encoding() -> (Int) throws -> Void {
        var encoder = HPACKEncoder()
        var output: [UInt8] = []
        let (head, trailers) = Self.response
        return { count in
            for _ in 0..<count {
                output.removeAll(keepingCapacity: true)
                encoder.encode(head, into: &output)
                encoder.encode(trailers, into: &output)
            }
        }
    }

    private func parsing() -> (Int) throws -> Void {
        let bytes = Request.frames(Request.known, stream: 1)
        return { count in
            for _ in 0..<count {
                try Self.parse(bytes)
            }
        }
    }

    private static func parse(_ bytes: [UInt8]) throws {
        let span = bytes.span.bytes
        var offset = 0
        while let header = try FrameHeader.parse(span, at: offset, maximumLength: 16_384) {
            offset += FrameHeader.size
            if case .unknown = try Frame.parse(header, span, at: offset) {
                throw Failure("the frame is of no known type")
            }
            offset += header.length
        }
    }

    private func receive(_ octets: [UInt8], _ connection: inout HTTP2Connection) {
        connection.receive(octets.span.bytes)
    }

    private func answering() -> (Int) throws -> Void {
        var connection = HTTP2Connection(.server)
        receive(Request.preface, &connection)
        while connection.next() != nil {}
        connection.drainOutput { _ in }
        let (head, trailers) = Self.response
        let message: [UInt8] = [0, 0, 0, 0, 0]
        var frames = Request.frames(Request.first, stream: 1)
        let later = Request.frames(Request.known, stream: 1)
        var stream: UInt32 = 1
        // A struct that cannot be copied is not captured and changed: it goes in and out of a box.
        let box = Box(connection)
        return { count in
            for _ in 0..<count {
                if stream > 1 { frames.replace(with: later) }
                frames.setStream(stream)
                receive(frames, &box.connection)
                while let event = box.connection.next() {
                    guard case .data(let stream, let range, true) = event else { continue }
                    box.connection.consume(range.count, on: stream)
                    box.connection.sendHeaders(stream, head)
                    box.connection.sendData(stream, message)
                    box.connection.sendTrailers(stream, trailers)
                }
                var sent = 0
                box.connection.drainOutput { sent = $0.byteCount }
                guard sent > 0 else { throw Failure("stream \(stream) was not answered") }
                stream += 2
                guard stream < 0x7fff_0000 else { throw Failure("the stream numbers are used up") }
            }
        }
    }

    private func calling(_ block: [UInt8], inFlight: Int) throws -> (Int) throws -> Void {
        let client = try RawClient(server: try TestServer())
        try client.open()
        return { count in
            var left = count
            while left > 0 {
                try client.call(block, times: min(left, inFlight))
                left -= inFlight
            }
        }
    }
}

/// Holds a connection for closures.
private final class Box {
    var connection: HTTP2Connection
    init(_ connection: consuming HTTP2Connection) { self.connection = connection }
}
