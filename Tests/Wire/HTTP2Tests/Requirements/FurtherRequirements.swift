// What the RFC asks for and h2spec does not test: of servers, and of clients that have sent a GET on stream 1.

import HPACK

@testable import HTTP2

private let open = headers(1, post, end: false)

/// A request of this list breaks a rule of its stream.
private func malformed(_ section: String, _ name: String, _ list: HeaderList) -> Requirement {
    Requirement(section, name, [headers(1, list, end: true)], [.reset(1, .protocolError)])
}

let furtherServerRequirements: [Requirement] = [
    Requirement(
        "RFC 9113 §3.4", "a request without a preface is no request", [headers(1, get, end: true)],
        [.settings, .goAway(.protocolError)], .begins),
    Requirement(
        "RFC 9113 §3.4", "a preface that ends wrongly",
        [HTTP2Connection.preface.dropLast() + [0], emptySettings, headers(1, get, end: true)],
        [.settings, .goAway(.protocolError)], .begins),
    Requirement(
        "RFC 9113 §3.4", "a request before the first SETTINGS",
        [HTTP2Connection.preface, headers(1, get, end: true)], [.settings, .goAway(.protocolError)], .begins),
    Requirement(
        "RFC 9113 §5.1", "RST_STREAM twice", [open, resetFrame(1), resetFrame(1), ping()], [.pong(0)]),
    Requirement(
        "RFC 9113 §5.1", "WINDOW_UPDATE after RST_STREAM", [open, resetFrame(1), windowUpdate(1, 1), ping()],
        [.pong(0)]),
    Requirement(
        "RFC 9113 §5.1", "WINDOW_UPDATE and RST_STREAM after the end of both sides",
        [headers(1, get, end: true), windowUpdate(1, 1), resetFrame(1), ping()],
        Requirement.answer() + [.pong(0)]),
    Requirement(
        "RFC 9113 §6.1", "padding that fills the frame",
        [open, frame(0, flags: 9, stream: 1, [3, 0, 0, 0])],
        Requirement.answer()),
    Requirement(
        "RFC 9113 §6.1", "a padded frame of no octets", [open, frame(0, flags: 8, stream: 1)],
        [.goAway(.frameSizeError)]),
    Requirement(
        "RFC 9113 §6.2", "HEADERS too short for their priority", [frame(1, flags: 0x25, stream: 1, words(0))],
        [.goAway(.frameSizeError)]),
    Requirement(
        "RFC 9113 §6.2", "SETTINGS between HEADERS and CONTINUATION",
        [openHeaders(1, block(get), end: true), emptySettings], [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §6.5.2", "a wrong entry after a good one", [settings((4, 7), (5, 0))],
        [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §6.8", "requests after GOAWAY are answered: it is about our own streams",
        [frame(7, words(0, 0)), headers(1, get, end: true)], Requirement.answer()),
    Requirement("RFC 9113 §6.8", "GOAWAY of 4 octets", [frame(7, words(0))], [.goAway(.frameSizeError)]),
    Requirement(
        "RFC 9113 §6.9.2", "INITIAL_WINDOW_SIZE makes a window larger than 2^31-1",
        [open, windowUpdate(1, 0x7fff_0000), settings((4, 0x7fff_ffff))], [.goAway(.flowControlError)]),
    Requirement(
        "RFC 9113 §6.9", "the reserved bit of an increment is dropped",
        [windowUpdate(0, 0x8000_0001), ping()],
        [.pong(0)]),
    Requirement(
        "RFC 9113 §8.1.1", "a body shorter than content-length",
        [headers(1, with("content-length", "5"), end: false), dataFrame(1, end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.1.1", "trailers before content-length is reached",
        [headers(1, with("content-length", "5"), end: false), headers(1, ["a": "1"], end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.1.1", "a body as long as content-length, its padding not counted",
        [headers(1, with("content-length", "1"), end: false), frame(0, flags: 9, stream: 1, [2, 1, 0, 0])],
        Requirement.answer()),
    Requirement(
        "RFC 9113 §8.1.1", "the same content-length twice",
        [
            headers(1, with(with("content-length", "4"), "content-length", "4"), end: false),
            dataFrame(1, end: true),
        ],
        Requirement.answer()),
    Requirement(
        "RFC 9113 §8.1.1", "a malformed request that could be answered is not: nothing of it gets through",
        [
            headers(1, with("a", "1\r\nb: 2"), end: false), dataFrame(1, end: true),
            headers(3, get, end: true),
        ],
        [.reset(1, .protocolError)] + Requirement.answer(3)),
    malformed("RFC 9113 §8.1.1", "no body for a content-length", with("content-length", "2")),
    malformed("RFC 9113 §8.1.1", "content-length that is no number", with("content-length", "two")),
    malformed("RFC 9113 §8.1.1", "content-length with a sign", with("content-length", "+2")),
    malformed(
        "RFC 9113 §8.1.1", "content-length beyond 64 bits", with("content-length", "99999999999999999999")),
    malformed(
        "RFC 9113 §8.1.1", "two content-lengths", with(with("content-length", "1"), "content-length", "2")),
    malformed("RFC 9113 §8.2.1", "a blank in a name", with("a b", "1")),
    malformed("RFC 9113 §8.2.1", "a colon in a name", with("a:b", "1")),
    malformed("RFC 9113 §8.2.1", "DEL in a name", with("a\u{7f}", "1")),
    malformed("RFC 9113 §8.2.1", "a name beyond ASCII", with("ä", "1")),
    malformed("RFC 9113 §8.2.1", "a name of no octets", with("", "1")),
    malformed("RFC 9113 §8.2.1", "a line feed in a value", with("a", "1\nb: 2")),
    malformed("RFC 9113 §8.2.1", "a carriage return in a value", with("a", "1\rb: 2")),
    malformed("RFC 9113 §8.2.1", "NUL in a value", with("a", "1\0")),
    malformed("RFC 9113 §8.2.1", "a line feed in :path", with(without(":path"), ":path", "/ HTTP/1.1\nb: 2")),
    malformed("RFC 9113 §8.2.1", "NUL in :method", with(without(":method"), ":method", "GET\0")),
    malformed("RFC 9113 §8.2.1", "a blank at the end of a value", with("a", "1 ")),
    malformed("RFC 9113 §8.2.1", "a tab at the start of a value", with("a", "\t1")),
    malformed("RFC 9113 §8.2.2", "transfer-encoding", with("transfer-encoding", "chunked")),
    malformed("RFC 9113 §8.2.2", "keep-alive", with("keep-alive", "5")),
    malformed("RFC 9113 §8.2.2", "proxy-connection", with("proxy-connection", "close")),
    malformed("RFC 9113 §8.2.2", "upgrade", with("upgrade", "websocket")),
    malformed("RFC 9113 §8.3", ":authority twice", with(get, ":authority", "localhost")),
    malformed("RFC 9113 §8.3.1", "nothing but regular fields", ["a": "1"]),
    Requirement(
        "RFC 9113 §8.3.1", "an :authority that is a percent-encoded path, as a kubelet sends it",
        [headers(1, with(without(":authority"), ":authority", "%2Fvar%2Flib%2Fx.sock"), end: true)],
        Requirement.answer()),
    Requirement(
        "RFC 9113 §8.5", "CONNECT has no :path",
        [headers(1, [":method": "CONNECT", ":authority": "a:1"], end: false), ping()], [.pong(0)]),
    Requirement(
        "RFC 9113 §8.2.1", "a value that is wrong is wrong again when it comes from the table",
        [
            blockTail("40 01 61 02 310a"), blockTail("be").replacingStream(3),
            blockTail("be").replacingStream(5),
        ],
        [.reset(1, .protocolError), .reset(3, .protocolError), .reset(5, .protocolError)]),
    Requirement(
        "RFC 9113 §8.2.1", "a name that is wrong is wrong again with another value",
        [blockTail("40 02 4161 01 31"), blockTail("7e 01 32").replacingStream(3)],
        [.reset(1, .protocolError), .reset(3, .protocolError)]),
    Requirement(
        "RFC 9113 §8.2.1", "a name from the table makes no wrong value right",
        [blockTail("40 01 61 01 31"), blockTail("0f 2f 01 0a").replacingStream(3)],
        Requirement.answer() + [.reset(3, .protocolError)]),
    Requirement(
        "RFC 9113 §8.2.1", "a malformed request stays so however often it comes",
        (0..<4).map { blockTail("00 01 61 02 310a").replacingStream(2 * $0 + 1) },
        [1, 3, 5, 7].map { .reset($0, .protocolError) }),
    Requirement(
        "RFC 9113 §4.3", "a table that was changed by a malformed request is in step",
        [
            frame(1, flags: 5, stream: 1, block([":method": "POST"]) + hex("40 01 61 01 62")),
            blockTail("be").replacingStream(3),
        ], [.reset(1, .protocolError)] + Requirement.answer(3)),
]

let furtherClientRequirements: [Requirement] = [
    Requirement(
        "RFC 9113 §8.1", "DATA before HEADERS", [dataFrame(1, end: false)], [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.3.2", "a response without :status", [headers(1, ["a": "1"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.3.2", ":status twice", [headers(1, [":status": "200", ":status": "200"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.3.2", "a pseudo-header of requests",
        [headers(1, [":status": "200", ":path": "/"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.3.2", "a status of two digits", [headers(1, [":status": "20"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.1", "an informational response that ends the stream",
        [headers(1, [":status": "100"], end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.6", "status 101, which HTTP/2 does not have",
        [headers(1, [":status": "101"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.1.1", "a response longer than content-length",
        [headers(1, [":status": "200", "content-length": "3"], end: false), dataFrame(1, end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §8.1", "trailers without END_STREAM",
        [headers(1, [":status": "200"], end: false), headers(1, ["a": "1"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "RFC 9113 §5.1.1", "a request from the server", [headers(2, get, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §5.1.1", "a response on a stream that we have not opened",
        [headers(3, [":status": "200"], end: true)], [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §8.4", "PUSH_PROMISE, which our SETTINGS forbid",
        [frame(5, flags: 4, stream: 1, words(2) + block(get))], [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §6.6", "PUSH_PROMISE of an odd stream",
        [frame(5, flags: 4, stream: 1, words(3) + block(get))],
        [.goAway(.protocolError)]),
    Requirement(
        "RFC 9113 §6.5.2", "ENABLE_PUSH from a server", [settings((2, 1))], [.goAway(.protocolError)]),
]

extension [UInt8] {
    /// The same frame on another stream.
    fileprivate func replacingStream(_ stream: UInt8) -> [UInt8] {
        var octets = self
        octets[8] = stream
        return octets
    }
}
