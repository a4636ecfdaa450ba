// One demand on an end of a connection: what the peer sends, and every frame that has to come back. The tables beside
// this file say in this form what the conformance tester h2spec asks for, case by case and by its ids, and what the
// RFCs ask for beyond that. They run against the state machine alone, without a socket.

import HPACK
import Testing

@testable import HTTP2

/// A frame that must come back. WINDOW_UPDATE is left out: when a window is given back is our own affair.
enum Reply: Equatable, Sendable {
    case settings
    case settingsAck
    case pong(UInt64)
    case headers(StreamID)
    case data(StreamID, Int, end: Bool)
    case reset(StreamID, ErrorCode)
    case goAway(ErrorCode)
    /// Something that no requirement asks for.
    case other(String)

    /// Nil for WINDOW_UPDATE.
    init?(_ frame: Frame) {
        switch frame {
        case .windowUpdate: return nil
        case .settings: self = .settings
        case .settingsAcknowledgement: self = .settingsAck
        case .pingAcknowledgement(let opaque): self = .pong(opaque)
        case .headers(let stream, _, _, _): self = .headers(stream)
        case .data(let stream, let payload, _, let end): self = .data(stream, payload.count, end: end)
        case .reset(let stream, let code): self = .reset(stream, code)
        case .goAway(_, let code, _): self = .goAway(code)
        default: self = .other("\(frame)")
        }
    }
}

/// A row.
struct Requirement: CustomTestStringConvertible, Sendable {
    /// What the end under test does.
    enum Conduct: Sendable {
        /// A server answers a complete request at once with `Requirement.answer`.
        case answers
        /// A server keeps the stream half closed.
        case waits
        /// Nothing has been said yet: `octets` are the peer's first words.
        case begins
    }

    /// The case of h2spec, such as `http2/6.3/1`; empty for what it does not test.
    var id: String
    /// The section that asks for it.
    var section: String
    /// What happens.
    var name: String
    /// What the peer sends after the handshake.
    var octets: [UInt8]
    /// The frames that must come back, all of them and in this order.
    var replies: [Reply]
    var conduct: Conduct

    var testDescription: String { id.isEmpty ? "\(section): \(name)" : "\(id), \(section): \(name)" }

    init(
        _ id: String, _ section: String, _ name: String, _ sent: [[UInt8]], _ replies: [Reply],
        _ conduct: Conduct = .answers
    ) {
        self.id = id
        self.section = section
        self.name = name
        octets = sent.flatMap { $0 }
        self.replies = replies
        self.conduct = conduct
    }

    /// What h2spec does not test.
    init(
        _ section: String, _ name: String, _ sent: [[UInt8]], _ replies: [Reply],
        _ conduct: Conduct = .answers
    ) {
        self.init("", section, name, sent, replies, conduct)
    }

    /// The body of each answer: 8 octets.
    static let body = Array("ganglion".utf8)
    /// The frames of an answer to a request on `stream`.
    static func answer(_ stream: StreamID = 1) -> [Reply] {
        [.headers(stream), .data(stream, body.count, end: true)]
    }
}

extension Endpoint {
    /// Takes octets as the end that `requirement` is about and tells what went back.
    func replies(to pieces: [[UInt8]], _ conduct: Requirement.Conduct) -> (seen: [Seen], replies: [Reply]) {
        var seen: [Seen] = []
        var replies: [Reply] = []
        for piece in pieces {
            seen += takeAnswering(piece, conduct)
            replies += takeFrames().compactMap(Reply.init)
        }
        return (seen, replies)
    }

    private func takeAnswering(_ octets: [UInt8], _ conduct: Requirement.Conduct) -> [Seen] {
        connection.take(octets) { connection, event in
            guard conduct == .answers, connection.role == .server else { return }
            switch event {
            case .headers(let stream, _, end: true), .data(let stream, _, end: true),
                .trailers(let stream, _):
                connection.sendHeaders(stream, [":status": "200"])
                connection.sendData(stream, Requirement.body, endStream: true)
            default: break
            }
        }
    }
}

// MARK: Frames by hand

let get: HeaderList = [
    ":method": "GET", ":scheme": "http", ":path": "/", ":authority": "localhost",
]
let post: HeaderList = [
    ":method": "POST", ":scheme": "http", ":path": "/", ":authority": "localhost",
]

/// The list with one field more.
func with(_ list: HeaderList, _ name: String, _ value: String) -> HeaderList {
    var list = list
    list.add(name, value)
    return list
}

/// A POST with one field more.
func with(_ name: String, _ value: String) -> HeaderList { with(post, name, value) }

/// A GET without the field `name`.
func without(_ name: String) -> HeaderList {
    var rest = HeaderList()
    for index in 0..<get.count where get.name(index) != name { rest.add(get.name(index), get.value(index)) }
    return rest
}

/// HEADERS with END_HEADERS.
func headers(_ stream: StreamID, _ list: HeaderList, end: Bool) -> [UInt8] {
    frame(1, flags: end ? 5 : 4, stream: stream, block(list))
}

/// HEADERS without END_HEADERS.
func openHeaders(_ stream: StreamID, _ block: [UInt8], end: Bool) -> [UInt8] {
    frame(1, flags: end ? 1 : 0, stream: stream, block)
}

/// A GET with END_STREAM whose block ends with `octets`.
func blockTail(_ octets: String) -> [UInt8] { frame(1, flags: 5, stream: 1, block(get) + hex(octets)) }

/// A GET with END_STREAM whose block begins with `octets`.
func blockHead(_ octets: String) -> [UInt8] { frame(1, flags: 5, stream: 1, hex(octets) + block(get)) }

func continuation(_ stream: StreamID, _ block: [UInt8] = [], done: Bool = true) -> [UInt8] {
    frame(9, flags: done ? 4 : 0, stream: stream, block)
}

func dataFrame(_ stream: StreamID, _ octets: [UInt8] = Array("test".utf8), end: Bool) -> [UInt8] {
    frame(0, flags: end ? 1 : 0, stream: stream, octets)
}

/// PRIORITY (RFC 7540 §6.3); `weight` is one less than the weight it means.
func priority(
    _ stream: StreamID, on other: StreamID = 0, exclusive: Bool = false, weight: UInt8 = 255
) -> [UInt8] {
    frame(2, stream: stream, words(exclusive ? other | 0x8000_0000 : other) + [weight])
}

func resetFrame(_ stream: StreamID, _ code: ErrorCode = .cancel) -> [UInt8] {
    frame(3, stream: stream, words(code.rawValue))
}

func settings(_ entries: (UInt16, UInt32)...) -> [UInt8] { frame(4, entries.flatMap { setting($0.0, $0.1) }) }

func ping(_ opaque: UInt64 = 0, stream: StreamID = 0) -> [UInt8] {
    frame(6, stream: stream, words(UInt32(opaque >> 32), UInt32(opaque & 0xffff_ffff)))
}

func windowUpdate(_ stream: StreamID, _ increment: UInt32) -> [UInt8] {
    frame(8, stream: stream, words(increment))
}

/// The block of one field of 4000 octets, the longest that the tester sends.
let dummyBlock = block(["x-dummy0": String(repeating: "x", count: 4000)])
