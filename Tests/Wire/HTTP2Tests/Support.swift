// What the suites share: hex, frames by hand, and two ends that talk to each other.

import HPACK
import TestSupport

@testable import HTTP2

/// The octets of a hex string; blanks are skipped.
func hex(_ text: String) -> [UInt8] { hexadecimal(text) }

/// A frame by hand.
func frame(_ type: UInt8, flags: UInt8 = 0, stream: StreamID = 0, _ payload: [UInt8] = []) -> [UInt8] {
    var octets: [UInt8] = []
    octets.append(FrameHeader(length: payload.count, type: type, flags: flags, stream: stream))
    return octets + payload
}

/// A header block without dynamic table, so that tests can send it at any time.
func block(_ list: HeaderList) -> [UInt8] {
    var octets: [UInt8] = []
    for index in 0..<list.count {
        octets.append(0)
        for range in [list.nameRange(index), list.valueRange(index)] {
            octets += length(range.count) + list.storage[range]
        }
    }
    return octets
}

/// The length of a string that is not in Huffman, below 16,511 (RFC 7541 §5.1).
private func length(_ count: Int) -> [UInt8] {
    guard count >= 127 else { return [UInt8(count)] }
    let rest = count - 127
    return rest < 128 ? [127, UInt8(rest)] : [127, UInt8(rest & 127) | 128, UInt8(rest >> 7)]
}

let emptySettings = frame(4)
let settingsAcknowledgement = frame(4, flags: 1)
let clientHello = HTTP2Connection.preface + emptySettings

let request: HeaderList = [
    ":method": "POST", ":scheme": "http", ":path": "/a.B/C", ":authority": "localhost", "te": "trailers",
]
let response: HeaderList = [":status": "200", "content-type": "application/grpc"]

/// HEADERS of a request by hand.
func requestFrame(_ stream: StreamID, endStream: Bool = true, _ list: HeaderList = request) -> [UInt8] {
    frame(1, flags: endStream ? 5 : 4, stream: stream, block(list))
}

func words(_ values: UInt32...) -> [UInt8] {
    var octets: [UInt8] = []
    for value in values { octets.append32(value) }
    return octets
}

func setting(_ identifier: UInt16, _ value: UInt32) -> [UInt8] {
    [UInt8(identifier >> 8), UInt8(identifier & 255)] + words(value)
}

/// An event with its octets instead of their place.
enum Seen: Equatable, CustomStringConvertible {
    case headers(StreamID, HeaderList, end: Bool)
    case informational(StreamID, HeaderList)
    case data(StreamID, [UInt8], end: Bool)
    case trailers(StreamID, HeaderList)
    case reset(StreamID, ErrorCode, byPeer: Bool)
    case writable(StreamID)
    case settings
    case goAway(StreamID, ErrorCode)
    case drained
    case failed(ErrorCode)

    var description: String {
        switch self {
        case .headers(let id, let list, let end): "headers \(id) \(end) [\(list)]"
        case .informational(let id, let list): "informational \(id) [\(list)]"
        case .data(let id, let octets, let end): "data \(id) \(octets.count) octets \(end)"
        case .trailers(let id, let list): "trailers \(id) [\(list)]"
        case .reset(let id, let code, let byPeer): "reset \(id) \(code) byPeer=\(byPeer)"
        case .writable(let id): "writable \(id)"
        case .settings: "settings"
        case .goAway(let id, let code): "goAway \(id) \(code)"
        case .drained: "drained"
        case .failed(let code): "failed \(code)"
        }
    }
}

extension HTTP2Connection {
    /// Takes octets and tells what came of them. Bodies are consumed unless told otherwise.
    ///
    /// - Parameter react: what the owner does about an event before the next frame is looked at.
    mutating func take(
        _ octets: [UInt8], at now: UInt64 = 0, consuming: Bool = true,
        react: (inout HTTP2Connection, Seen) -> Void = { _, _ in }
    ) -> [Seen] {
        receive(octets.span.bytes, at: now)
        var seen: [Seen] = []
        while let event = next() {
            switch event {
            case .headers(let id, let list, let end): seen.append(.headers(id, list, end: end))
            case .informational(let id, let list): seen.append(.informational(id, list))
            case .data(let id, let range, let end):
                var body: [UInt8] = []
                copy(range, to: &body)
                if consuming { consume(body.count, on: id) }
                seen.append(.data(id, body, end: end))
            case .trailers(let id, let list): seen.append(.trailers(id, list))
            case .reset(let id, let code, let byPeer): seen.append(.reset(id, code, byPeer: byPeer))
            case .writable(let id): seen.append(.writable(id))
            case .settings: seen.append(.settings)
            case .goAway(let id, let code, _): seen.append(.goAway(id, code))
            case .drained: seen.append(.drained)
            case .failed(let error): seen.append(.failed(error.code))
            }
            if let last = seen.last { react(&self, last) }
        }
        return seen
    }

