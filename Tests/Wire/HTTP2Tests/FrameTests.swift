import FoundationEssentials
import HPACK
import TestSupport
import Testing

@testable import HTTP2

/// A file of http2jp/http2-frame-test-case.
private struct FrameCase: Decodable {
    struct Expected: Decodable {
        struct Payload: Decodable {
            enum CodingKeys: String, CodingKey {
                case data, increment = "window_size_increment", opaque = "opaque_data"
                case block = "header_block_fragment", padding = "padding_length", errorCode = "error_code"
            }
            var data: String?
            var increment: Int?
            var opaque: String?
            var block: String?
            var padding: Int?
            var errorCode: UInt32?
        }
        enum CodingKeys: String, CodingKey {
            case length, flags, type, stream = "stream_identifier", payload = "frame_payload"
        }
        var length: Int
        var flags: UInt8
        var type: UInt8
        var stream: UInt32
        var payload: Payload
    }
    var error: [UInt32]?
    var wire: String
    var frame: Expected?
    var description: String
}

/// Parses the one frame of `octets`.
func parseOne(_ octets: [UInt8], maximumLength: Int = 16_384) throws(Fault) -> Frame? {
    let header: FrameHeader?
    do {
        header = try FrameHeader.parse(octets.span.bytes, at: 0, maximumLength: maximumLength)
    } catch {
        throw .connection(error)
    }
    guard let header else { return nil }
    return try Frame.parse(header, octets.span.bytes, at: FrameHeader.size)
}

@Suite("Frames of http2jp/http2-frame-test-case")
struct FrameVectorTests {
    static let folders = [
        "continuation", "data", "error", "goaway", "headers", "ping", "priority", "push_promise",
        "rst_stream",
        "settings", "window_update",
    ]
    static let files = folders.flatMap { folder in
        ((try? Fixtures.names(in: "http2-frames/\(folder)", ending: ".json")) ?? []).map { "\(folder)/\($0)" }
    }

    @Test("are all here")
    func complete() { #expect(Self.files.count == 34) }

    @Test("are parsed, or refused with the right code", arguments: files)
    func vector(path: String) throws {
        let example = try JSONDecoder().decode(
            FrameCase.self, from: Data(Fixtures.octets("http2-frames/\(path)")))
        let octets = hex(example.wire)
        if let codes = example.error {
            do throws(Fault) {
                let frame = try parseOne(octets)
                Issue.record("\(example.description): parsed as \(String(describing: frame))")
            } catch {
                #expect(codes.contains(error.code.rawValue))
            }
            return
        }
        let expected = try #require(example.frame)
        let header = try #require(try FrameHeader.parse(octets.span.bytes, at: 0, maximumLength: 16_384))
        #expect(
            header
                == FrameHeader(
                    length: expected.length, type: expected.type, flags: expected.flags,
                    stream: expected.stream))
        func text(_ range: Range<Int>) -> String { String(decoding: octets[range], as: UTF8.self) }
        switch try #require(try parseOne(octets)) {
        case .data(let stream, let payload, let flow, _):
            #expect(stream == expected.stream)
            #expect(text(payload) == expected.payload.data)
            #expect(flow == expected.length)
        case .headers(_, let block, _, _), .continuation(_, let block, _), .pushPromise(_, _, let block, _):
            #expect(text(block) == expected.payload.block)
        case .windowUpdate(_, let increment): #expect(increment == expected.payload.increment)
        case .reset(_, let code): #expect(code.rawValue == expected.payload.errorCode)
        case .goAway(_, let code, _): #expect(code.rawValue == expected.payload.errorCode)
        case .ping(let opaque), .pingAcknowledgement(let opaque):
            var written: [UInt8] = []
            written.appendPing(opaque, acknowledge: expected.flags & 1 != 0)
            #expect(written == octets)
        case .settings(let range): #expect(range.count == expected.length)
        case .priority(let stream): #expect(stream == expected.stream)
        case .settingsAcknowledgement: #expect(expected.length == 0)
        case .unknown(let type): Issue.record("type \(type) is not known")
        }
    }
}

@Suite("Frame codec, RFC 9113 §4 and §6")
struct FrameTests {
    @Test("a header waits while octets are missing", arguments: 0..<FrameHeader.size)
    func waits(count: Int) throws {
        let octets = [UInt8](repeating: 0, count: count)
        #expect(try FrameHeader.parse(octets.span.bytes, at: 0, maximumLength: 16_384) == nil)
    }

