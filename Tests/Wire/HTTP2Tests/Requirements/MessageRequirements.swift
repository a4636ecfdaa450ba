// Error codes, messages and header compression: sections 7 and 8 of the group `http2` of h2spec, 20 cases, and its
// group `hpack`, 8 cases.

import HPACK

@testable import HTTP2

let messageRequirements: [Requirement] = [
    Requirement(
        "http2/7/1", "RFC 9113 §7", "GOAWAY with an unknown error code", [frame(7, words(0, 0xff)), ping(1)],
        [.pong(1)]),
    Requirement(
        "http2/7/2", "RFC 9113 §7", "RST_STREAM with an unknown error code",
        [headers(1, post, end: false), resetFrame(1, ErrorCode(rawValue: 0xff)), ping()], [.pong(0)]),

    Requirement(
        "http2/8.1/1", "RFC 9113 §8.1", "trailers without END_STREAM",
        [headers(1, post, end: false), dataFrame(1, end: false), headers(1, ["x-test": "ok"], end: false)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2/1", "RFC 9113 §8.2.1", "a name in upper case",
        [headers(1, with(get, "X-TEST", "ok"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.1/1", "RFC 9113 §8.3", "an unknown pseudo-header",
        [headers(1, with(get, ":test", "ok"), end: true)], [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.1/2", "RFC 9113 §8.3", "a pseudo-header of responses",
        [headers(1, with(get, ":status", "200"), end: true)], [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.1/3", "RFC 9113 §8.3", "a pseudo-header among the trailers",
        [headers(1, post, end: false), dataFrame(1, end: false), headers(1, [":method": "POST"], end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.1/4", "RFC 9113 §8.3", "pseudo-headers after a regular field",
        [headers(1, ["x-test": "ok", ":method": "GET", ":scheme": "http", ":path": "/"], end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.2/1", "RFC 9113 §8.2.2", "connection",
        [headers(1, with(get, "connection", "keep-alive"), end: true)], [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.2/2", "RFC 9113 §8.2.2", "te other than trailers",
        [headers(1, with(get, "te", "trailers, deflate"), end: true)], [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/1", "RFC 9113 §8.3.1", "an empty :path",
        [headers(1, [":method": "GET", ":scheme": "http", ":path": ""], end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/2", "RFC 9113 §8.3.1", "no :method", [headers(1, without(":method"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/3", "RFC 9113 §8.3.1", "no :scheme", [headers(1, without(":scheme"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/4", "RFC 9113 §8.3.1", "no :path", [headers(1, without(":path"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/5", "RFC 9113 §8.3.1", ":method twice",
        [headers(1, with(get, ":method", "GET"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/6", "RFC 9113 §8.3.1", ":scheme twice",
        [headers(1, with(get, ":scheme", "http"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.3/7", "RFC 9113 §8.3.1", ":path twice", [headers(1, with(get, ":path", "/"), end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.6/1", "RFC 9113 §8.1.1", "one frame longer than content-length",
        [headers(1, with("content-length", "1"), end: false), dataFrame(1, end: true)],
        [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.1.2.6/2", "RFC 9113 §8.1.1", "two frames longer than content-length",
        [
            headers(1, with("content-length", "1"), end: false), dataFrame(1, end: false),
            dataFrame(1, end: true),
        ], [.reset(1, .protocolError)]),
    Requirement(
        "http2/8.2/1", "RFC 9113 §8.4", "PUSH_PROMISE from a client",
        [frame(5, flags: 4, stream: 1, words(3) + block(get))], [.goAway(.protocolError)]),

    Requirement(
        "hpack/2.3.3/1", "RFC 7541 §2.3.3", "an index beyond both tables", [blockTail("c6")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/2.3.3/2", "RFC 7541 §2.3.3", "a name's index beyond both tables", [blockTail("7f0700")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/4.2/1", "RFC 7541 §4.2", "a table size update after a field", [blockTail("21")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/5.2/1", "RFC 7541 §5.2", "padding of more than 7 bits",
        [blockTail("0085f2b24a84ff8449509fff")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/5.2/2", "RFC 7541 §5.2", "padding of zeros", [blockTail("0085f2b24a84ff83495090")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/5.2/3", "RFC 7541 §5.2", "EOS inside of a string",
        [blockTail("0085f2b24a84ff874951fffffffa7f")],
        [.goAway(.compressionError)]),
    Requirement(
        "hpack/6.1/1", "RFC 7541 §6.1", "index 0", [blockTail("80")], [.goAway(.compressionError)]),
    Requirement(
        "hpack/6.3/1", "RFC 7541 §6.3", "a table size update above HEADER_TABLE_SIZE", [blockHead("3fe21f")],
        [.goAway(.compressionError)]),
]
