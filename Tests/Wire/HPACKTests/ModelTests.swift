// The decoder against a model of RFC 7541 that is an array of pairs and nothing else: random instructions, each written
// by hand, mean the same to both.

import TestSupport
import Testing

@testable import HPACK

/// The two tables as §2.3 describes them, without any thought of speed; and the octets of instructions.
private struct Model {
    /// A name and a value, as octets.
    typealias Pair = (name: [UInt8], value: [UInt8])

    static let fixed: [Pair] = (1...61).map { index in
        var decoder = HPACKDecoder()
        var list = HeaderList()
        _ = try? decoder.decode([0x80 | UInt8(index)].span.bytes, into: &list)
        return (Array(list.name(0).utf8), Array(list.value(0).utf8))
    }

    /// The newest first.
    var table: [Pair] = []
    var maximum = 4096
    var octets: [UInt8] = []
    var list: [(pair: Pair, indexing: HeaderList.Indexing)] = []

    var size: Int { table.reduce(0) { $0 + $1.name.count + $1.value.count + 32 } }
    var entries: [Pair] { Self.fixed + table }

    private mutating func evict() {
        while size > maximum { table.removeLast() }
    }

    private mutating func integer(_ value: Int, prefix: Int, flags: UInt8) {
        let limit = (1 << prefix) - 1
        guard value >= limit else { return octets.append(flags | UInt8(value)) }
        octets.append(flags | UInt8(limit))
        var rest = value - limit
        while rest >= 128 {
            octets.append(UInt8(rest % 128 + 128))
            rest /= 128
        }
        octets.append(UInt8(rest))
    }

    private mutating func string(_ text: [UInt8], huffman: Bool) {
        guard huffman else {
            integer(text.count, prefix: 7, flags: 0)
            octets += text
            return
        }
        var code: [UInt8] = []
        for octet in text { code += huffmanBits[Int(octet)] }
        while code.count % 8 != 0 { code.append(1) }
        integer(code.count / 8, prefix: 7, flags: 0x80)
        for start in stride(from: 0, to: code.count, by: 8) {
            octets.append(code[start..<start + 8].reduce(0) { $0 << 1 | $1 })
        }
    }

    /// §6.3
    mutating func update(_ size: Int) {
        integer(size, prefix: 5, flags: 0x20)
        maximum = size
        evict()
    }

    /// §6.1
    mutating func indexed(_ index: Int) {
        integer(index, prefix: 7, flags: 0x80)
        list.append((entries[index - 1], .allowed))
    }

    /// §6.2; the name is an index or text.
    mutating func literal(
        _ index: Int?, _ name: [UInt8], _ value: [UInt8], _ indexing: HeaderList.Indexing, huffman: Bool
    ) {
        let (prefix, flags): (Int, UInt8) =
            switch indexing {
            case .allowed: (6, 0x40)
            case .avoided: (4, 0)
            case .never: (4, 0x10)
            }
        integer(index ?? 0, prefix: prefix, flags: flags)
        let pair: Pair = (index.map { entries[$0 - 1].name } ?? name, value)
        if index == nil { string(name, huffman: huffman) }
        string(value, huffman: huffman)
        list.append((pair, indexing))
        guard indexing == .allowed else { return }
        // §4.4: one that is larger than the table empties it.
        table.insert(pair, at: 0)
        evict()
    }
}

/// The code of each octet as bits, taken from the encoder's output for it alone and cut to the length of appendix B.
private let huffmanBits: [[UInt8]] = (0...255).map { octet in
    // Eight of them are a whole number of octets, so nothing of it is padding.
    var code: [UInt8] = []
    Huffman.encode([UInt8](repeating: UInt8(octet), count: 8)[...], into: &code)
    let bits = code.flatMap { byte in (0..<8).reversed().map { byte >> UInt8($0) & 1 } }
    return Array(bits.prefix(code.count))
}

@Suite("Decoder and a model of RFC 7541")
struct ModelTests {
    /// A few names and values, so that tables are hit.
    private static func text(_ random: inout SeededGenerator) -> [UInt8] {
        random.number(0..<3) == 0
            ? random.octets(random.number(0..<60)) : Array("word-\(random.number(0..<12))".utf8)
    }

    @Test("give the same lists and tables for random instructions", arguments: 0..<60)
    func instructions(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var model = Model()
        var decoder = HPACKDecoder(maximumListSize: 1 << 20)
        for _ in 0..<50 {
            model.octets = []
            model.list = []
            while random.number(0..<6) == 0 { model.update(random.number(0..<4097)) }
            for _ in 0..<random.number(0..<12) {
                let index = 1 + random.number(0..<model.entries.count)
                switch random.number(0..<3) {
                case 0: model.indexed(index)
                default:
                    let kinds: [HeaderList.Indexing] = [.allowed, .allowed, .avoided, .never]
                    model.literal(
                        random.number(0..<2) == 0 ? index : nil, Self.text(&random), Self.text(&random),
                        kinds[random.number(0..<4)], huffman: random.number(0..<2) == 0)
                }
            }
            let list = try decoder.list(model.octets)
            #expect(list.count == model.list.count)
            for (index, expected) in model.list.enumerated() where index < list.count {
                #expect(Array(list.storage[list.nameRange(index)]) == expected.pair.name)
                #expect(Array(list.storage[list.valueRange(index)]) == expected.pair.value)
                #expect(list.indexing(index) == expected.indexing)
            }
            #expect(decoder.tableSize == model.size)
        }
    }

