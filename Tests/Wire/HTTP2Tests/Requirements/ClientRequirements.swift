// What a client has to do about a server's frames: the 57 cases of h2specd. The client has sent a GET on stream 1.

import HPACK

@testable import HTTP2

private let ok: HeaderList = [":status": "200", "access-control-allow-origin": "*"]
private let okBlock = block(ok)
private let begin = headers(1, ok, end: false)
private let whole = headers(1, ok, end: true)

let clientRequirements: [Requirement] = [
    Requirement(
        "client/1/1", "RFC 9113 §3.4", "the server's first words", [emptySettings, ping()],
        [.settings, .headers(1), .settingsAck, .pong(0)], .begins),

    Requirement(
        "client/4.1/1", "RFC 9113 §4.1", "a frame of an unknown type", [frame(0x16, words(0, 0)), ping()],
        [.pong(0)]),
    Requirement(
        "client/4.1/2", "RFC 9113 §4.1", "a frame with flags that its type does not have",
        [frame(6, flags: 0x16, words(0, 0))], [.pong(0)]),
    Requirement(
        "client/4.1/3", "RFC 9113 §4.1", "a frame with the reserved bit",
        [frame(6, flags: 0x16, stream: 0x8000_0000, words(0, 0))], [.pong(0)]),

    Requirement(
        "client/4.2/1", "RFC 9113 §4.2", "DATA of 2^14 octets",
        [begin, dataFrame(1, [UInt8](repeating: 0, count: 16_384), end: true), ping()], [.pong(0)]),
    Requirement(
        "client/4.2/2", "RFC 9113 §4.2", "DATA of more than MAX_FRAME_SIZE",
        [begin, dataFrame(1, [UInt8](repeating: 0, count: 16_385), end: true)], [.goAway(.frameSizeError)]),
    Requirement(
        "client/4.2/3", "RFC 9113 §4.2", "HEADERS of more than MAX_FRAME_SIZE",
        [
            frame(
                1, flags: 5, stream: 1,
                okBlock + dummyBlock + dummyBlock + dummyBlock + dummyBlock + dummyBlock)
        ],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/4.3/1", "RFC 9113 §4.3", "a block that cannot be decoded",
        [frame(1, flags: 5, stream: 1, [0x40])],
        [.goAway(.compressionError)]),

    Requirement(
        "client/5.1/1", "RFC 9113 §5.1", "idle: DATA", [dataFrame(2, end: true)], [.goAway(.protocolError)]),
    Requirement(
        "client/5.1/2", "RFC 9113 §5.1", "idle: RST_STREAM", [resetFrame(2)], [.goAway(.protocolError)]),
    Requirement(
        "client/5.1/3", "RFC 9113 §5.1", "idle: WINDOW_UPDATE", [windowUpdate(2, 100)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.1/4", "RFC 9113 §5.1", "idle: CONTINUATION", [continuation(2, okBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.1/5", "RFC 9113 §5.1", "closed by RST_STREAM: DATA",
        [begin, resetFrame(1), dataFrame(1, end: true)], [.goAway(.streamClosed)]),
    Requirement(
        "client/5.1/6", "RFC 9113 §5.1", "closed by RST_STREAM: HEADERS", [begin, resetFrame(1), whole],
        [.goAway(.streamClosed)]),
    Requirement(
        "client/5.1/7", "RFC 9113 §5.1", "closed by RST_STREAM: CONTINUATION",
        [begin, resetFrame(1), continuation(1, dummyBlock)], [.goAway(.protocolError)]),
    Requirement(
        "client/5.1/8", "RFC 9113 §5.1", "closed: DATA", [whole, dataFrame(1, end: true)],
        [.goAway(.streamClosed)]),
    Requirement(
        "client/5.1/9", "RFC 9113 §5.1", "closed: HEADERS", [whole, whole], [.goAway(.streamClosed)]),
    Requirement(
        "client/5.1/10", "RFC 9113 §5.1", "closed: CONTINUATION", [whole, continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.1.1/1", "RFC 9113 §5.1.1", "a response to nothing", [headers(101, ok, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.4.1/1", "RFC 9113 §5.4.1", "after a connection error nothing is read",
        [ping(stream: 3), ping()],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.4.1/2", "RFC 9113 §5.4.1", "a connection error is told by GOAWAY", [ping(stream: 3)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/5.5/1", "RFC 9113 §5.5", "an extension frame", [frame(0x16, words(0, 0)), ping()], [.pong(0)]),

    Requirement(
        "client/6.1/1", "RFC 9113 §6.1", "DATA on stream 0", [dataFrame(0, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.1/2", "RFC 9113 §6.1", "DATA on a stream that is closed", [whole, dataFrame(1, end: true)],
        [.goAway(.streamClosed)]),
    Requirement(
        "client/6.1/3", "RFC 9113 §6.1", "DATA with more padding than payload",
        [
            headers(1, with(ok, "content-length", "4"), end: false),
            frame(0, flags: 9, stream: 1, [6] + Array("Test".utf8)),
        ],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.2/1", "RFC 9113 §6.2", "PRIORITY between HEADERS and CONTINUATION",
        [openHeaders(1, okBlock, end: false), priority(1), continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.2/2", "RFC 9113 §6.2", "HEADERS on stream 0", [headers(0, ok, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.2/3", "RFC 9113 §6.2", "HEADERS with more padding than payload",
        [frame(1, flags: 8, stream: 1, [UInt8(okBlock.count + 1)] + okBlock)], [.goAway(.protocolError)]),
    Requirement(
        "client/6.3/1", "RFC 9113 §6.3", "PRIORITY on stream 0", [priority(0, on: 1)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.3/2", "RFC 9113 §6.3", "PRIORITY of 4 octets",
        [begin, frame(2, stream: 1, words(0x8000_0001))],
        [.reset(1, .frameSizeError)]),
    Requirement(
        "client/6.4/1", "RFC 9113 §6.4", "RST_STREAM on stream 0", [resetFrame(0)], [.goAway(.protocolError)]),
    Requirement(
        "client/6.4/2", "RFC 9113 §6.4", "RST_STREAM on an idle stream", [resetFrame(2)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.4/3", "RFC 9113 §6.4", "RST_STREAM of 3 octets", [whole, frame(3, stream: 1, [0, 0, 0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/6.5/1", "RFC 9113 §6.5", "SETTINGS with ACK and a payload", [frame(4, flags: 1, [0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/6.5/2", "RFC 9113 §6.5", "SETTINGS on a stream", [frame(4, stream: 1, setting(3, 100))],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.5/3", "RFC 9113 §6.5", "SETTINGS of 3 octets", [frame(4, [0, 3, 0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/6.5.2/1", "RFC 9113 §6.5.2", "INITIAL_WINDOW_SIZE of 2^31", [settings((4, 0x8000_0000))],
        [.goAway(.flowControlError)]),
    Requirement(
        "client/6.5.2/2", "RFC 9113 §6.5.2", "MAX_FRAME_SIZE of 16,383", [settings((5, 16_383))],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.5.2/3", "RFC 9113 §6.5.2", "MAX_FRAME_SIZE of 2^24", [settings((5, 16_777_216))],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.5.2/4", "RFC 9113 §6.5.2", "an unknown setting", [settings((0xff, 1)), ping()],
        [.settingsAck, .pong(0)]),
    Requirement(
        "client/6.5.3/1", "RFC 9113 §6.5.3", "SETTINGS are acknowledged", [settings((3, 100))], [.settingsAck]
    ),
    Requirement("client/6.7/1", "RFC 9113 §6.7", "PING", [ping(0x6832_7370_6563)], [.pong(0x6832_7370_6563)]),
    Requirement(
        "client/6.7/2", "RFC 9113 §6.7", "PING with ACK has no answer",
        [frame(6, flags: 1, hex("696e76616c696400")), ping(0x6832_7370_6563)], [.pong(0x6832_7370_6563)]),
    Requirement(
        "client/6.7/3", "RFC 9113 §6.7", "PING on a stream", [ping(stream: 1)], [.goAway(.protocolError)]),
    Requirement(
        "client/6.7/4", "RFC 9113 §6.7", "PING of 6 octets", [frame(6, [0, 0, 0, 0, 0, 0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/6.8/1", "RFC 9113 §6.8", "GOAWAY on a stream", [frame(7, stream: 1, words(0, 0))],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.9/1", "RFC 9113 §6.9", "an increment of 0 on the connection", [windowUpdate(0, 0)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.9/2", "RFC 9113 §6.9", "an increment of 0 on a stream", [begin, windowUpdate(1, 0)],
        [.reset(1, .protocolError)]),
    Requirement(
        "client/6.9/3", "RFC 9113 §6.9", "WINDOW_UPDATE of 3 octets", [frame(8, [0, 0, 1])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "client/6.9.1/1", "RFC 9113 §6.9.1", "the connection's window beyond 2^31-1",
        [windowUpdate(0, 0x7fff_ffff), windowUpdate(0, 0x7fff_ffff)], [.goAway(.flowControlError)]),
    Requirement(
        "client/6.9.1/2", "RFC 9113 §6.9.1", "a stream's window beyond 2^31-1",
        [begin, windowUpdate(1, 0x7fff_ffff), windowUpdate(1, 0x7fff_ffff)], [.reset(1, .flowControlError)]),
    Requirement(
        "client/6.10/1", "RFC 9113 §6.10", "HEADERS and two CONTINUATION",
        [
            openHeaders(1, okBlock, end: true), continuation(1, dummyBlock, done: false),
            continuation(1, dummyBlock), ping(),
        ], [.pong(0)]),
    Requirement(
        "client/6.10/2", "RFC 9113 §6.10", "DATA after a CONTINUATION that is not the last",
        [
            openHeaders(1, okBlock, end: false), continuation(1, dummyBlock, done: false),
            dataFrame(1, end: true),
        ], [.goAway(.protocolError)]),
    Requirement(
        "client/6.10/3", "RFC 9113 §6.10", "CONTINUATION on stream 0",
        [openHeaders(1, okBlock, end: true), continuation(0, dummyBlock)], [.goAway(.protocolError)]),
    Requirement(
        "client/6.10/4", "RFC 9113 §6.10", "CONTINUATION after HEADERS with END_HEADERS",
        [whole, continuation(1, dummyBlock)], [.goAway(.protocolError)]),
    Requirement(
        "client/6.10/5", "RFC 9113 §6.10", "CONTINUATION after CONTINUATION with END_HEADERS",
        [openHeaders(1, okBlock, end: true), continuation(1, dummyBlock), continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "client/6.10/6", "RFC 9113 §6.10", "DATA between HEADERS and CONTINUATION",
        [
            openHeaders(1, okBlock, end: false), dataFrame(1, end: true),
            continuation(1, dummyBlock, done: false), continuation(0, dummyBlock),
        ], [.goAway(.protocolError)]),
]
