// The dynamic table at its borders, seen through blocks, and the names that are known.

import Testing

@testable import HPACK

/// What happens to a table, and which of its entries are left, the newest first.
private struct Eviction: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var size: Int
    /// Fields that enter, as names and values.
    var fields: [(String, String)]
    /// Table sizes that are set after that, all in the next block.
    var updates: [Int] = []
    var left: [String]

    init(
        _ name: String, size: Int, _ fields: [(String, String)], updates: [Int] = [], left: [String]
    ) {
        testDescription = name
        self.size = size
        self.fields = fields
        self.updates = updates
        self.left = left
    }

    static let all: [Eviction] = [
        Eviction("a table that is just large enough", size: 68, [("a", "1"), ("b", "2")], left: ["b", "a"]),
        Eviction("one octet less", size: 67, [("a", "1"), ("b", "2")], left: ["b"]),
        Eviction(
            "the oldest leaves first, §4.4", size: 102, [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")],
            left: ["d", "c", "b"]),
        Eviction(
            "as many leave as are needed", size: 110,
            [("a", "1"), ("b", "2"), ("c", "3"), ("d", "a long value")],
            left: ["d", "c"]),
        Eviction(
            "one that is larger than the table empties it and stays out, §4.4", size: 68,
            [("a", "1"), ("b", String(repeating: "x", count: 36))], left: []),
        Eviction(
            "one that is as large as the table stays alone", size: 68,
            [("a", "1"), ("b", String(repeating: "x", count: 35))], left: ["b"]),
        Eviction(
            "the same field may be there twice", size: 102, [("a", "1"), ("a", "1")], left: ["a", "a"]),
        Eviction(
            "a smaller table keeps the newest, §4.3", size: 200, [("a", "1"), ("b", "2"), ("c", "3")],
            updates: [68], left: ["c", "b"]),
        Eviction("a table of 0 keeps nothing, §4.3", size: 200, [("a", "1")], updates: [0], left: []),
        Eviction(
            "what has left does not come back with the size", size: 200, [("a", "1"), ("b", "2")],
            updates: [34, 200], left: ["b"]),
        Eviction("nothing enters a table of 0", size: 0, [("a", "1"), ("b", "2")], left: []),
    ]
}

@Suite("Dynamic table, RFC 7541 §4")
struct TableTests {
    /// A literal with incremental indexing and a new name.
    private func literal(_ name: String, _ value: String) -> [UInt8] {
        [0x40, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    @Test("evicts", arguments: Eviction.all)
    private func evicts(eviction: Eviction) throws {
        var decoder = HPACKDecoder(tableSize: eviction.size)
        _ = try decoder.list(eviction.fields.flatMap { literal($0.0, $0.1) })
        var updates: [UInt8] = []
        for size in eviction.updates { PrefixInteger.encode(size, prefix: 5, flags: 0x20, into: &updates) }
        _ = try decoder.list(updates)
        var names: [String] = []
        for index in eviction.left.indices { names.append(try decoder.list([0xbe + UInt8(index)]).name(0)) }
        #expect(names == eviction.left)
        #expect(throws: HPACKError.index(62 + eviction.left.count)) {
            try decoder.list([0xbe + UInt8(eviction.left.count)])
        }
    }

    @Test("the encoder evicts the same", arguments: Eviction.all)
    private func encoderEvicts(eviction: Eviction) throws {
        var encoder = HPACKEncoder(tableSize: eviction.size)
        var decoder = HPACKDecoder(tableSize: eviction.size)
        for (name, value) in eviction.fields {
            let list: HeaderList = [name: value]
            #expect(try decoder.list(encoder.block(list)) == list)
            #expect(encoder.tableSize == decoder.tableSize)
        }
        for size in eviction.updates where size <= eviction.size { encoder.setTableLimit(size) }
        #expect(try decoder.list(encoder.block([":method": "GET"])) == [":method": "GET"])
        #expect(encoder.tableSize == decoder.tableSize)
    }

    @Test("a name is taken from an entry that its own field evicts, §4.4")
    func nameOfTheEvicted() throws {
        var decoder = HPACKDecoder(tableSize: 68)
        _ = try decoder.list(literal("name", "value"))
        // 62 with a value that leaves no room for the entry that the name comes from.
        let list = try decoder.list([0x7e, 20] + [UInt8](repeating: 0x78, count: 20))
        #expect(list == ["name": String(repeating: "x", count: 20)])
        #expect(decoder.tableSize == 56)
    }

    @Test("entries stay what they are while thousands pass through")
    func manyGenerations() throws {
        var decoder = HPACKDecoder(tableSize: 400)
        for round in 0..<5000 {
            let list = try decoder.list(literal("n\(round)", "v\(round)") + [0xbe])
            #expect(list.name(1) == "n\(round)")
            #expect(list.value(1) == "v\(round)")
            #expect(decoder.tableSize <= 400)
        }
    }
}

@Suite("Known names")
struct HeaderNameTests {
    private static let fixed = (1...61).map { index in
        var decoder = HPACKDecoder()
        return (try? decoder.list([0x80 | UInt8(index)]).name(0)) ?? ""
    }

    @Test("are found by their octets, and the first entry of the static table counts", arguments: fixed)
    func known(name: String) {
        #expect(HeaderName(name) != .other)
        #expect(HeaderName(name).staticIndex == Self.fixed.firstIndex(of: name).map { $0 + 1 })
    }

    @Test("are not taken for others", arguments: fixed)
    func similar(name: String) {
        #expect(HeaderName(name + "x") == .other)
        #expect(HeaderName(name.uppercased()) == .other)
        #expect(HeaderName(String(name.dropLast()) + "\u{7f}") == .other)
        #expect(HeaderName("x" + name.dropFirst()) == .other)
    }

    @Test("none is empty or of one octet", arguments: ["", "a", ":", "\0"])
    func short(name: String) { #expect(HeaderName(name) == .other) }

    @Test(
        "are known to a list however they came", arguments: ["te", "grpc-timeout", ":path", "content-type"])
    func inLists(name: String) throws {
        let list: HeaderList = [name: "v"]
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder()
        for _ in 0..<3 {
            let decoded = try decoder.list(encoder.block(list))
            #expect(decoded.knownName(0) == HeaderName(name))
            #expect(decoded[HeaderName(name)] == "v")
            #expect(decoded.firstIndex(of: HeaderName(name)) == 0)
        }
    }

    @Test(
        "octets that RFC 9113 §8.2.1 forbids are noticed, at first and when they come from the table",
        arguments: [
            ("a", "1", true), ("a", "", true), ("a", "1\n", false), ("a", "\r", false), ("a", "\0", false),
            ("a", " 1", false), ("a", "1\t", false), ("a", "1 2", true), ("a b", "1", false),
            ("A", "1", false),
            ("a:b", "1", false), (":a", "1", true), ("", "1", false), ("ä", "1", false), ("a", "ä", true),
        ])
    func plain(name: String, value: String, isPlain: Bool) throws {
        let octets =
            [UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
        var decoder = HPACKDecoder()
        for first in [0x00, 0x10, 0x40] as [UInt8] {
            #expect(try decoder.list([first] + octets).isPlain(0) == isPlain)
        }
        for _ in 0..<3 { #expect(try decoder.list([0xbe]).isPlain(0) == isPlain) }
        // The name from the table, with a value that is right and one that is not.
        let isName = try decoder.list([0x0f, 0x2f, 1, 0x31]).isPlain(0)
        #expect(isPlain ? isName : true)
        #expect(try !decoder.list([0x0f, 0x2f, 1, 0x0a]).isPlain(0))
    }
}
