// Groups that do not answer while a model comes onto them, computes for the first time, writes or goes: they are given up, the
// fault is the model's, and the others serve.

import FakeRuntime
import HTTP
import JSON
import Models
import NeuronRuntime
import SystemIO
import TestSupport
import Testing

@testable import LanguageModels
@testable import ModelServer

@Suite("Groups that do not answer", .timeLimit(.minutes(5)))
struct SilentGroupTests {
    private let node: FakeNode
    private let groups: [SilentCores]

    init() throws {
        let node = try FakeNode(chips: 2)
        self.node = node
        let devices = try NeuronDevices(root: node.path)
        groups = try [0..<2, 2..<4].map { SilentCores(try devices.claim($0)) }
    }

    private static let gguf = Fixtures.root + "/gguf/small-llama.gguf"

    private func server(
        _ models: [String], limit: Duration = .seconds(3_600), control: ModelControl = .none
    ) throws -> InferenceServer {
        var policy = BatchPolicy()
        policy.computeTimeout = limit
        return InferenceServer(
            models: try models.map {
                try ModelSpecification(name: $0, uri: $0 == "chat" ? Self.gguf : node.path + "/model")
            },
            policy: policy, control: control,
            openGenerator: { try await LanguageModelGenerator.open($0, on: $1, pool: .shared) })
    }

    private func metric(_ server: InferenceServer, _ name: String) async -> String? {
        let lines = await server.get("/metrics").text.split(separator: "\n")
        return lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }

