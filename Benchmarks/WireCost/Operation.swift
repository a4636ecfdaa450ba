// The operations that are counted, from a single header block to a whole call.

internal import HPACK
internal import HTTP2

/// Something that a server does for each request.
enum Operation: String, CaseIterable {
    /// The header block of a request whose fields are all in the tables.
    case hpackDecode
    /// The header block of a first request: literals, coded with Huffman.
    case hpackDecodeLiterals
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
        case .hpackDecode: try decoding(Request.known)
        case .hpackDecodeLiterals: try decoding(Request.literal)
        case .hpackEncode: encoding()
        case .frameParse: parsing()
        case .http2Request: answering()
        case .unary: try calling(Request.known, inFlight: 1)
        case .unaryOf32: try calling(Request.known, inFlight: 32)
        case .unaryWithDeadline: try calling(Request.withDeadline, inFlight: 1)
        }
    }

    private func decoding(_ block: [UInt8]) throws -> (Int) throws -> Void {
        var decoder = HPACKDecoder()
        var list = HeaderList()
        _ = try decoder.decode(Request.first.span.bytes, into: &list)
        return { count in
            for _ in 0..<count {
                list.removeAll()
                guard try decoder.decode(block.span.bytes, into: &list) == .complete else {
                    throw Failure("the block was too large")
                }
            }
        }
    }

    private func encoding() -> (Int) throws -> Void {
        var encoder = HPACKEncoder()
        var output: [UInt8] = []
        let head: HeaderList = [":status": "200", "content-type": "application/grpc"]
        let trailers: HeaderList = ["grpc-status": "0"]
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
                var offset = 0
                while let header = try FrameHeader.parse(bytes.span.bytes, at: offset, maximumLength: 16_384)
                {
                    offset += FrameHeader.size
                    if case .unknown = try Frame.parse(header, bytes.span.bytes, at: offset) {
                        throw Failure("the frame is of no known type")
                    }
                    offset += header.length
                }
            }
        }
    }

    private func answering() -> (Int) throws -> Void {
        var connection = HTTP2Connection(.server)
        connection.receive(Request.preface.span.bytes)
        while connection.next() != nil {}
        connection.drainOutput { _ in }
        let head: HeaderList = [":status": "200", "content-type": "application/grpc"]
        let trailers: HeaderList = ["grpc-status": "0"]
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
                box.connection.receive(frames.span.bytes)
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
