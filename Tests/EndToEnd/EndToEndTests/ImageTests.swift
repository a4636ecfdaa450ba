// What scripts/build-image makes, as other programs see it: a strict reader of our own in another language, SPDX's own
// tools, and Dockerfile, which must come to the same.

import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

@Suite("The images that are made without a container engine")
struct ImageTests {
    @Test("have the programs, links to them, licences and lists of contents, and nothing else")
    func contents() async throws {
        let images = try await StubImages.built.value
        let lower = [
            "755 ganglion-device-plugin", "644 ganglion-device-plugin.spdx.json", "755 licenses",
            "644 licenses/ganglion.txt", "644 licenses/glibc.txt", "644 licenses/swift.txt",
        ]
        #expect(try await images.read(StubImages.plugin).listing == lower)
        #expect(
            try await images.read(StubImages.whole).listing == lower + [
                "755 etc", "755 etc/ssl", "755 etc/ssl/certs", "644 etc/ssl/certs/ca-certificates.crt",
                "755 ganglion", "777 ganglion-model-server -> ganglion",
                "777 ganglion-node-agent -> ganglion",
                "777 ganglion-operator -> ganglion", "644 ganglion.spdx.json", "755 licenses",
                "644 licenses/ca-certificates.txt", "644 licenses/openssl.txt",
            ])
    }

    @Test("are read in the same way as a layout and as an archive", arguments: StubImages.names)
    func archive(_ name: String) async throws {
        let images = try await StubImages.built.value
        let layout = try await images.read(name)
        #expect(try await images.read(name + ".tar") == layout)
        #expect(layout.tags == ["\(name):0.1.0"])
        #expect(layout.annotations?["io.containerd.image.name"]?.string == "docker.io/library/\(name):0.1.0")
        #expect(layout.config?.architecture?.string == StubImages.architecture)
        let config = layout.config?.config
        #expect(config?.Entrypoint == ["/\(name)"])
        #expect(config?.User == "0:0")
        #expect(config?.Labels?["org.opencontainers.image.version"] == "0.1.0")
        #expect(config?.Labels?["org.opencontainers.image.licenses"] == "Apache-2.0")
    }

    @Test("have the authorities of Debian's package, as OpenSSL reads them, but not beside the plugin alone")
    func authorities() async throws {
        let images = try StubImages()
        let root = images.path("root")
        _ = try await images.build(["--root", root]).succeeded()
        let bundle = "\(root)/\(StubImages.whole)/etc/ssl/certs/ca-certificates.crt"
        #expect(!Files.exists("\(root)/\(StubImages.plugin)/etc"))
        let subjects = try await Output.of(
            "/usr/bin/openssl", ["storeutl", "-noout", "-text", "-certs", bundle], in: root
        ).succeeded().split(separator: "\n").filter { $0.contains("Subject:") }
        let packaged = try await Output.of(
            "/usr/bin/dpkg-query", ["--listfiles", "ca-certificates"], in: root
        ).succeeded().split(separator: "\n").filter {
            $0.hasPrefix("/usr/share/ca-certificates/") && $0.hasSuffix(".crt") && Files.exists(String($0))
        }
        #expect(subjects.count == packaged.count && subjects.count > 50)
        #expect(subjects.contains { $0.contains("Amazon Root CA 1") })
    }

    @Test("share the device plugin's layer")
    func sharedLayer() async throws {
        let images = try await StubImages.built.value
        let whole = try await images.read(StubImages.whole).layerDigests?.array ?? []
        let plugin = try await images.read(StubImages.plugin).layerDigests?.array ?? []
        #expect(whole.count == 2 && plugin.count == 1)
        #expect(whole.first == plugin.first)
    }

    @Test("are the same octets when they are made again elsewhere, and others at another time")
    func reproducible() async throws {
        func results(epoch: String) async throws -> [JSON] {
            let images = try StubImages()
            let text = try await images.build(["--json"], epoch: epoch).succeeded()
            return try JSON(parsing: Array(text.utf8)).images?.array ?? []
        }
        let first = try await results(epoch: "1700000000")
        let second = try await results(epoch: "1700000000")
        let later = try await results(epoch: "1700000001")
        #expect(first.count == 2)
        for (index, image) in first.enumerated() {
            #expect(image.digest?.string?.hasPrefix("sha256:") == true)
            #expect(image.digest == second[index].digest && image.digest != later[index].digest)
            #expect(image.archiveDigest == second[index].archiveDigest)
        }
    }

    @Test(
        "are called as one asks for", arguments: [("registry.example:5000/team", ""), ("team", "docker.io/")])
    func reference(_ repository: String, registry: String) async throws {
        let images = try StubImages()
        _ = try await images.build(["--repository", repository, "--tag", "next"]).succeeded()
        let image = try await images.read(StubImages.whole)
        #expect(image.tags == ["\(repository)/ganglion:next"])
        #expect(
            image.annotations?["io.containerd.image.name"]?.string == "\(registry)\(repository)/ganglion:next"
        )
        #expect(image.annotations?["org.opencontainers.image.ref.name"] == "next")
    }

    @Test("have a list of contents that SPDX's own tools accept", arguments: StubImages.names)
    func document(_ name: String) async throws {
        let images = try await StubImages.built.value
        let path = "\(images.output)/\(name).spdx.json"
        let tool = Tools.python.prefixUpToLastSlash + "/pyspdxtools"
        _ = try await Output.of(tool, ["--infile", path], in: images.output).succeeded()

        let document = try JSON(parsing: try Files.read(path))
        let listed = (document.files?.array ?? []).compactMap { $0.fileName?.string?.dropFirst(2) }
        let packed = try await images.read(name).layers?.array?.flatMap { $0.array ?? [] } ?? []
        let expected = packed.filter { $0.kind == "file" }.compactMap { $0.path?.string }
        #expect(listed.map(String.init) == expected.filter { $0 != "\(name).spdx.json" }.sorted())
        let libraries = name == StubImages.whole ? ["glibc", "openssl", "swift"] : ["glibc", "swift"]
        let packages = document.packages?.array ?? []
        let files = name == StubImages.whole ? ["ca-certificates"] : []
        #expect(packages.map { $0.name?.string } == [name] + files + libraries)
        let installed = try await Output.of(
            "/usr/bin/dpkg-query", ["--show", "--showformat=${source:Version}", "libc6-dev"],
            in: images.output
        ).succeeded()
        #expect(packages.first { $0.name == "glibc" }?.versionInfo?.string == installed)
        #expect(packages.last?.versionInfo == "6.3.1")
        #expect(document.files?[0]?.checksums?.array?.map(\.algorithm) == ["SHA1", "SHA256"])
        let linked = (document.relationships?.array ?? []).filter { $0.relationshipType == "STATIC_LINK" }
        #expect(
            Set(linked.map { "\($0.spdxElementId?.string ?? "") \($0.relatedSpdxElement?.string ?? "")" })
                == Set(
                    libraries.map { "SPDXRef-File-\(name) SPDXRef-Package-\($0)" }
                        + ["glibc", "swift"].map {
                            "SPDXRef-File-ganglion-device-plugin SPDXRef-Package-\($0)"
                        }))
        let made = (document.relationships?.array ?? []).filter { $0.relationshipType == "GENERATED_FROM" }
        #expect(made.count == files.count)
        #expect(document.creationInfo?.created == "2023-11-14T22:13:20Z")
    }

    /// Something that is wrong, and what is said about it.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var arguments: [String] = []
        var epoch = "1700000000"
        var status: Int32 = 1
        let damage: @Sendable (StubImages) throws -> Void
        let sentence: String
    }

    private static let faults = [
        Fault(
            testDescription: "no executable",
            damage: { try Files.remove($0.executables + "/ganglion") },
            sentence: "/executables/ganglion (No such file or directory): build the executables first\n"),
        Fault(
            testDescription: "no executable of Linux",
            damage: { try $0.write("ganglion") { $0[1] = 0 } },
            sentence:
                "/ganglion is no 64-bit executable of Linux: give the directory of what scripts/build-static made\n"
        ),
        Fault(
            testDescription: "shared libraries",
            damage: {
                try $0.write("ganglion") {
                    // One program header, which names a dynamic linker (PT_INTERP).
                    $0[56] = 1
                    $0.insert(contentsOf: [3] + [UInt8](repeating: 0, count: 55), at: 64)
                }
            },
            sentence:
                "/ganglion needs shared libraries, and the image has none: build it with scripts/build-static\n"
        ),
        Fault(
            testDescription: "too large",
            damage: {
                try $0.write("ganglion-device-plugin") { $0 += [UInt8](repeating: 0, count: 12_000_000) }
            },
            sentence: " octets, more than 12000000: see what it links\n"),
        Fault(
            testDescription: "an archive of no package",
            damage: { try $0.write("ganglion", linking: ["/nowhere/libx.a(y.o)"]) },
            sentence: "dpkg-query: no path found matching pattern /nowhere/libx.a\n"),
        Fault(
            testDescription: "no time", epoch: "yesterday", damage: { _ in },
            sentence: "SOURCE_DATE_EPOCH is \"yesterday\": give seconds since 1970\n"),
        Fault(
            testDescription: "no repository", arguments: ["--repository", "Team"], damage: { _ in },
            sentence:
                "\"Team/ganglion:0.1.0\" names no image: give a repository in small letters and a tag like 1.2.3\n"
        ),
        Fault(
            testDescription: "no tag", arguments: ["--tag", "a b"], damage: { _ in },
            sentence:
                "\"ganglion:a b\" names no image: give a repository in small letters and a tag like 1.2.3\n"),
        Fault(
            testDescription: "no such flag", arguments: ["--fast"], status: 64, damage: { _ in },
            sentence: "unrecognized arguments: --fast\nRun \"build-image --help\" for what it takes.\n"),
    ]

    @Test("are refused in one sentence", arguments: faults)
    func refuses(_ fault: Fault) async throws {
        let images = try StubImages()
        try fault.damage(images)
        let output = try await images.build(fault.arguments, epoch: fault.epoch)
        #expect(output.status == .exited(fault.status))
        #expect(output.standardError.hasPrefix("build-image: "))
        #expect(output.standardError.hasSuffix(fault.sentence), "\(output.standardError)")
        #expect(!Files.exists(images.output))
    }
}
