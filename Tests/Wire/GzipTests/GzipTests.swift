import Gzip
import TestSupport
import Testing

/// Octets that do not compress, always the same.
private func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

/// `hello`, as Python's gzip.compress writes it with mtime 0.
private let hello: [UInt8] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0,
    0,
]

@Suite("gzip, RFC 1952")
struct GzipTests {
    @Test(
        "what was packed is unpacked",
        arguments: [0, 1, 5, 1023, 1024, 65_535, 65_536, 1_000_000], [true, false])
    func roundTrip(count: Int, isNoise: Bool) throws {
        let octets = isNoise ? noise(count) : [UInt8](repeating: 7, count: count)
        let packed = try Gzip.compress(octets)
        #expect(Array(packed.prefix(3)) == [0x1f, 0x8b, 8])
        #expect(try Gzip.decompress(packed, limit: count) == octets)
        if !isNoise, count > 1000 { #expect(packed.count < count / 20) }
    }

    @Test("levels out of range are the nearest in range", arguments: [Int32.min, 0, 1, 9, 10, Int32.max])
    func levels(level: Int32) throws {
        let octets = noise(1000) + [UInt8](repeating: 0, count: 1000)
        #expect(try Gzip.decompress(try Gzip.compress(octets, level: level), limit: 2000) == octets)
    }

    @Test("what another implementation packed is unpacked")
    func other() throws {
        #expect(try Gzip.decompress(hello, limit: 5) == Array("hello".utf8))
    }

    @Test("members after each other are one message, §2.2")
    func members() throws {
        #expect(try Gzip.decompress(hello + hello, limit: 10) == Array("hellohello".utf8))
        #expect(throws: GzipError.tooLarge(limit: 9)) { try Gzip.decompress(hello + hello, limit: 9) }
    }

    @Test("nothing comes out beyond the limit", arguments: [0, 1, 1023, 1024, 4_194_303])
    func limit(limit: Int) throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: limit + 1))
        #expect(throws: GzipError.tooLarge(limit: limit)) { try Gzip.decompress(bomb, limit: limit) }
        #expect(try Gzip.decompress(bomb, limit: limit + 1).count == limit + 1)
    }

    @Test("a thousandfold of the limit is refused as fast as a little more of it")
    func bomb() throws {
        let bomb = try Gzip.compress([UInt8](repeating: 0, count: 64 << 20), level: 9)
        #expect(bomb.count < 70_000)
        #expect(throws: GzipError.tooLarge(limit: 65_536)) { try Gzip.decompress(bomb, limit: 65_536) }
    }

    @Test("an end too early is told, wherever it is", arguments: 0..<25)
    func truncated(count: Int) {
        #expect(throws: GzipError.truncated) { try Gzip.decompress(Array(hello.prefix(count)), limit: 100) }
    }

    @Test(
        "what is no gzip is told",
        arguments: [
            ([0, 1, 2], "incorrect header check"),
            (Array("hello".utf8), "incorrect header check"),
            ([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0, 0], "unknown compression method"),
            (Array(hello[..<17]) + [0, 0, 0, 0] + Array(hello[21...]), "incorrect data check"),
            (Array(hello[..<21]) + [6, 0, 0, 0], "incorrect length check"),
            (hello + [0], "incorrect header check"),
        ] as [([UInt8], String)])
    func malformed(octets: [UInt8], reason: String) {
        // One octet after a whole member is the beginning of a header that cannot be checked yet.
        let expected: GzipError = octets.count == hello.count + 1 ? .truncated : .malformed(reason)
        #expect(throws: expected) { try Gzip.decompress(octets, limit: 100) }
    }

    @Test("no damage of an octet makes more than the limit or ends the process", arguments: 0..<25)
    func damaged(position: Int) {
        for value in UInt8.min...UInt8.max {
            var octets = hello
            octets[position] = value
            let result = Result { try Gzip.decompress(octets, limit: 100) }
            if case .success(let unpacked) = result { #expect(unpacked.count <= 100) }
        }
    }

    @Test(
        "errors are one sentence",
        arguments: [
            (.malformed("a"), "the octets are no valid gzip: a"),
            (.truncated, "the gzip ends before it is complete"),
            (.tooLarge(limit: 7), "the gzip is larger than the limit of 7 octets when unpacked"),
            (.noMemory, "there is no memory for gzip"),
        ] as [(GzipError, String)])
    func sentences(error: GzipError, sentence: String) { #expect("\(error)" == sentence) }

    @Test("Python packs for us and unpacks what we packed", .enabled(if: Python.has("gzip"), "no Python"))
    func python() async throws {
        let packed = try Gzip.compress(noise(300) + [UInt8](repeating: 65, count: 300))
        let hex = packed.map { String($0, radix: 16) }.joined(separator: ",")
        let script =
            "import gzip,sys; print(gzip.decompress(bytes(int(x, 16) for x in sys.argv[1].split(',')))[300:])"
        let text = try await blocking { try Output.of(Python.path, ["-c", script, hex]) }
        #expect(text == "b'\(String(repeating: "A", count: 300))'\n")
    }
}
