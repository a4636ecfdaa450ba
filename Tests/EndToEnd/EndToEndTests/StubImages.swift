// Images made by scripts/build-image from executables that are nothing but an ELF header, so that no build is needed.

import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

/// A directory with stub executables, a stub of a toolchain, and what is made of them.
final class StubImages: Sendable {
    static let whole = "ganglion"
    static let plugin = "ganglion-device-plugin"
    static let names = [whole, plugin]

    /// Made once, for tests that only read.
    static let built = Task {
        let images = try StubImages()
        _ = try await images.build().succeeded()
        return images
    }

    private let directory: TemporaryDirectory
    var executables: String { directory.path + "/executables" }
    var output: String { directory.path + "/output" }

    #if arch(x86_64)
        static let architecture = "amd64"
        private static let machine: UInt8 = 62
        private static let libraries = "/usr/lib/x86_64-linux-gnu"
    #else
        static let architecture = "arm64"
        private static let machine: UInt8 = 183
        private static let libraries = "/usr/lib/aarch64-linux-gnu"
    #endif

    init() throws {
        directory = try TemporaryDirectory()
        try Files.makeDirectory(executables)
        let toolchain = directory.path + "/toolchain/usr"
        for part in ["bin", "share/swift", "lib/swift_static/linux"] {
            try Files.makeDirectory("\(toolchain)/\(part)")
        }
        try Files.write(toolchain + "/share/swift/LICENSE.txt", Array("the toolchain's licence".utf8))
        let swift = #"#!/bin/sh\#necho '{"compilerVersion": "Swift version 6.3.1 (swift-6.3.1-RELEASE)"}'\#n"#
        try Files.write(toolchain + "/bin/swift", Array(swift.utf8), mode: 0o755)
        let standardLibrary = toolchain + "/lib/swift_static/linux/libswiftCore.a(Array.o)"
        let c = Self.libraries + "/libc.a(printf.o)"
        try write(Self.plugin, linking: [standardLibrary, c])
        try write(Self.whole, linking: [standardLibrary, c, Self.libraries + "/libssl.a(s3_lib.o)"])
    }

    /// Writes an executable and what the linker says of it.
    func write(_ name: String, linking members: [String] = [], _ edit: (inout [UInt8]) -> Void = { _ in })
        throws
    {
        var octets = Self.header + Array("the program \(name)".utf8)
        edit(&octets)
        // Wider rights than the image may have.
        try Files.write("\(executables)/\(name)", octets, mode: 0o777)
        guard !members.isEmpty else { return }
        let lines = members.map { "main.o\t\($0)\tsymbol" }
        let report = (["reference\textracted\tsymbol"] + lines).joined(separator: "\n")
        try Files.write("\(executables)/\(name).linked", Array(report.utf8))
    }

    /// The header of a 64-bit executable without program headers (System V ABI, ELF header).
    private static let header: [UInt8] = {
        var octets: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 56)
        octets[16] = 2
        octets[18] = machine
        octets[32] = 64
        octets[54] = 56
        return octets
    }()

    /// Runs scripts/build-image on the stubs.
    func build(_ arguments: [String] = [], epoch: String = "1700000000") async throws -> Output {
        try await Output.of(
            Tools.python,
            [
                Tools.root + "/scripts/build-image", "--executables", executables, "--output", output,
            ] + arguments,
            environment: ["SOURCE_DATE_EPOCH": epoch], in: directory.path)
    }

    /// What the independent reader finds in a layout or an archive.
    func read(_ name: String) async throws -> JSON {
        let reader = Tools.root + "/Tests/Peers/image_reader.py"
        let text = try await Output.of(Tools.python, [reader, "\(output)/\(name)"], in: directory.path)
        return try JSON(parsing: Array(text.succeeded().utf8))
    }

    /// A place for something else that a test writes.
    func path(_ name: String) -> String { "\(directory.path)/\(name)" }
}

extension JSON {
    /// An image's files, links and directories from the lowest layer up: path, mode, and what a link points to.
    var listing: [String] {
        (self.layers?.array ?? []).flatMap { $0.array ?? [] }.map { entry in
            let link = entry.link?.string ?? ""
            return "\(entry.mode?.string ?? "?") \(entry.path?.string ?? "?")"
                + (link.isEmpty ? "" : " -> \(link)")
        }
    }
}