    @Test("the reserved bit of the stream is dropped, §4.1")
    func reservedBit() throws {
        let octets: [UInt8] = [0, 0x40, 0, 0, 1, 0x80, 0, 0, 5]
        #expect(
            try FrameHeader.parse(octets.span.bytes, at: 0, maximumLength: 16_384)
                == FrameHeader(length: 16_384, type: 0, flags: 1, stream: 5))
    }

    @Test("a payload longer than our limit is refused before it arrives, §4.2")
    func tooLong() {
        let octets: [UInt8] = [0, 0x40, 1, 0, 0, 0, 0, 0, 1]
        #expect(
            throws: ConnectionError(
                .frameSizeError, "the peer sent a frame of 16385 octets, our limit is 16384")
        ) {
            try FrameHeader.parse(octets.span.bytes, at: 0, maximumLength: 16_384)
        }
    }

    @Test(
        "faults have the scope and the code of §6",
        arguments: [
            (frame(0, flags: 8, stream: 1, []), nil, ErrorCode.frameSizeError),
            (frame(0, flags: 8, stream: 1, [1]), nil, .protocolError),
            (frame(1, flags: 0x20, stream: 1, [0, 0, 0, 3]), nil, .frameSizeError),
            (frame(1, flags: 0x24, stream: 3, [0, 0, 0, 3, 1]), 3, .protocolError),
            (frame(2, stream: 3, [0, 0, 0, 3, 1]), 3, .protocolError),
            (frame(2, stream: 3, [0, 0, 0]), 3, .frameSizeError),
            (frame(8, stream: 3, words(0)), 3, .protocolError),
            (frame(8, stream: 0, words(0)), nil, .protocolError),
            (frame(8, stream: 3, words(0x8000_0000)), 3, .protocolError),
            (frame(4, stream: 0, [1, 2, 3]), nil, .frameSizeError),
            (frame(4, flags: 1, stream: 0, [1]), nil, .frameSizeError),
            (frame(7, stream: 0, [1, 2, 3, 4]), nil, .frameSizeError),
            (frame(9, stream: 0, []), nil, .protocolError),
        ] as [([UInt8], StreamID?, ErrorCode)])
    func faults(octets: [UInt8], stream: StreamID?, code: ErrorCode) {
        do throws(Fault) {
            let frame = try parseOne(octets)
            Issue.record("parsed as \(String(describing: frame))")
        } catch {
            #expect(error.code == code)
            switch error {
            case .connection: #expect(stream == nil)
            case .stream(let error): #expect(error.stream == stream)
            }
        }
    }

    @Test("padding may fill a frame but for its length, §6.1")
    func fullPadding() throws {
        let octets = frame(0, flags: 9, stream: 1, [3, 0, 0, 0])
        #expect(try parseOne(octets) == .data(1, payload: 10..<10, flow: 4, endStream: true))
    }

    @Test("frames of unknown types are what they are, §5.5")
    func unknown() throws { #expect(try parseOne(frame(0xfa, stream: 7, [1])) == .unknown(0xfa)) }

    @Test("a long header block is cut into CONTINUATIONs, §6.10", arguments: [0, 1, 10, 11, 35])
    func continuations(count: Int) throws {
        let block = (0..<count).map { UInt8($0) }
        var octets: [UInt8] = []
        octets.appendHeaders(3, block, endStream: true, maximumLength: 10)
        var joined: [UInt8] = []
        let all = frames(octets)
        for (index, frame) in all.enumerated() {
            switch frame {
            case .headers(3, let range, endStream: true, let endHeaders):
                #expect(index == 0)
                #expect(endHeaders == (all.count == 1))
                joined += octets[range]
            case .continuation(3, let range, let endHeaders):
                #expect(endHeaders == (index == all.count - 1))
                joined += octets[range]
            default: Issue.record("\(frame)")
            }
        }
        #expect(joined == block)
    }

    @Test("codes have their names", arguments: [(0, "NO_ERROR"), (11, "ENHANCE_YOUR_CALM"), (99, "0x63")])
    func names(code: UInt32, name: String) { #expect(ErrorCode(rawValue: code).description == name) }
}
