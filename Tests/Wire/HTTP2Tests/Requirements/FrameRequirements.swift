// The frame definitions: section 6 of the group `http2` of h2spec, 42 cases.

import HPACK

@testable import HTTP2

let frameRequirements: [Requirement] = [
    Requirement(
        "http2/6.1/1", "RFC 9113 §6.1", "DATA on stream 0", [dataFrame(0, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.1/2", "RFC 9113 §6.1", "DATA on a stream that is half closed",
        [headers(1, post, end: true), dataFrame(1, end: true)], [.reset(1, .streamClosed)], .waits),
    Requirement(
        "http2/6.1/3", "RFC 9113 §6.1", "DATA with more padding than payload",
        [
            headers(1, with("content-length", "4"), end: false),
            frame(0, flags: 9, stream: 1, [6] + Array("Test".utf8)),
        ], [.goAway(.protocolError)]),

    Requirement(
        "http2/6.2/1", "RFC 9113 §6.2", "PRIORITY between HEADERS and CONTINUATION",
        [openHeaders(1, block(get), end: false), priority(1), continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.2/2", "RFC 9113 §6.2", "HEADERS of another stream between HEADERS and CONTINUATION",
        [openHeaders(1, block(get), end: false), headers(3, get, end: true), continuation(1, dummyBlock)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.2/3", "RFC 9113 §6.2", "HEADERS on stream 0", [headers(0, get, end: true)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.2/4", "RFC 9113 §6.2", "HEADERS with more padding than payload",
        [frame(1, flags: 0xd, stream: 1, [UInt8(block(get).count + 2)] + block(get))],
        [.goAway(.protocolError)]),

    Requirement(
        "http2/6.3/1", "RFC 9113 §6.3", "PRIORITY on stream 0", [priority(0, on: 1)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.3/2", "RFC 9113 §6.3", "PRIORITY of 4 octets",
        [headers(1, get, end: true), frame(2, stream: 1, words(0x8000_0001))], [.reset(1, .frameSizeError)],
        .waits),

    Requirement(
        "http2/6.4/1", "RFC 9113 §6.4", "RST_STREAM on stream 0", [resetFrame(0)], [.goAway(.protocolError)]),
    Requirement(
        "http2/6.4/2", "RFC 9113 §6.4", "RST_STREAM on an idle stream", [resetFrame(1)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.4/3", "RFC 9113 §6.4", "RST_STREAM of 3 octets",
        [headers(1, get, end: true), frame(3, stream: 1, [0, 0, 0])], [.goAway(.frameSizeError)], .waits),

    Requirement(
        "http2/6.5/1", "RFC 9113 §6.5", "SETTINGS with ACK and a payload", [frame(4, flags: 1, [0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "http2/6.5/2", "RFC 9113 §6.5", "SETTINGS on a stream", [frame(4, stream: 1, setting(3, 100))],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.5/3", "RFC 9113 §6.5", "SETTINGS of 3 octets", [frame(4, [0, 3, 0])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "http2/6.5.2/1", "RFC 9113 §6.5.2", "ENABLE_PUSH of 2", [settings((2, 2))], [.goAway(.protocolError)]),
    Requirement(
        "http2/6.5.2/2", "RFC 9113 §6.5.2", "INITIAL_WINDOW_SIZE of 2^31", [settings((4, 0x8000_0000))],
        [.goAway(.flowControlError)]),
    Requirement(
        "http2/6.5.2/3", "RFC 9113 §6.5.2", "MAX_FRAME_SIZE of 16,383", [settings((5, 16_383))],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.5.2/4", "RFC 9113 §6.5.2", "MAX_FRAME_SIZE of 2^24", [settings((5, 16_777_216))],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.5.2/5", "RFC 9113 §6.5.2", "an unknown setting", [settings((0xff, 1)), ping()],
        [.settingsAck, .pong(0)]),
    Requirement(
        "http2/6.5.3/1", "RFC 9113 §6.5.3", "entries are taken over in their order",
        [settings((4, 100), (4, 1)), headers(1, get, end: true)],
        [.settingsAck, .headers(1), .data(1, 1, end: false)]),
    Requirement(
        "http2/6.5.3/2", "RFC 9113 §6.5.3", "SETTINGS are acknowledged", [settings((2, 0))], [.settingsAck]),

    Requirement("http2/6.7/1", "RFC 9113 §6.7", "PING", [ping(0x6832_7370_6563)], [.pong(0x6832_7370_6563)]),
    Requirement(
        "http2/6.7/2", "RFC 9113 §6.7", "PING with ACK has no answer",
        [frame(6, flags: 1, hex("696e76616c696400")), ping(0x6832_7370_6563)], [.pong(0x6832_7370_6563)]),
    Requirement(
        "http2/6.7/3", "RFC 9113 §6.7", "PING on a stream", [ping(stream: 1)], [.goAway(.protocolError)]),
    Requirement(
        "http2/6.7/4", "RFC 9113 §6.7", "PING of 6 octets", [frame(6, [0, 0, 0, 0, 0, 0])],
        [.goAway(.frameSizeError)]),

    Requirement(
        "http2/6.8/1", "RFC 9113 §6.8", "GOAWAY on a stream", [frame(7, stream: 1, words(0, 0))],
        [.goAway(.protocolError)]),

    Requirement(
        "http2/6.9/1", "RFC 9113 §6.9", "an increment of 0 on the connection", [windowUpdate(0, 0)],
        [.goAway(.protocolError)]),
    Requirement(
        "http2/6.9/2", "RFC 9113 §6.9", "an increment of 0 on a stream",
        [headers(1, get, end: false), windowUpdate(1, 0)], [.reset(1, .protocolError)]),
    Requirement(
        "http2/6.9/3", "RFC 9113 §6.9", "WINDOW_UPDATE of 3 octets", [frame(8, [0, 0, 1])],
        [.goAway(.frameSizeError)]),
    Requirement(
        "http2/6.9.1/1", "RFC 9113 §6.9.1", "no more is sent than the window allows",
        [settings((4, 1)), headers(1, get, end: true)], [.settingsAck, .headers(1), .data(1, 1, end: false)]),
    Requirement(
        "http2/6.9.1/2", "RFC 9113 §6.9.1", "the connection's window beyond 2^31-1",
        [windowUpdate(0, 0x7fff_ffff), windowUpdate(0, 0x7fff_ffff)], [.goAway(.flowControlError)]),
    Requirement(
        "http2/6.9.1/3", "RFC 9113 §6.9.1", "a stream's window beyond 2^31-1",
        [headers(1, get, end: false), windowUpdate(1, 0x7fff_ffff)], [.reset(1, .flowControlError)]),
    Requirement(
        "http2/6.9.2/1", "RFC 9113 §6.9.2", "INITIAL_WINDOW_SIZE changes the windows of open streams",
        [settings((4, 0)), headers(1, get, end: true), settings((4, 1))],
        [.settingsAck, .headers(1), .settingsAck, .data(1, 1, end: false)]),
    Requirement(
        "http2/6.9.2/2", "RFC 9113 §6.9.2", "a window may become negative",
        [settings((4, 3)), headers(1, get, end: true), settings((4, 2)), windowUpdate(1, 2)],
        [.settingsAck, .headers(1), .data(1, 3, end: false), .settingsAck, .data(1, 1, end: false)]),
    Requirement(
        "http2/6.9.2/3", "RFC 9113 §6.9.2", "INITIAL_WINDOW_SIZE beyond 2^31-1", [settings((4, 0x8000_0000))],
        [.goAway(.flowControlError)]),

    Requirement(
        "http2/6.10/1", "RFC 9113 §6.10", "HEADERS and two CONTINUATION",
        [
            openHeaders(1, block(get), end: true), continuation(1, dummyBlock, done: false),
            continuation(1, dummyBlock),
        ], Requirement.answer()),
    Requirement(
        "http2/6.10/2", "RFC 9113 §6.10", "DATA after a CONTINUATION that is not the last",
        [
            openHeaders(1, block(post), end: false), continuation(1, dummyBlock, done: false),
            dataFrame(1, end: true),
        ], [.goAway(.protocolError)]),
    Requirement(
        "http2/6.10/3", "RFC 9113 §6.10", "CONTINUATION on stream 0",
        [openHeaders(1, block(get), end: true), continuation(0, dummyBlock)], [.goAway(.protocolError)]),
    Requirement(
        "http2/6.10/4", "RFC 9113 §6.10", "CONTINUATION after HEADERS with END_HEADERS",
        [headers(1, get, end: true), continuation(1, dummyBlock)],
        Requirement.answer() + [.goAway(.protocolError)]),
    Requirement(
        "http2/6.10/5", "RFC 9113 §6.10", "CONTINUATION after CONTINUATION with END_HEADERS",
        [openHeaders(1, block(get), end: true), continuation(1, dummyBlock), continuation(1, dummyBlock)],
        Requirement.answer() + [.goAway(.protocolError)]),
    Requirement(
        "http2/6.10/6", "RFC 9113 §6.10", "DATA between HEADERS and CONTINUATION",
        [
            openHeaders(1, block(post), end: false), dataFrame(1, end: true),
            continuation(1, dummyBlock, done: false), continuation(0, dummyBlock),
        ], [.goAway(.protocolError)]),
]