    /// All that is to be sent.
    mutating func takeOutput() -> [UInt8] {
        var octets: [UInt8] = []
        while hasOutput { drainOutput { octets.append($0, 0..<$0.byteCount) } }
        return octets
    }

    /// The frames that are to be sent.
    mutating func takeFrames() -> [Frame] { frames(takeOutput()) }
}

/// The frames of whole octets; ranges are into them.
func frames(_ octets: [UInt8]) -> [Frame] {
    var frames: [Frame] = []
    var offset = octets.starts(with: HTTP2Connection.preface) ? HTTP2Connection.preface.count : 0
    while let header = try? FrameHeader.parse(octets.span.bytes, at: offset, maximumLength: 1 << 24),
        offset + 9 + header.length <= octets.count,
        let frame = try? Frame.parse(header, octets.span.bytes, at: offset + 9)
    {
        frames.append(frame)
        offset += 9 + header.length
    }
    return frames
}

/// A connection that expectations can name: macros take nothing that cannot be copied.
final class Endpoint {
    var connection: HTTP2Connection

    init(_ role: HTTP2Role, limits: HTTP2Limits = HTTP2Limits()) {
        connection = HTTP2Connection(role, limits: limits)
    }

    var isFailed: Bool { connection.isFailed }
    var openStreams: Int { connection.openStreams }
    var peerSettings: PeerSettings { connection.peerSettings }
    func isOpen(_ stream: StreamID) -> Bool { connection.isOpen(stream) }
    func waitingOctets(_ stream: StreamID) -> Int { connection.waitingOctets(stream) }

    func take(_ octets: [UInt8], at now: UInt64 = 0, consuming: Bool = true) -> [Seen] {
        connection.take(octets, at: now, consuming: consuming)
    }
    func takeOutput() -> [UInt8] { connection.takeOutput() }
    func takeFrames() -> [Frame] { connection.takeFrames() }
    func drainOutput(_ body: (RawSpan) -> Void) { connection.drainOutput(body) }

    func sendRequest(_ list: HeaderList, endStream: Bool = false) throws -> StreamID {
        try connection.sendRequest(list, endStream: endStream)
    }
    func sendHeaders(_ stream: StreamID, _ list: HeaderList, endStream: Bool = false) {
        connection.sendHeaders(stream, list, endStream: endStream)
    }
    @discardableResult
    func sendData(_ stream: StreamID, _ octets: [UInt8], endStream: Bool = false) -> Bool {
        connection.sendData(stream, octets, endStream: endStream)
    }
    func sendData(_ stream: StreamID, prefix: (octets: UInt64, count: Int), _ octets: [UInt8]) -> Bool {
        connection.sendData(stream, prefix: prefix, octets)
    }
    func sendTrailers(_ stream: StreamID, _ list: HeaderList) { connection.sendTrailers(stream, list) }
    func reset(_ stream: StreamID, _ code: ErrorCode) { connection.reset(stream, code) }
    func consume(_ octets: Int, on stream: StreamID) { connection.consume(octets, on: stream) }
    func resetStalled() -> Bool { connection.resetStalled() }
    func shutDown() { connection.shutDown() }
    func abort(_ code: ErrorCode) { connection.abort(code) }
}

/// A server that has shaken hands with a client by hand.
func openServer(_ limits: HTTP2Limits = HTTP2Limits()) -> Endpoint {
    let server = Endpoint(.server, limits: limits)
    _ = server.take(clientHello + settingsAcknowledgement)
    _ = server.takeOutput()
    return server
}

/// A client that has shaken hands with a server by hand.
func openClient(_ limits: HTTP2Limits = HTTP2Limits()) -> Endpoint {
    let client = Endpoint(.client, limits: limits)
    _ = client.take(emptySettings + settingsAcknowledgement)
    _ = client.takeOutput()
    return client
}

extension Frame {
    var resetCode: ErrorCode? { if case .reset(_, let code) = self { code } else { nil } }
    var goAwayCode: ErrorCode? { if case .goAway(_, let code, _) = self { code } else { nil } }
    var dataSize: Int? { if case .data(_, let payload, _, _) = self { payload.count } else { nil } }
}
