// Archives of people who mean harm, and of those who do not.

import Gzip
import SystemIO
import Tar
import TestSupport
import Testing

@testable import ModelSources

@Suite("Unpacking")
struct UnpackTests {
    private enum Made {
        case file(String, [UInt8])
        case folder(String)
        case link(String, String)
        case second(String, String)
        case device(String)

        var events: [TarReader.Event] {
            switch self {
            case .file(let path, let content):
                [
                    .entry(TarEntry(path: path, kind: .file, size: content.count, mode: 0o4777)),
                    .content(content), .endOfEntry,
                ]
            case .folder(let path):
                [.entry(TarEntry(path: path, kind: .directory, size: 0, mode: 0o755)), .endOfEntry]
            case .link(let path, let to):
                [.entry(TarEntry(path: path, kind: .symbolicLink(to), size: 0, mode: 0o777)), .endOfEntry]
            case .second(let path, let of):
                [.entry(TarEntry(path: path, kind: .hardLink(of), size: 0, mode: 0o644)), .endOfEntry]
            case .device(let path):
                [
                    .entry(TarEntry(path: path, kind: .other(UInt8(ascii: "3")), size: 0, mode: 0o644)),
                    .endOfEntry,
                ]
            }
        }
    }

    private func unpack(
        _ entries: [Made], as kind: Unpacker.Kind = .bundle, octets: Int = 1 << 20,
        into directory: TemporaryDirectory
    ) throws {
        let root = directory.path + "/root"
        try Files.makeDirectory(root)
        var limits = Unpacker.Limits(octets: octets)
        limits.entries = 50
        let unpacker = try Unpacker(into: root, as: kind, limits: limits)
        for entry in entries { for event in entry.events { try unpacker.take(event) } }
    }

    @Test("files, folders and links inside come out, without the archive's own permissions")
    func ordinary() throws {
        let directory = try TemporaryDirectory()
        try unpack(
            [
                .folder("./"), .folder("./a/"), .file("./a/x", [1]), .file("b/c/y", [2]),
                .link("a/link", "../b/c/y"),
                .second("b/again", "a/x"), .file("a/x", [3]),
            ], into: directory)
        let root = directory.path + "/root"
        #expect(try Files.read(root + "/a/link") == [2])
        // A second name is the file that there was, not the one that has come instead.
        #expect(try Files.read(root + "/b/again") == [1])
        #expect(try Files.read(root + "/a/x") == [3])
        #expect(try Output.of("/usr/bin/stat", ["-c", "%a", root + "/a/x"]) == "755\n")
    }

    @Test(
        "what would leave the folder is refused, and leaves nothing outside",
        arguments: [
            [.file("../out", [1])], [.file("a/../../out", [1])], [.file("/out", [1])],
            [.link("l", "/etc"), .file("l/out", [1])], [.link("l", ".."), .file("l/out", [1])],
            [.folder("a"), .link("a/l", "../.."), .file("a/l/out", [1])], [.link("l", "/etc/passwd")],
            [.folder("d"), .link("l", "d"), .file("l/out", [1])], [.second("h", "../out")],
            [.second("h", "/etc/passwd")],
            [.link("l", "x"), .second("h", "l")], [.device("null")], [.folder("a"), .file("a", [1])],
            [.file("", [1])], [.file(String(repeating: "n", count: 300), [1])],
        ] as [[Made]])
    private func hostile(entries: [Made]) throws {
        let directory = try TemporaryDirectory()
        try Files.write(directory.path + "/out", [9])
        #expect(throws: UnpackError.self) { try unpack(entries, into: directory) }
        #expect(try Files.read(directory.path + "/out") == [9])
        #expect(try Files.list(directory.path) == ["out", "root"])
    }

