// AWS's compiled models, as the documents describe them: none is public, so these are made here.

import Gzip
import JSON
import Testing

@testable import NeuronArtifact

@Suite("NEFF files")
struct NEFFTests {
    private static let definition: JSON = [
        "var": [
            "input_ids": ["type": "input", "size": 1024], "mask": ["type": "input", "size": 512],
            "hidden": ["type": "output", "size": 4096], "w": ["type": "file", "size": 1000],
            "v": ["type": "file", "size": 500], "t": ["type": "tmp-buf", "size": 77],
        ]
    ]

    private static let archive =
        Tar.member("neff.json", [UInt8]("{}".utf8)) + Tar.member("sg00/", [], kind: "5")
        + Tar.member("sg00/def.json", definition.serialized()) + Tar.end

    private func read(_ file: [UInt8], limit: Int = NEFF.sizeLimit) throws(ArtifactError) -> NEFF {
        var result: Result<NEFF, ArtifactError>?
        file.withUnsafeBytes { octets in
            result = Result { () throws(ArtifactError) in try NEFF(octets, path: "x", limit: limit) }
        }
        guard let result else { throw ArtifactError(.unreadable, "x", "") }
        return try result.get()
    }

    @Test("cores, tensors and weights are found in plain and in gzipped archives", arguments: [1, 2])
    func describes(version: Int) throws {
        let archive = version == 1 ? Self.archive : try Gzip.compress(Self.archive)
        let neff = try read(neffFile(archive, packageVersion: UInt64(version), cores: 2, logicalCoreSize: 1))
        #expect(neff.packageVersion == version)
        #expect(neff.cores == 2)
        #expect(neff.logicalCoreSize == 1)
        #expect(neff.buildVersion == "2.21")
        #expect(neff.name == "bert")
        #expect(neff.subgraphs == 1)
        #expect(neff.inputs == [.init(name: "input_ids", size: 1024), .init(name: "mask", size: 512)])
        #expect(neff.outputs == [.init(name: "hidden", size: 4096)])
        #expect(neff.weights == 1500)
    }

    @Test("an archive that grows beyond the limit is refused before it is unpacked whole")
    func bomb() throws {
        let zeros = try Gzip.compress([UInt8](repeating: 0, count: 1 << 20))
        #expect(zeros.count < 2048)
        let file = neffFile(zeros, packageVersion: 2)
        #expect(throws: ArtifactError.self) { try read(file, limit: 65_536) }
        do throws(ArtifactError) {
            _ = try read(file, limit: 65_536)
        } catch {
            #expect(error.reason == .tooLarge)
        }
    }

    @Test("sizes that do not agree are no NEFF")
    func sizes() {
        let good = neffFile(Self.archive)
        #expect(good.withUnsafeBytes(NEFF.isNEFF))
        for file in [Array(good.dropLast()), good + [0], Array(good.prefix(1023)), []] {
            #expect(!file.withUnsafeBytes(NEFF.isNEFF))
            #expect(throws: ArtifactError.self) { try read(file) }
        }
    }

    @Test("cores, logical cores and versions beyond any hardware are refused")
    func ranges() {
        for (cores, size, major) in [(0, 0, 0), (4_294_967_295, 0, 0), (1, 3, 0), (1, 1, 3)] {
            let file = neffFile(
                Self.archive, cores: UInt32(cores), logicalCoreSize: UInt32(size), major: UInt64(major))
            #expect(throws: ArtifactError.self) { try read(file) }
        }
    }

    @Test(
        "archives that would do harm when they are unpacked are refused",
        arguments: [
            Tar.member("../etc/passwd", []), Tar.member("/etc/passwd", []), Tar.member("a/../../b", []),
            Tar.member("link", [], kind: "2"), Tar.member("link", [], kind: "1"),
            Tar.member("device", [], kind: "3"), Tar.member("sg00/def.json", [UInt8]("{".utf8)),
            Tar.member(
                "sg00/def.json", [UInt8](String(repeating: "[", count: 100_000).utf8)),
            Array(Tar.member("cut", [UInt8](repeating: 1, count: 2000)).prefix(1024)),
            [UInt8](repeating: 65, count: 512),
        ])
    func hostile(archive: [UInt8]) {
        #expect(throws: ArtifactError.self) { try read(neffFile(archive)) }
    }

    @Test("long names of GNU's and of POSIX's extended headers are understood")
    func names() throws {
        let long = String(repeating: "d/", count: 80) + "file"
        let path = String(repeating: "e/", count: 80) + "file"
        let attribute = Array("\(path.utf8.count + 10) path=\(path)\n".utf8)
        let archive =
            Tar.member("././@LongLink", Array(long.utf8) + [0], kind: "L") + Tar.member("d", [7])
            + Tar.member("pax", attribute, kind: "x") + Tar.member("e", [6]) + Tar.member("./b", [8, 9])
            + Tar.end
        let files = try archive.withUnsafeBytes { try NEFF.files(of: $0, path: "x") }
        #expect(files.map(\.name) == [long, path, "b"])
        #expect(files.map { Array(archive[$0.content]) } == [[7], [6], [8, 9]])
    }
}

/// A NEFF file around an archive.
private func neffFile(
    _ archive: [UInt8], packageVersion: UInt64 = 1, cores: UInt32 = 1, logicalCoreSize: UInt32 = 0,
    major: UInt64 = 1
) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 1024)
    header.withUnsafeMutableBytes { bytes in
        bytes.storeBytes(of: packageVersion, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: 1024, toByteOffset: 8, as: UInt64.self)
        bytes.storeBytes(of: UInt64(archive.count), toByteOffset: 16, as: UInt64.self)
        bytes.storeBytes(of: major, toByteOffset: 24, as: UInt64.self)
        bytes.storeBytes(of: cores, toByteOffset: 168, as: UInt32.self)
        bytes.storeBytes(of: logicalCoreSize, toByteOffset: 552, as: UInt32.self)
    }
    header.replaceSubrange(40..<44, with: Array("2.21".utf8))
    header.replaceSubrange(220..<224, with: Array("bert".utf8))
    return header + archive
}

/// Archives, octet by octet.
private enum Tar {
    static let end = [UInt8](repeating: 0, count: 1024)

    static func member(_ name: String, _ content: [UInt8], kind: Character = "0") -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            block.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(name, at: 0)
        put(octal(content.count, 11), at: 124)
        put(String(kind), at: 156)
        put("ustar", at: 257)
        put("        ", at: 148)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\0", at: 148)
        return block + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
