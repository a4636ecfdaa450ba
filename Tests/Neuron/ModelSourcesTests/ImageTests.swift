// Against the distribution project's own registry, open and behind tokens.

import JSON
import SystemIO
import TestSupport
import Testing

@testable import ModelSources

@Suite("Models of a registry that others wrote", .timeLimit(.minutes(5)))
struct ImageTests {
    @Test("layers, whiteouts, indexes, digests and tokens")
    func everything() async throws {
        let folder = try TemporaryDirectory()
        let peer = try PythonPeer("image_registry.py", [folder.path], python: Python.storePath)
        let line = try JSON(parsing: try await peer.text(until: "}"))
        let plain = line["plain"]?.string ?? ""
        let guarded = line["guarded"]?.string ?? ""
        let digest = line["digest"]?.string ?? ""
        let scene = try Scene()

        for uri in [
            "oci://\(plain)/team/minilm:v1", "oci://\(plain)/team/minilm@\(digest)",
            "oci://\(plain)/team/plain:v1",
        ] {
            let model = try await scene.fetch(uri)
            #expect(model.path.hasSuffix("/models"))
            #expect(
                try Scene.files(model.path).keys.sorted()
                    == ["abs", "config.json", "link", "sub/new", "weights.bin"], "\(uri)")
            // A link to the image's root stays in the image.
            #expect(try Files.readText(model.path + "/abs") == "{}")
            #expect(try Files.list(model.path + "/../..") == ["content"])
        }
        // The tag and the digest are one model of the cache.
        #expect(try scene.cache.entries().count == 2)

        let many = try await scene.fetch("oci://\(plain)/team/many")
        #expect(try Files.readText(many.path + "/which") == ModelFetcher.architecture)

        try await refused(scene, plain)
        try await guardedByTokens(guarded)
        #expect(await peer.finish() == .exited(0))
    }

    private func refused(_ scene: Scene, _ registry: String) async throws {
        let zstd = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("oci://\(registry)/team/zstd:v1")
        }
        #expect(zstd?.description.contains("zstd") == true)
        let evil = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("oci://\(registry)/team/evil:v1")
        }
        #expect(evil?.kind == .archive)
        let absent = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("oci://\(registry)/team/minilm:v2")
        }
        #expect(absent?.status == 404)
        #expect(absent?.description.contains("MANIFEST_UNKNOWN") == true)
    }

    private func guardedByTokens(_ registry: String) async throws {
        let stranger = try Scene()
        let uri = "oci://\(registry)/team/minilm:v1"
        let error = await #expect(throws: ModelSourceError.self) { try await stranger.fetch(uri) }
        #expect(error?.status == 401)
        let folder = try TemporaryDirectory()
        let secret = Base64.encode("puller:s3cret".utf8)
        try Files.write(
            folder.path + "/config.json", Array("{\"auths\":{\"\(registry)\":{\"auth\":\"\(secret)\"}}}".utf8)
        )
        let scene = try Scene(["DOCKER_CONFIG": folder.path])
        let model = try await scene.fetch(uri)
        #expect(try Files.list(model.path).contains("weights.bin"))
    }
}
