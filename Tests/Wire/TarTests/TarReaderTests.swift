import Testing

@testable import Tar

/// Makes archives octet by octet.
struct TarMaker {
    var octets: [UInt8] = []

    mutating func add(
        _ path: String, _ content: [UInt8] = [], flag: Character = "0", link: String = "", size: Int? = nil
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            block.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        func octal(_ number: Int, _ width: Int) -> String {
            let digits = String(number, radix: 8)
            return String(repeating: "0", count: width - digits.utf8.count) + digits
        }
        put(String(path.prefix(100)), at: 0)
        put("0000644", at: 100)
        put(octal(size ?? content.count, 11), at: 124)
        put(String(flag), at: 156)
        put(String(link.prefix(100)), at: 157)
        put("ustar\u{0}00", at: 257)
        let sum = block.reduce(0) { $0 + Int($1) } + 8 * 32
        put(octal(sum, 6) + "\u{0} ", at: 148)
        octets += block + content
        octets += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// Two blocks of zeros.
    var complete: [UInt8] { octets + [UInt8](repeating: 0, count: 1_024) }
}

@Suite("Tar")
struct TarReaderTests {
    private func entries(_ octets: [UInt8], piece: Int = 10_000) throws -> [(
        entry: TarEntry, content: [UInt8]
    )] {
        var reader = TarReader()
        var found: [(entry: TarEntry, content: [UInt8])] = []
        for start in stride(from: 0, to: octets.count, by: piece) {
            for event in try reader.receive(Array(octets[start..<min(start + piece, octets.count)])) {
                switch event {
                case .entry(let entry): found.append((entry, []))
                case .content(let octets): found[found.count - 1].content += octets
                case .endOfEntry: break
                }
            }
        }
        try reader.finish()
        return found
    }

    @Test(
        "files, folders and links come as they are, however the octets are cut",
        arguments: [1, 511, 512, 513, 10_000])
    func pieces(size: Int) throws {
        var maker = TarMaker()
        maker.add("d/", flag: "5")
        maker.add("d/file", Array("hello".utf8))
        maker.add("d/empty")
        maker.add("d/link", flag: "2", link: "file")
        maker.add("d/second", flag: "1", link: "d/file")
        maker.add("d/large", [UInt8](repeating: 7, count: 1_300))
        let found = try entries(maker.complete, piece: size)
        #expect(found.map(\.entry.path) == ["d/", "d/file", "d/empty", "d/link", "d/second", "d/large"])
        #expect(
            found.map(\.entry.kind)
                == [.directory, .file, .file, .symbolicLink("file"), .hardLink("d/file"), .file])
        #expect(found.map(\.content.count) == [0, 5, 0, 0, 0, 1_300])
    }

    @Test("of an archive in memory the entries lie where they do, up to a limit, and none ends behind it")
    func members() throws {
        let long = "d/" + String(repeating: "n", count: 300)
        var maker = TarMaker()
        maker.add("d/", flag: "5")
        maker.add("././@LongLink", Array(long.utf8) + [0], flag: "L")
        maker.add("d/file", [UInt8](repeating: 7, count: 1_300))
        maker.add("d/second", Array("hello".utf8))
        func members(_ octets: [UInt8], limit: Int = 10) throws -> [TarMember] {
            try octets.withUnsafeBytes { try TarMember.members(of: $0, limit: limit) }
        }
        let archive = maker.complete + [1, 2, 3]
        let found = try members(archive)
        #expect(found.map(\.entry) == (try entries(archive)).map(\.entry))
        #expect(found.map(\.entry.path) == ["d/", long, "d/second"])
        #expect(found.map { Array(archive[$0.content]) } == (try entries(archive)).map(\.content))
        #expect(throws: TarError.unsupported("more than 2 entries")) { try members(archive, limit: 2) }
        for count in [511, 1_300, 2_048, 3_000] {
            #expect(throws: TarError.truncated) { try members(Array(archive.prefix(count))) }
        }
    }

    @Test("long names and large numbers of pax and GNU")
    func extended() throws {
        let long = "d/" + String(repeating: "n", count: 300)
        var maker = TarMaker()
        let record = " path=\(long)\n"
        let line = "\(record.utf8.count + 3)" + record
        maker.add("PaxHeader", Array(line.utf8), flag: "x")
        maker.add("short", [1])
        maker.add("././@LongLink", Array((long + "g").utf8) + [0], flag: "L")
        maker.add("short", [2, 3])
        maker.add("plain")
        #expect(try entries(maker.complete).map(\.entry.path) == [long, long + "g", "plain"])
    }

    @Test("what ends early is an error", arguments: [1, 511, 513, 900])
    func truncated(count: Int) throws {
        var maker = TarMaker()
        maker.add("file", [UInt8](repeating: 1, count: 600))
        #expect(throws: TarError.truncated) { try entries(Array(maker.octets[..<count])) }
    }

    @Test("a damaged header is an error")
    func checksum() throws {
        var maker = TarMaker()
        maker.add("file")
        maker.octets[3] ^= 1
        #expect(throws: TarError.malformed("the checksum of a header is wrong")) {
            try entries(maker.complete)
        }
    }

    @Test("an extended header of any length is not kept")
    func hugeHeader() throws {
        var maker = TarMaker()
        maker.add("PaxHeader", flag: "x", size: 1 << 30)
        #expect(throws: TarError.tooLong(limit: 65_536)) { try entries(maker.complete) }
    }

    @Test(
        "lines of pax that lie about their length are errors",
        arguments: ["5 path", "99 path=x\n", "0 a=b\n", "x=y\n"])
    func paxLines(text: String) throws {
        var maker = TarMaker()
        maker.add("PaxHeader", Array(text.utf8), flag: "x")
        maker.add("file")
        #expect(throws: TarError.self) { try entries(maker.complete) }
    }

    @Test("sparse files are refused by name")
    func sparse() throws {
        var maker = TarMaker()
        maker.add("file", flag: "S")
        #expect(throws: TarError.unsupported("a sparse file (file)")) { try entries(maker.complete) }
    }
}