    @Test(
        "give the same list for a block that comes again and again, whatever comes between", arguments: 0..<20
    )
    func repetitions(seed: Int) throws {
        var random = SeededGenerator(seed: seed)
        var decoder = HPACKDecoder()
        var encoder = HPACKEncoder()
        var pool = (0..<5).map { _ in HeaderList.random(&random) }
        for index in pool.indices where index % 2 == 0 { pool[index].isSentOften = true }
        for _ in 0..<300 {
            if random.number(0..<20) == 0 {
                let limit = [0, 64, 200, 4096][random.number(0..<4)]
                encoder.setTableLimit(limit)
                decoder.setTableLimit(limit)
            }
            let list = pool[random.number(0..<pool.count)]
            #expect(try decoder.list(encoder.block(list)) == list)
            #expect(decoder.tableSize == encoder.tableSize)
        }
    }
}

@Suite("Parts of the header code")
struct PartsTests {
    @Test("integers survive at every border of every prefix, §5.1", arguments: 1...8)
    func integers(prefix: Int) throws {
        let limit = (1 << prefix) - 1
        let borders = [0, 1, limit - 1, limit, limit + 1, limit + 127, limit + 128, 16_383, 1 << 21, 1 << 28]
        for value in borders + [Int(UInt32.max) - 1, Int(UInt32.max)] where value >= 0 {
            var octets: [UInt8] = []
            PrefixInteger.encode(value, prefix: prefix, flags: 0, into: &octets)
            var offset = 0
            #expect(try PrefixInteger.decode(octets.span.bytes, &offset, prefix: prefix) == value)
            #expect(offset == octets.count)
            for cut in 0..<octets.count { #expect(read(Array(octets[..<cut]), prefix) == nil) }
        }
    }

    /// The integer that octets begin with, nil where it is truncated.
    private func read(_ octets: [UInt8], _ prefix: Int) -> Int? {
        var offset = 0
        return try? PrefixInteger.decode(octets.span.bytes, &offset, prefix: prefix)
    }

    @Test("flags of the first octet are no part of an integer, §5.1")
    func flags() throws {
        var octets: [UInt8] = []
        PrefixInteger.encode(10, prefix: 5, flags: 0xe0, into: &octets)
        #expect(octets == [0xea])
        var offset = 0
        #expect(try PrefixInteger.decode(octets.span.bytes, &offset, prefix: 5) == 10)
    }

    @Test("the Huffman code has the lengths of appendix B at its corners")
    func lengths() {
        let expected: [(UInt8, Int)] = [
            (UInt8(ascii: "0"), 5), (UInt8(ascii: "a"), 5), (UInt8(ascii: "A"), 6), (UInt8(ascii: ":"), 7),
            (UInt8(ascii: "&"), 8), (UInt8(ascii: "!"), 10), (UInt8(ascii: "#"), 12), (UInt8(ascii: "$"), 13),
            (UInt8(ascii: "{"), 15), (0, 13), (10, 30), (255, 26),
        ]
        for (octet, bits) in expected { #expect(huffmanBits[Int(octet)].count == bits, "octet \(octet)") }
        // No code begins another one (a prefix code), and all together leave room for EOS alone: 30 ones.
        let sum = huffmanBits.reduce(0.0) { $0 + 1 / Double(UInt64(1) << UInt64($1.count)) }
        #expect(sum == 1 - 1 / Double(UInt64(1) << 30))
    }

    @Test("every two octets survive Huffman beside each other", arguments: 0...255)
    func pairs(first: Int) throws {
        var octets: [UInt8] = []
        for second in 0...255 { octets += [UInt8(first), UInt8(second)] }
        var code: [UInt8] = []
        Huffman.encode(octets[...], into: &code)
        #expect(code.count == Huffman.encodedLength(octets[...]))
        var block: [UInt8] = [0x00, 0x01, 97]
        PrefixInteger.encode(code.count, prefix: 7, flags: 0x80, into: &block)
        var decoder = HPACKDecoder()
        let list = try decoder.list(block + code)
        #expect(Array(list.storage[list.valueRange(0)]) == octets)
    }

    @Test(
        "the static table is that of appendix A",
        arguments: [
            (1, ":authority", ""), (2, ":method", "GET"), (3, ":method", "POST"), (4, ":path", "/"),
            (5, ":path", "/index.html"), (6, ":scheme", "http"), (7, ":scheme", "https"),
            (8, ":status", "200"),
            (14, ":status", "500"), (15, "accept-charset", ""), (16, "accept-encoding", "gzip, deflate"),
            (19, "accept", ""), (28, "content-length", ""), (31, "content-type", ""), (32, "cookie", ""),
            (38, "host", ""), (50, "range", ""), (54, "server", ""), (55, "set-cookie", ""),
            (58, "user-agent", ""),
            (61, "www-authenticate", ""),
        ])
    func fixedTable(index: Int, name: String, value: String) throws {
        var decoder = HPACKDecoder()
        let list = try decoder.list([0x80 | UInt8(index)])
        #expect(list.count == 1)
        #expect(list.name(0) == name)
        #expect(list.value(0) == value)
        // And the encoder finds it again.
        var encoder = HPACKEncoder()
        #expect(encoder.block(list) == [0x80 | UInt8(index)])
    }
}