    private func chat(_ server: InferenceServer) async -> HTTPResponse {
        await server.post(
            "/v1/completions", #"{"model":"chat","prompt":"a","max_tokens":3,"temperature":0}"#)
    }

    @Test(
        "one that does not take a model, or does not warm it up, is given up; the others serve, and the model says why",
        arguments: ["tiny", "chat"], [SilentCores.Silence.loading, .executions])
    func loading(model: String, silence: SilentCores.Silence) async throws {
        groups[1].fall(silence)
        let server = try server([model])
        async let load: Void = server.load(groups)
        await groups[1].waitForCall()
        #expect(server.phase != .ready)
        let sentence = "cores 2-3 say nothing"
        await server.lose(2..<4, sentence)
        try await load
        #expect(server.phase == .ready)
        let described = await server.get("/models/\(model)").json
        #expect(described["status"] == "READY")
        #expect(described["fault"] == .string(sentence))
        #expect(described["reason"] == .string(sentence))
        let page = await server.get("/").json
        #expect(page["groupStates"]?[1]?["fault"] == .string(sentence))
        #expect(page["groupStates"]?[0]?["fault"] == nil)
        let index = await server.post("/v2/repository/index", "{}").json
        #expect(index[0]?["reason"] == .string(sentence))
        #expect(await metric(server, "ganglion_model_server_groups_lost") == "1")
        let answer =
            model == "chat" ? await chat(server) : await server.get("/predictions/tiny?inputs=a")
        #expect(answer.status == 200)
        groups[1].fall(.nothing)
    }

    @Test(
        "where it is the only one, the server does not start, and says what it has waited for",
        arguments: ["tiny", "chat"])
    func alone(model: String) async throws {
        groups[1].fall(.loading)
        let server = try server([model], limit: .milliseconds(1))
        let error = await #expect(throws: ServerError.self) { try await server.load([groups[1]]) }
        let words = "cores 2-3 load model \(model)/1 for more than 0.01 s"
        #expect(error?.description.hasSuffix("no group of cores answers: " + words) == true)
        #expect(server.phase == .failed(error?.description ?? ""))
        #expect(server.models[0].phase == .failed(error?.description ?? ""))
        groups[1].fall(.nothing)
    }

    private func engines(_ server: InferenceServer) throws -> [GenerationEngine] {
        guard case .generation(let generator) = server.models[0].content else { return [] }
        return try #require(generator as? LanguageModelGenerator).engines
    }

    @Test(
        "a step of a language model that has no end gives the group up for all models; who has had no word is answered by another"
    )
    func step() async throws {
        let server = try server(["chat", "tiny"])
        try await server.load(groups)
        let expected = await chat(server).json["choices"]?[0]?["text"]?.string
        let engines = try engines(server)
        groups[0].fall(.executions)
        async let answer = chat(server)
        await groups[0].waitForCall()
        // Others are served meanwhile.
        #expect(await chat(server).status == 200)
        await engines[0].giveUp()
        #expect(await answer.json["choices"]?[0]?["text"]?.string == expected)
        while server.state.withLock({ $0.lost.isEmpty }) { await Task.yield() }
        let sentence = "cores 0-1 execute a step of model chat/1 for more than 3600.0 s"
        for model in ["chat", "tiny"] {
            #expect(await server.get("/models/\(model)").json["fault"] == .string(sentence))
        }
        #expect(await server.get("/predictions/tiny?inputs=a").status == 200)
        #expect(await chat(server).status == 200)
        // What comes late counts for nothing.
        groups[0].fall(.nothing)
        #expect(await chat(server).json["choices"]?[0]?["text"]?.string == expected)
    }

    @Test("an answer that has begun ends with why, and with the last group the server ends")
    func last() async throws {
        let server = try server(["chat"])
        try await server.load([groups[0]])
        let engine = try #require(try engines(server).first)
        guard case .generation(let generator) = server.models[0].content else { return }
        var request = GenerationRequest(prompt: .text("a"))
        request.sampling.ignoresEnd = true
        request.maximumTokens = 30
        groups[0].fall(.executions, after: 1)
        var pieces = generator.generate(request).makeAsyncIterator()
        #expect(try await pieces.next()?.completionTokens == 1)
        await groups[0].waitForCall()
        await engine.giveUp()
        let sentence = "cores 0-1 execute a step of model chat/1 for more than 3600.0 s"
        await #expect(throws: GenerationError.failed(sentence)) { while try await pieces.next() != nil {} }
        var sentences = server.breakdowns.makeAsyncIterator()
        #expect(await sentences.next() == sentence)
        #expect(server.phase == .failed(sentence))
        let refused = await chat(server)
        #expect(refused.status == 500)
        #expect(refused.json["error"]?["message"] == .string(sentence))
        groups[0].fall(.nothing)
    }

    @Test("a step has a limit of its own")
    func limit() async throws {
        groups[0].fall(.executions)
        let model = try LanguageModel(path: Self.gguf)
        var options = ProgramOptions()
        options.cores = 2
        let engine = try GenerationEngine(
            try model.program(options), tokenizer: model.tokenizer, on: groups[0], name: "m",
            stepLimit: .milliseconds(1))
        let sentence = "cores 0-1 execute a step of model m for more than 0.001 s"
        let error = await #expect(throws: EngineError.self) {
            for try await _ in try await engine.generate(model.prompt("a"), SamplingParameters()) {}
        }
        #expect(error?.description == sentence)
        #expect(engine.loss == sentence)
        await #expect(throws: EngineError.self) { try await engine.generate([1], SamplingParameters()) }
        groups[0].fall(.nothing)
    }

    @Test("a model goes, though one of its groups does not give it back")
    func unregister() async throws {
        let server = try server(["tiny"], control: .explicit)
        try await server.load(groups)
        groups[0].fall(.executions)
        async let first = server.get("/predictions/tiny?inputs=a")
        await groups[0].waitForCall()
        async let gone = server.handle(HTTPRequest("DELETE", "/models/tiny"))
        while server.models.first?.phase != .unloading { await Task.yield() }
        await server.lose(0..<2, "cores 0-1 say nothing")
        #expect(await gone.status == 200)
        // Answered by the other group, where it still had the model.
        #expect([200, 500].contains(await first.status))
        #expect(server.models.isEmpty)
        groups[0].fall(.nothing)
    }
}
