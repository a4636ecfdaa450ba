import Testing

@testable import HPACK

// Both ends keep blocks that repeat. What is kept must never outlive the table that it was made with, so each test
// holds an end that keeps against one that begins anew.

@Suite("Header blocks that repeat")
struct RepetitionTests {
    private let list: HeaderList = [
        ":method": "POST", ":path": "/a.B/C", "content-type": "application/grpc", "x-trace": "1",
    ]

    @Test("mean the same list each time, in the same memory from the third time on")
    func sameMemory() throws {
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder()
        _ = try decoder.list(encoder.block(list))
        let block = encoder.block(list)
        let lists = try (0..<4).map { _ in try decoder.list(block) }
        #expect(lists.allSatisfy { $0 == list })
        #expect(lists[2].isSame(as: lists[3]))
    }

    @Test("mean another list once the table has changed")
    func changedTable() throws {
        var decoder = HPACKDecoder()
        // A literal that enters the table, and then its index, again and again.
        #expect(try decoder.list(hex("4001 61 01 31")) == ["a": "1"])
        for _ in 0..<3 { #expect(try decoder.list(hex("be")) == ["a": "1"]) }
        #expect(try decoder.list(hex("4001 62 01 32")) == ["b": "2"])
        for _ in 0..<3 { #expect(try decoder.list(hex("be")) == ["b": "2"]) }
        #expect(try decoder.list(hex("bf")) == ["a": "1"])
    }

    @Test("are refused once a size update has emptied the table, and while one is missing, §4.2")
    func sizeUpdate() throws {
        var decoder = HPACKDecoder()
        _ = try decoder.list(hex("4001 61 01 31"))
        for _ in 0..<3 { _ = try decoder.list(hex("be")) }
        decoder.setTableLimit(0)
        #expect(throws: HPACKError.missingSizeUpdate(maximum: 0)) { try decoder.list(hex("be")) }
        #expect(try decoder.list(hex("20")) == [:])
        #expect(throws: HPACKError.index(62)) { try decoder.list(hex("be")) }
    }

    @Test("are followed by fields that a caller adds, and those do not come back")
    func changedList() throws {
        var decoder = HPACKDecoder()
        for _ in 0..<4 {
            var list = try decoder.list(hex("82"))
            #expect(list == [":method": "GET"])
            list.add("x-mine", "1")
            #expect(list.count == 2)
        }
    }

    @Test("of lists that are sent often are what an encoder without memory writes", arguments: 0..<8)
    func sentOften(seed: Int) throws {
        var encoder = HPACKEncoder(tableSize: 256)
        var decoder = HPACKDecoder(tableSize: 256)
        var often = list
        often.isSentOften = true
        for round in 0..<40 {
            #expect(try decoder.list(encoder.block(often)) == list)
            // Now and then something enters the small table, and pushes others out.
            if (round * 7 + seed) % 5 == 0 {
                let other: HeaderList = ["x-other-\(round)": String(repeating: "v", count: 20 + seed)]
                #expect(try decoder.list(encoder.block(other)) == other)
            }
            if round == 20 { encoder.setTableLimit(seed % 2 == 0 ? 0 : 128) }
            #expect(decoder.tableSize == encoder.tableSize)
        }
    }

    @Test("are no longer kept for a list that was changed")
    func noLongerOften() {
        var often = list
        often.isSentOften = true
        var encoder = HPACKEncoder()
        _ = encoder.block(often)
        let kept = encoder.block(often)
        often.add("x-more", "1")
        #expect(!often.isSentOften)
        #expect(encoder.block(often).count > kept.count)
    }
}

@Suite("Known header names")
struct KnownNameTests {
    @Test("are those of the static table, by the index of their first entry")
    func staticTable() {
        for (index, field) in StaticTable.fields.enumerated() {
            let first = StaticTable.fields.firstIndex { $0.0 == field.0 }.map { $0 + 1 }
            #expect(HeaderName(field.0).staticIndex == first, "entry \(index + 1), \(field.0)")
            #expect(HeaderName(field.0).isPseudo == field.0.hasPrefix(":"))
        }
    }

    @Test(
        "are some of HTTP/1 and gRPC besides",
        arguments: [
            ("te", .te), ("connection", .connection), ("proxy-connection", .proxyConnection),
            ("keep-alive", .keepAlive), ("upgrade", .upgrade), ("grpc-timeout", .grpcTimeout),
            ("grpc-encoding", .grpcEncoding), ("grpc-accept-encoding", .grpcAcceptEncoding),
            ("grpc-status", .grpcStatus), ("grpc-message", .grpcMessage),
            ("transfer-encoding", .transferEncoding),
        ] as [(String, HeaderName)])
    func own(text: String, name: HeaderName) { #expect(HeaderName(text) == name) }

    @Test(
        "are no others", arguments: ["", "t", "tee", "TE", ":", ":status2", "content-typf", "x-trace", "é"])
    func others(text: String) {
        #expect(HeaderName(text) == .other)
        #expect(HeaderName(text).staticIndex == nil)
    }

    @Test(
        "and plain octets are told by the decoder",
        arguments: [
            ("x-a", "v", true), ("X-a", "v", false), ("x-a", "v\r", false), ("x-a", " v", false),
            ("x-a", "v\t", false), ("x a", "v", false), ("x:a", "v", false), ("x-a", "", true),
            (":path", "/", true), ("x-a", "\0", false),
        ])
    func plain(name: String, value: String, isPlain: Bool) throws {
        var list = HeaderList()
        list.add(name, value)
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder()
        // Spelled out, and then from the table.
        for _ in 0..<3 { #expect(try decoder.list(encoder.block(list)).isPlain(0) == isPlain) }
    }
}