    @Test("an image's layer may replace what lower ones have, and its links are of the image's own root")
    func layers() throws {
        let directory = try TemporaryDirectory()
        try unpack(
            [.file("a/x", [1]), .file("a/y", [1]), .folder("b"), .file("c", [1])], as: .layer, into: directory
        )
        try unpack(
            [
                .file("a/.wh.x", []), .file("b", [2]), .folder("c"), .device("dev"), .link("d/e/abs", "/a/y"),
                .file("f/new", [1]), .file("f/.wh..wh..opq", []),
            ],
            as: .layer, into: directory)
        let root = directory.path + "/root"
        #expect(try Files.list(root) == ["a", "b", "c", "d", "f"])
        #expect(try Files.list(root + "/a") == ["y"])
        #expect(try Files.read(root + "/d/e/abs") == [1])
        // What an opaque folder's own layer brings stays, whatever stands first.
        #expect(try Files.list(root + "/f") == ["new"])
        #expect(throws: UnpackError.self) {
            try unpack([.link("out", "../../etc")], as: .layer, into: directory)
        }
        #expect(throws: UnpackError.self) { try unpack([.file(".wh...", [])], as: .layer, into: directory) }
    }

    @Test("a small archive cannot fill a disk")
    func bombs() throws {
        let directory = try TemporaryDirectory()
        let zeros = try Gzip.compress([UInt8](repeating: 0, count: 50 << 20))
        #expect(zeros.count < 60_000)
        try Files.write(directory.path + "/bomb.tar.gz", try bomb())
        try Files.makeDirectory(directory.path + "/root")
        let unpacker = try Unpacker(
            into: directory.path + "/root", as: .bundle, limits: Unpacker.Limits(octets: 1 << 20))
        let archive = ArchiveFile(uri: "bomb", path: directory.path + "/bomb.tar.gz", form: .gzip)
        let error = #expect(throws: ModelSourceError.self) { try archive.unpack(with: unpacker) }
        #expect(error?.kind == .space)
        #expect(try ModelCache.octets(in: directory.path + "/root") <= 1 << 20)
        #expect(throws: UnpackError.tooMany) {
            try unpack((0..<51).map { .folder("\($0)") }, into: directory)
        }
        #expect(throws: UnpackError.tooLarge) {
            try unpack([.file("x", [1, 2, 3])], octets: 2, into: directory)
        }
    }

    /// 50 MiB of zeros as one file.
    private func bomb() throws -> [UInt8] {
        let folder = try TemporaryDirectory()
        try Files.write(folder.path + "/zeros", [UInt8](repeating: 0, count: 50 << 20))
        _ = try Output.of("/bin/tar", ["-C", folder.path, "-czf", folder.path + "/b.tar.gz", "zeros"])
        return try Files.read(folder.path + "/b.tar.gz")
    }

    @Test(
        "GNU tar's archives come out as they went in", arguments: ["gnu", "posix", "ustar", "v7"],
        ["c", "cz"])
    func gnuTar(format: String, flags: String) async throws {
        let directory = try TemporaryDirectory()
        let model = directory.path + "/mymodel"
        try Files.makeDirectory(model + "/sub")
        // Old formats have no room for more than 100 octets.
        let long = String(repeating: "n", count: format == "v7" || format == "ustar" ? 60 : 200)
        try Files.write(model + "/serving.properties", Array("batch_size=4\n".utf8))
        try Files.write(model + "/sub/\(long)", [UInt8](repeating: 5, count: 70_000))
        try Files.link(model + "/link", to: "sub/\(long)")
        let archive = directory.path + "/mymodel.tar" + (flags == "cz" ? ".gz" : "")
        _ = try Output.of(
            "/bin/tar", ["-C", directory.path, "--format", format, "-\(flags)f", archive, "mymodel"])
        let scene = try Scene()
        let fetched = try await scene.fetch("file://" + archive)
        #expect(fetched.path.hasSuffix("/content/mymodel"))
        #expect(try Scene.files(fetched.path) == Scene.files(model))
    }
}
