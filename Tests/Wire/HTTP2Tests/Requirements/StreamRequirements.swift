// Starting, frames and streams: the sections 3 to 5 of the group `http2` of h2spec, 33 cases with the strict one.

import HPACK

@testable import HTTP2

/// More frames than MAX_CONCURRENT_STREAMS allows, none of which can be answered: the windows are shut.
private let tooManyStreams =
    [settings((4, 0))] + (0...128).map { headers(StreamID(2 * $0 + 1), get, end: true) }

let streamRequirements: [Requirement] = [
    Requirement(
        "http2/3.5/1", "RFC 9113 §3.4", "the server's SETTINGS come first, then the acknowledgement",
        [clientHello], [.settings, .settingsAck], .begins),
    Requirement(
        "http2/3.5/2", "RFC 9113 §3.4", "something else than the preface",
        [Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8)], [.settings, .goAway(.protocolError)], .begins),

    Requirement(
        "http2/4.1/1", "RFC 9113 §4.1", "a frame of an unknown type", [frame(0x16, words(0, 0)), ping()],
        [.pong(0)]),
    Requirement(
        "http2/4.1/2", "RFC 9113 §4.1", "a frame with flags that its type does not have",
        [frame(6, flags: 0x16, words(0, 0))], [.pong(0)]),
    Requirement(
        "http2/4.1/3", "RFC 9113 §4.1", "a frame with the reserved bit",
        [frame(6, flags: 0x16, stream: 0x8000_0000, words(0, 0))], [.pong(0)]),

    Requirement(
        "http2/4.2/1", "RFC 9113 §4.2", "DATA of 2^14 octets",
        [headers(1, post, end: false), dataFrame(1, [UInt8](repeating: 0, count: 16_384), end: true)],
        Requirement.answer()),
    Requirement(
        "http2/4.2/2", "RFC 9113 §4.2", "DATA of more than MAX_FRAME_SIZE",
        [headers(1, post, end: false), dataFrame(1, [UInt8](repeating: 0, count: 16_385), end: true)],
        [.goAway(.frameSizeError)]),
    Requirement(
        "http2/4.2/3", "RFC 9113 §4.2", "HEADERS of more than MAX_FRAME_SIZE",
        [
            frame(
                1, flags: 5, stream: 1,
                block(get) + dummyBlock + dummyBlock + dummyBlock + dummyBlock + dummyBlock)
        ],
        [.goAway(.frameSizeError)]),

    Requirement(
        "http2/4.3/1", "RFC 9113 §4.3", "a block that cannot be decoded",
        [frame(1, flags: 5, stream: 1, [0x40])],
        [.goAway(.compressionError)]),
    Requirement(
        "http2/4.3/2", "RFC 9113 §4.3", "PRIORITY inside of a header block",
        [openHeaders(1, block(get), end: false), priority(1), continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/4.3/3", "RFC 9113 §4.3", "HEADERS of another stream inside of a header block",
        [
            openHeaders(1, block(get), end: false), headers(3, get, end: true),
            continuation(1, dummyBlock),
        ], [.goAway(.protocolError)]),

    Requirement(
        "http2/5.1/1", "RFC 9113 §5.1", "idle: DATA", [dataFrame(1, end: true)], [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1/2", "RFC 9113 §5.1", "idle: RST_STREAM", [resetFrame(1)], [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1/3", "RFC 9113 §5.1", "idle: WINDOW_UPDATE", [windowUpdate(1, 100)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1/4", "RFC 9113 §5.1", "idle: CONTINUATION", [continuation(1, block(get))],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1/5", "RFC 9113 §5.1", "half closed: DATA",
        [headers(1, get, end: true), dataFrame(1, end: true)], [.reset(1, .streamClosed)], .waits),
    Requirement(
        "http2/5.1/6", "RFC 9113 §5.1", "half closed: HEADERS",
        [headers(1, get, end: true), headers(1, get, end: true)], [.reset(1, .streamClosed)], .waits),
    Requirement(
        "http2/5.1/7", "RFC 9113 §5.1", "half closed: CONTINUATION",
        [headers(1, get, end: true), continuation(1, block(get))], [.goAway(.protocolError)], .waits),
    Requirement(
        "http2/5.1/8", "RFC 9113 §5.1", "closed by RST_STREAM: DATA",
        [headers(1, get, end: false), resetFrame(1), dataFrame(1, end: true)], [.goAway(.streamClosed)]),
    Requirement(
        "http2/5.1/9", "RFC 9113 §5.1", "closed by RST_STREAM: HEADERS",
        [headers(1, get, end: false), resetFrame(1), headers(1, get, end: true)], [.goAway(.streamClosed)]),
    Requirement(
        "http2/5.1/10", "RFC 9113 §5.1", "closed by RST_STREAM: CONTINUATION",
        [headers(1, get, end: false), resetFrame(1), continuation(1, dummyBlock)], [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1/11", "RFC 9113 §5.1", "closed: DATA",
        [headers(1, get, end: true), dataFrame(1, end: true)],
        Requirement.answer() + [.goAway(.streamClosed)]),
    Requirement(
        "http2/5.1/12", "RFC 9113 §5.1", "closed: HEADERS",
        [headers(1, get, end: true), headers(1, get, end: true)],
        Requirement.answer() + [.goAway(.streamClosed)]),
    Requirement(
        "http2/5.1/13", "RFC 9113 §5.1", "closed: CONTINUATION",
        [headers(1, get, end: true), continuation(1, dummyBlock)],
        Requirement.answer() + [.goAway(.protocolError)]),

    Requirement(
        "http2/5.1.1/1", "RFC 9113 §5.1.1", "a stream of an even number", [headers(2, get, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1.1/2", "RFC 9113 §5.1.1", "a stream below the last one",
        [headers(5, get, end: true), headers(3, get, end: true)],
        Requirement.answer(5) + [.goAway(.protocolError)]),
    Requirement(
        "http2/5.1.2/1", "RFC 9113 §5.1.2", "one stream more than MAX_CONCURRENT_STREAMS", tooManyStreams,
        [.settingsAck, .reset(257, .refusedStream)], .waits),

    Requirement(
        "http2/5.3.1/1", "RFC 7540 §5.3.1", "HEADERS that depend on themselves",
        [frame(1, flags: 0x25, stream: 1, words(1) + [255] + block(get))], [.reset(1, .protocolError)]),
    Requirement(
        "http2/5.3.1/2", "RFC 7540 §5.3.1", "PRIORITY that depends on itself", [priority(1, on: 1)],
        [.reset(1, .protocolError)]),

    Requirement(
        "http2/5.4.1/1", "RFC 9113 §5.4.1", "after a connection error nothing is read",
        [ping(stream: 3), ping()],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/5.4.1/2", "RFC 9113 §5.4.1", "a connection error is told by GOAWAY", [ping(stream: 3)],
        [.goAway(.protocolError)]),

    Requirement(
        "http2/5.5/1", "RFC 9113 §5.5", "an extension frame", [frame(0x16, words(0, 0)), ping()], [.pong(0)]),
    Requirement(
        "http2/5.5/2", "RFC 9113 §5.5", "an extension frame inside of a header block",
        [openHeaders(1, block(get), end: true), frame(0x16, words(0, 0))], [.goAway(.protocolError)]),
]
