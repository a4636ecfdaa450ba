// Language models where chips' memory is short: they make room as encoders do, never while they write, and come back.

import FakeRuntime
import HTTP
import JSON
import Models
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("Language models in short memory", .timeLimit(.minutes(5)))
struct LanguageRoomTests {
    private static let gguf = Fixtures.root + "/gguf/small-llama.gguf"

    /// A server that may load models, on a chip of so much memory.
    private func server(_ node: FakeNode, _ names: [String]) async throws -> InferenceServer {
        let server = InferenceServer(
            models: try names.map { try ModelSpecification(name: $0, uri: Self.gguf) }, control: .explicit,
            openGenerator: { try await LanguageModelGenerator.open($0, on: $1, pool: .shared) })
        try await server.load([try NeuronDevices(root: node.path).claim(0..<1)])
        return server
    }

    private func chat(_ server: InferenceServer, _ model: String) async -> HTTPResponse {
        await server.post(
            "/v1/completions", #"{"model":"\#(model)","prompt":"a","max_tokens":3,"temperature":0}"#)
    }

    private func register(_ server: InferenceServer, _ name: String, _ uri: String = gguf) async -> Int {
        await server.post("/models?model_name=\(name)&url=\(uri)", "").status
    }

    private func status(_ server: InferenceServer, _ name: String) async -> String? {
        await server.get("/models/\(name)").json["status"]?.string
    }

    /// Memory in which one of the models has room beside an encoder of tests, and a second one has not.
    private static let memory = 2_000_000

    @Test("the one that was used longest ago goes for another, says so, and comes back with its next request")
    func leastRecent() async throws {
        let node = try FakeNode(chips: 1, memory: Self.memory)
        let server = try await server(node, ["a"])
        let words = await chat(server, "a").json["choices"]?[0]?["text"]
        #expect(words?.string?.isEmpty == false)
        var names = ["a"]
        // So many as have room, and one more.
        while await status(server, "a") == "READY", names.count < 100 {
            names.append("m\(names.count)")
            #expect(await register(server, names[names.count - 1]) == 200)
        }
        #expect(await status(server, "a") == "UNLOADED")
        #expect(await server.get("/models/a").json["workers"]?.array?.isEmpty == true)
        #expect(await server.get("/models/a").json["maximumTokens"]?.int ?? 0 > 0)
        #expect(await server.get("/v2/models/a/ready").status == 200)
        #expect(await chat(server, "a").json["choices"]?[0]?["text"] == words)
        #expect(await status(server, "a") == "READY")
        // Another has gone for it.
        let others = names.dropFirst()
        var gone: [String] = []
        for name in others where await status(server, name) == "UNLOADED" { gone.append(name) }
        #expect(gone.count == 1)
        #expect(await chat(server, gone[0]).status == 200)
    }

    @Test("one that writes stays, and who wants its room is told that there is none")
    func writing() async throws {
        let node = try FakeNode(chips: 1, memory: Self.memory)
        let server = try await server(node, ["a"])
        let model = server.models[0]
        // A client that has not read its answer to the end.
        let answer = await server.post(
            "/v1/completions", #"{"model":"a","prompt":"a","max_tokens":3,"temperature":0,"stream":true}"#)
        #expect(answer.status == 200)
        var registered = 0
        while await register(server, "m\(registered)") == 200, registered < 100 { registered += 1 }
        #expect(await status(server, "a") == "READY")
        #expect(await register(server, "late") == 507)
        for number in 0..<registered { #expect(await status(server, "m\(number)") == "READY") }
        #expect(model.state.withLock { $0.uses } == 1)
    }
}
