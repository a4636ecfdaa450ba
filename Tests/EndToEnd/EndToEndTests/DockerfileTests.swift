// The Dockerfile takes what scripts/build-image writes with --root, and says the same about it.

import Glibc
import JSON
import SystemIO
import TestSupport
import Testing

/// A stage of the Dockerfile.
struct DockerStage: Sendable {
    var name = ""
    /// Instructions with their arguments, in order; continued lines are one.
    var instructions: [String] = []

    static func all() throws -> [DockerStage] {
        let text = try Files.readText(Tools.root + "/Dockerfile")
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        var stages: [DockerStage] = []
        var instruction = ""
        for line in lines {
            instruction += line.drop { $0 == " " }
            if instruction.hasSuffix("\\") {
                instruction.removeLast()
                continue
            }
            if instruction.hasPrefix("FROM ") {
                stages.append(
                    DockerStage(name: instruction.split(separator: " ").last.map(String.init) ?? ""))
            }
            if let last = stages.indices.last { stages[last].instructions.append(instruction) }
            instruction = ""
        }
        return stages
    }
}

@Suite("The Dockerfile")
struct DockerfileTests {
    @Test("makes the images' content by the script, in its first stage")
    func build() throws {
        let stages = try DockerStage.all()
        #expect(stages.map(\.name) == ["build", "device-plugin", "ganglion"])
        #expect(stages[0].instructions.last == "RUN scripts/build-image --root /out")
    }

    @Test(
        "starts and describes an image as the script does",
        arguments: [("ganglion", "ganglion"), ("device-plugin", "ganglion-device-plugin")])
    func settings(stage: String, image: String) async throws {
        let images = try await StubImages.built.value
        let config = try await images.read(image).config?.config
        // Only the script has a repository to ask for a revision.
        let labels = config?.Labels?.object?.filter { !$0.key.hasSuffix(".revision") } ?? [:]
        let said = ["title", "description", "version", "licenses"].map { word in
            let key = "org.opencontainers.image.\(word)"
            return "\(key)=\"\(labels[key]?.string ?? "")\""
        }
        #expect(labels.count == said.count)
        let found = try #require(try DockerStage.all().first { $0.name == stage })
        #expect(
            found.instructions == [
                "FROM scratch AS \(stage)", "COPY --from=build /out/\(image)/ /",
                "LABEL " + said.joined(separator: " "), "USER \(config?.User?.string ?? "")",
                "WORKDIR \(config?.WorkingDir?.string ?? "")",
                "ENTRYPOINT [\"\(config?.Entrypoint?[0]?.string ?? "")\"]",
            ])
    }

    @Test(
        "copies the same files and links as the script packs",
        arguments: StubImages.names)
    func root(image: String) async throws {
        let images = try await StubImages.built.value
        let root = images.path("root-\(image)")
        _ = try await images.build(["--root", root]).succeeded()
        let find = try await Output.of(
            "/usr/bin/find", ["\(root)/\(image)", "-mindepth", "1", "-printf", "%m %P -> %l\n"],
            in: images.output)
        let written = find.succeeded().split(separator: "\n").map {
            $0.hasSuffix(" -> ") ? String($0.dropLast(4)) : String($0)
        }
        let packed = try await images.read(image).listing
        #expect(Set(written) == Set(packed))
        #expect(written.count == Set(packed).count)
    }
}
