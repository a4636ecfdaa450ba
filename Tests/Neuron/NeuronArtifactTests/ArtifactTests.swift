// The file that holds a compiled model: what is written is read, and whatever is changed in it is noticed.

import JSON
import SystemIO
import TestSupport
import Testing

@testable import NeuronArtifact

@Suite("Artifacts")
struct ArtifactTests {
    private static let header = ArtifactHeader(
        model: "tiny", target: "inf2", cores: 2, dataType: "bf16", layout: "panels-16x3-192-32",
        batch: [1, 8],
        sequence: [128, 512],
        memory: [.init(constants: 5, tensors: 6), .init(constants: 7, tensors: 8)], operators: (9, 10))

    private static func content(_ name: String, _ octets: [UInt8]) -> ArtifactContent {
        ArtifactContent(name: name, size: octets.count) { use in octets.withUnsafeBytes(use) }
    }

    /// A valid file with two sections.
    private static let file = Artifact.octets(
        header, [content("files/a", [1, 2, 3]), content("weights/b", [UInt8](4...100))])

    private func check(_ octets: [UInt8], verifies: Bool = true) -> ArtifactError.Reason? {
        var reason: ArtifactError.Reason?
        octets.withUnsafeBytes { octets in
            do throws(ArtifactError) {
                _ = try Artifact.check(octets, path: "x", verifies: verifies)
            } catch {
                reason = error.reason
            }
        }
        return reason
    }

    @Test("what is written is mapped as it was, each section at a multiple of 64")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/m"
        try Files.write(path, Self.file)
        #expect(Artifact.isArtifact(path))
        let artifact = try Artifact(path: path)
        var expected = Self.header
        expected.sections = [
            .init(name: "files/a", offset: 0, size: 3), .init(name: "weights/b", offset: 64, size: 97),
        ]
        #expect(artifact.header == expected)
        #expect(artifact.header.placedPercent == 90)
        #expect(artifact.section("files/a").map(Array.init) == [1, 2, 3])
        #expect(artifact.section("weights/b").map(Array.init) == [UInt8](4...100))
        #expect(artifact.section("weights/c") == nil)
        let range = try #require(artifact.range("weights/b"))
        #expect(range.lowerBound % 64 == 0)
        #expect(Array(try Files.read(path)[range]) == [UInt8](4...100))
    }

    @Test("a change of any octet of the prefix, the header or the data is noticed")
    func everyOctet() {
        #expect(check(Self.file) == nil)
        let header = Self.header.json.text().utf8.count
        let places = Array(0..<64 + header / 2) + Array(4096..<Self.file.count)
        for place in places {
            var file = Self.file
            file[place] ^= 0x10
            #expect(check(file) != nil, "octet \(place)")
        }
        var file = Self.file
        file[4096] ^= 1
        #expect(check(file, verifies: false) == nil)
    }

    @Test("a file that is cut, longer, of another version or something else is refused with the reason")
    func reasons() {
        #expect(check(Array(Self.file.dropLast())) == .damaged)
        #expect(check(Self.file + [0]) == .damaged)
        #expect(check(Array(Self.file.prefix(63))) == .notAnArtifact)
        #expect(check([]) == .notAnArtifact)
        #expect(check([UInt8](repeating: 0, count: 5000)) == .notAnArtifact)
        var newer = Self.file
        newer[8] = 2
        #expect(check(newer) == .version)
        var long = Self.file
        for place in 12..<16 { long[place] = 0xff }
        #expect(check(long) == .tooLarge)
    }

    @Test(
        "a header that contradicts itself is refused",
        arguments: [
            ("cores", 0), ("cores", 3), ("cores", "2"), ("model", ""), ("batch", []), ("batch", [8, 1]),
            ("sequence", [0]), ("sequence", [1_048_576]), ("memory", []), ("dataType", .null),
            ("operators", ["placed": 11, "total": 10]), ("sections", .null),
            ("sections", [["name": "a", "offset": 1, "size": 1]]),
            ("sections", [["name": "a", "offset": 0, "size": 162]]),
            ("sections", [["name": "a", "offset": -64, "size": 1]]),
            ("sections", [["name": "a", "offset": 0, "size": -1]]),
            ("sections", [["name": "", "offset": 0, "size": 1]]),
            (
                "sections",
                [["name": "a", "offset": 0, "size": 65], ["name": "b", "offset": 64, "size": 1]]
            ),
            ("sections", [["name": "a", "offset": 0, "size": 1], ["name": "a", "offset": 64, "size": 1]]),
            ("sections", [["name": "a", "offset": 9_223_372_036_854_775_744, "size": 64]]),
        ] as [(String, JSON)])
    func contradictions(key: String, value: JSON) throws {
        var json = Self.header.json
        json["sections"] = [["name": "a", "offset": 0, "size": 161]]
        #expect(throws: Never.self) { try ArtifactHeader(json, dataSize: 161, path: "x") }
        json[key] = value
        #expect(throws: ArtifactError.self) { try ArtifactHeader(json, dataSize: 161, path: "x") }
    }

    @Test("a path that is no file says so")
    func noFile() throws {
        let directory = try TemporaryDirectory()
        for path in [directory.path, directory.path + "/missing", "/dev/null"] {
            #expect(throws: ArtifactError.self) { try Artifact(path: path) }
            #expect(!Artifact.isArtifact(path))
        }
    }

    @Test("a checksum depends on every octet and on the length")
    func checksum() {
        var sums: Set<UInt64> = []
        for count in 0..<200 {
            let octets = [UInt8](repeating: 0, count: count)
            sums.insert(octets.withUnsafeBytes(Checksum.of))
        }
        for place in 0..<200 {
            var octets = [UInt8](repeating: 0, count: 200)
            octets[place] = 1
            sums.insert(octets.withUnsafeBytes(Checksum.of))
        }
        #expect(sums.count == 400)
    }
}
