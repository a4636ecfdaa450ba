import Testing

@testable import HPACK

/// Blocks of one connection and the lists they stand for.
struct Exchange: CustomTestStringConvertible, Sendable {
    var section: String
    var tableSize = 4096
    var blocks: [(String, HeaderList)]
    /// The sum of the entries after the last block, as the RFC states it.
    var sizeAtEnd: Int
    var testDescription: String { section }
}

private let requests: [HeaderList] = [
    [":method": "GET", ":scheme": "http", ":path": "/", ":authority": "www.example.com"],
    [
        ":method": "GET", ":scheme": "http", ":path": "/", ":authority": "www.example.com",
        "cache-control": "no-cache",
    ],
    [
        ":method": "GET", ":scheme": "https", ":path": "/index.html", ":authority": "www.example.com",
        "custom-key": "custom-value",
    ],
]

private let responses: [HeaderList] = [
    [
        ":status": "302", "cache-control": "private", "date": "Mon, 21 Oct 2013 20:13:21 GMT",
        "location": "https://www.example.com",
    ],
    [
        ":status": "307", "cache-control": "private", "date": "Mon, 21 Oct 2013 20:13:21 GMT",
        "location": "https://www.example.com",
    ],
    [
        ":status": "200", "cache-control": "private", "date": "Mon, 21 Oct 2013 20:13:22 GMT",
        "location": "https://www.example.com", "content-encoding": "gzip",
        "set-cookie": "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
]

private let exchanges: [Exchange] = [
    Exchange(
        section: "C.2.1 literal with indexing",
        blocks: [
            (
                "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
                ["custom-key": "custom-header"]
            )
        ], sizeAtEnd: 55),
    Exchange(
        section: "C.2.2 literal without indexing",
        blocks: [("040c 2f73 616d 706c 652f 7061 7468", [":path": "/sample/path"])], sizeAtEnd: 0),
    Exchange(
        section: "C.2.3 literal never indexed",
        blocks: [("1008 7061 7373 776f 7264 0673 6563 7265 74", ["password": "secret"])], sizeAtEnd: 0),
    Exchange(section: "C.2.4 indexed", blocks: [("82", [":method": "GET"])], sizeAtEnd: 0),
    Exchange(
        section: "C.3 requests without Huffman",
        blocks: [
            ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", requests[0]),
            ("8286 84be 5808 6e6f 2d63 6163 6865", requests[1]),
            (
                "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
                requests[2]
            ),
        ], sizeAtEnd: 164),
    Exchange(
        section: "C.4 requests with Huffman",
        blocks: [
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", requests[0]),
            ("8286 84be 5886 a8eb 1064 9cbf", requests[1]),
            ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", requests[2]),
        ], sizeAtEnd: 164),
    Exchange(
        section: "C.5 responses without Huffman, with eviction", tableSize: 256,
        blocks: [
            (
                """
                4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
                2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
                6c65 2e63 6f6d
                """, responses[0]
            ),
            ("4803 3330 37c1 c0bf", responses[1]),
            (
                """
                88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
                54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
                5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
                3d31
                """, responses[2]
            ),
        ], sizeAtEnd: 215),
    Exchange(
        section: "C.6 responses with Huffman, with eviction", tableSize: 256,
        blocks: [
            (
                """
                4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
                2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3
                """, responses[0]
            ),
            ("4883 640e ffc1 c0bf", responses[1]),
            (
                """
                88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
                77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
                9587 3160 65c0 03ed 4ee5 b106 3d50 07
                """, responses[2]
            ),
        ], sizeAtEnd: 215),
]

@Suite("Examples of RFC 7541 appendix C")
struct AppendixCTests {
    @Test("the decoder reads every example and its table has the stated size", arguments: exchanges)
    func decodes(exchange: Exchange) throws {
        var decoder = HPACKDecoder(tableSize: exchange.tableSize)
        for (wire, expected) in exchange.blocks { #expect(try decoder.list(hex(wire)) == expected) }
        #expect(decoder.tableSize == exchange.sizeAtEnd)
    }

    @Test(
        "the encoder writes the requests with Huffman octet for octet, C.4",
        arguments: exchanges.filter { $0.section.hasPrefix("C.4") })
    func encodes(exchange: Exchange) {
        var encoder = HPACKEncoder(tableSize: exchange.tableSize)
        for (wire, list) in exchange.blocks { #expect(encoder.block(list) == hex(wire)) }
    }

    @Test(
        "integers, C.1",
        arguments: [(10, 5, "0a"), (1337, 5, "1f9a0a"), (42, 8, "2a"), (31, 5, "1f00"), (30, 5, "1e")])
    func integers(value: Int, prefix: Int, wire: String) throws {
        var written: [UInt8] = []
        PrefixInteger.encode(value, prefix: prefix, flags: 0, into: &written)
        #expect(written == hex(wire))
        var offset = 0
        #expect(try PrefixInteger.decode(written.span.bytes, &offset, prefix: prefix) == value)
        #expect(offset == written.count)
    }
}
