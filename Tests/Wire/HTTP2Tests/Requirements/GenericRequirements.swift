// What an endpoint has to accept: the group `generic` of h2spec, 44 cases.

import HPACK

@testable import HTTP2

let genericRequirements: [Requirement] = [
    Requirement(
        "generic/1/1", "RFC 9113 §3.4", "the preface and SETTINGS",
        [HTTP2Connection.preface, settings((4, 65_535))],
        [.settings, .settingsAck], .begins),

    Requirement(
        "generic/2/1", "RFC 9113 §5.1", "PRIORITY on an idle stream", [priority(1), ping()], [.pong(0)]),
    Requirement(
        "generic/2/2", "RFC 9113 §5.1", "WINDOW_UPDATE on a half-closed stream",
        [settings((4, 0)), headers(1, get, end: true), windowUpdate(1, 1)],
        [.settingsAck, .headers(1), .data(1, 1, end: false)]),
    Requirement(
        "generic/2/3", "RFC 9113 §5.1", "PRIORITY on a half-closed stream",
        [settings((4, 0)), headers(1, get, end: true), priority(1), windowUpdate(1, 1)],
        [.settingsAck, .headers(1), .data(1, 1, end: false)]),
    Requirement(
        "generic/2/4", "RFC 9113 §5.1", "RST_STREAM on a half-closed stream",
        [headers(1, get, end: true), resetFrame(1), ping()], [.pong(0)], .waits),
    Requirement(
        "generic/2/5", "RFC 9113 §5.1", "PRIORITY on a closed stream",
        [headers(1, get, end: true), priority(1), ping()], Requirement.answer() + [.pong(0)]),

    Requirement(
        "generic/3.1/1", "RFC 9113 §6.1", "DATA", [headers(1, post, end: false), dataFrame(1, end: true)],
        Requirement.answer()),
    Requirement(
        "generic/3.1/2", "RFC 9113 §6.1", "DATA twice",
        [headers(1, post, end: false), dataFrame(1, end: false), dataFrame(1, end: true)],
        Requirement.answer()),
    Requirement(
        "generic/3.1/3", "RFC 9113 §6.1", "DATA with padding",
        [
            headers(1, post, end: false),
            frame(0, flags: 9, stream: 1, [5] + Array("test".utf8) + [0, 0, 0, 0, 0]),
        ],
        Requirement.answer()),

    Requirement(
        "generic/3.2/1", "RFC 9113 §6.2", "HEADERS", [headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/3.2/2", "RFC 9113 §6.2", "HEADERS with padding",
        [frame(1, flags: 0xd, stream: 1, [8] + block(get) + [UInt8](repeating: 0, count: 8))],
        Requirement.answer()),
    Requirement(
        "generic/3.2/3", "RFC 9113 §6.2", "HEADERS with a priority",
        [frame(1, flags: 0x25, stream: 1, words(0) + [255] + block(get))], Requirement.answer()),

    Requirement(
        "generic/3.3/1", "RFC 9113 §6.3", "PRIORITY with weight 1",
        [priority(1, weight: 0), headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/3.3/2", "RFC 9113 §6.3", "PRIORITY with weight 256",
        [priority(1, weight: 255), headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/3.3/3", "RFC 9113 §6.3", "PRIORITY that depends on a stream",
        [priority(3, on: 1, weight: 0), headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/3.3/4", "RFC 9113 §6.3", "PRIORITY that is exclusive",
        [priority(1, exclusive: true, weight: 0), headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/3.3/5", "RFC 9113 §6.3",
        "PRIORITY on an idle stream does not open it: a lower number follows",
        [priority(3), headers(1, get, end: true)], Requirement.answer()),

    Requirement(
        "generic/3.4/1", "RFC 9113 §6.4", "RST_STREAM",
        [headers(1, get, end: false), resetFrame(1), ping()], [.pong(0)]),
    Requirement(
        "generic/3.5/1", "RFC 9113 §6.5", "SETTINGS with every known entry",
        [settings((1, 4096), (2, 1), (3, 100), (4, 65_535), (5, 16_384), (6, 100))], [.settingsAck]),
    Requirement(
        "generic/3.7/1", "RFC 9113 §6.7", "PING", [ping(0x6832_7370_6563)], [.pong(0x6832_7370_6563)]),
    Requirement(
        "generic/3.8/1", "RFC 9113 §6.8", "GOAWAY", [frame(7, words(0, 0) + Array("h2spec".utf8)), ping(1)],
        [.pong(1)]),
    Requirement(
        "generic/3.9/1", "RFC 9113 §6.9", "WINDOW_UPDATE on the connection", [windowUpdate(0, 1), ping()],
        [.pong(0)]),
    Requirement(
        "generic/3.9/2", "RFC 9113 §6.9", "WINDOW_UPDATE on a stream",
        [headers(1, get, end: true), windowUpdate(1, 1)], Requirement.answer()),

    Requirement(
        "generic/3.10/1", "RFC 9113 §6.10", "CONTINUATION",
        [openHeaders(1, Array(block(get)[..<5]), end: true), continuation(1, Array(block(get)[5...]))],
        Requirement.answer()),
    Requirement(
        "generic/3.10/2", "RFC 9113 §6.10", "CONTINUATION twice",
        [
            openHeaders(1, Array(block(get)[..<5]), end: true),
            continuation(1, Array(block(get)[5..<10]), done: false),
            continuation(1, Array(block(get)[10...])),
        ], Requirement.answer()),

    Requirement("generic/4/1", "RFC 9113 §8.1", "GET", [headers(1, get, end: true)], Requirement.answer()),
    Requirement(
        "generic/4/2", "RFC 9113 §8.1", "HEAD",
        [headers(1, [":method": "HEAD", ":scheme": "http", ":path": "/"], end: true)], Requirement.answer()),
    Requirement(
        "generic/4/3", "RFC 9113 §8.1", "POST", [headers(1, post, end: false), dataFrame(1, end: true)],
        Requirement.answer()),
    Requirement(
        "generic/4/4", "RFC 9113 §8.1", "POST with trailers",
        [
            headers(1, with("trailer", "x-test"), end: false), dataFrame(1, end: false),
            headers(1, ["x-test": "ok"], end: true),
        ], Requirement.answer()),

    Requirement("generic/5/1", "RFC 7541 §6.1", "an indexed field", [blockTail("ba")], Requirement.answer()),
    Requirement(
        "generic/5/2", "RFC 7541 §6.2.1", "a literal that is indexed, its name too",
        [blockTail("7a 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/3", "RFC 7541 §6.2.1", "a literal that is indexed, its name too, in Huffman",
        [blockTail("40 87 b505b161cc5a93 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/4", "RFC 7541 §6.2.1", "a literal that is indexed, with a new name",
        [blockTail("40 06 782d74657374 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/5", "RFC 7541 §6.2.1", "a literal that is indexed, with a new name, in Huffman",
        [blockTail("40 85 f2b24a84ff 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/6", "RFC 7541 §6.2.2", "a literal that is not indexed, its name is",
        [blockTail("0f 2b 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/7", "RFC 7541 §6.2.2", "a literal that is not indexed, in Huffman",
        [blockTail("00 87 b505b161cc5a93 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/8", "RFC 7541 §6.2.2", "a literal that is not indexed, with a new name",
        [blockTail("00 06 782d74657374 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/9", "RFC 7541 §6.2.2", "a literal that is not indexed, with a new name, in Huffman",
        [blockTail("00 85 f2b24a84ff 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/10", "RFC 7541 §6.2.3", "a literal that is never indexed, its name is",
        [blockTail("1f 2b 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/11", "RFC 7541 §6.2.3", "a literal that is never indexed, in Huffman",
        [blockTail("10 87 b505b161cc5a93 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/12", "RFC 7541 §6.2.3", "a literal that is never indexed, with a new name",
        [blockTail("10 06 782d74657374 06 683273706563")], Requirement.answer()),
    Requirement(
        "generic/5/13", "RFC 7541 §6.2.3", "a literal that is never indexed, with a new name, in Huffman",
        [blockTail("10 85 f2b24a84ff 84 9c48aca4")], Requirement.answer()),
    Requirement(
        "generic/5/14", "RFC 7541 §6.3", "a table size update", [blockHead("3f61")], Requirement.answer()),
    Requirement(
        "generic/5/15", "RFC 7541 §6.3", "two table size updates", [blockHead("3f61 3fe11f")],
        Requirement.answer()),
]
