import FakeRuntime
import GRPC
import HTTP
import HTTP1
import JSON
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("Clients of other model servers, unchanged", .timeLimit(.minutes(5)))
struct ClientTests {
    /// Where a client finds the server.
    enum Port {
        /// Where REST and gRPC are beside each other.
        case shared
        /// That of gRPC alone.
        case grpc
    }

    /// What the peer has tried, after it has ended well.
    private func tried(
        _ what: String, over port: Port = .shared, more: [ModelSpecification] = []
    ) async throws -> [String] {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(
            cores: 0..<2, control: .explicit,
            more: TensorDatatype.allCases.map {
                try ModelSpecification(name: "identity-\($0.rawValue)", uri: "identity:\($0.rawValue)")
            } + more)
        server.install(ScriptedGenerator(), as: try ModelSpecification(name: "words", uri: "scripted"))
        let calls = server.makeGRPCServer()
        let http = server.makeHTTPServer(grpc: calls)
        let anywhere = try SocketAddress(parsing: "127.0.0.1:0")
        let address =
            port == .grpc ? try await calls.listen(on: anywhere) : try await http.listen(on: anywhere)
        let peer = try PythonPeer(
            "serving_clients.py", [what, address.description], python: Python.servingPath)
        let lines = try await peer.lines()
        #expect(await peer.finish() == .exited(0), "\(what)")
        await http.shutdown(grace: .zero)
        await calls.shutdown(grace: .zero)
        return lines
    }

    private static let triton = [
        "ok ready", "ok ready of a model that is not there", "ok metadata", "ok infer", "ok all outputs",
        "ok every datatype", "ok errors", "ok many at a time", "ok statistics",
        "ok repository",
    ]

    @Test("tritonclient over HTTP, with binary tensors and without")
    func tritonHTTP() async throws { #expect(try await tried("triton-http") == Self.triton) }

    @Test(
        "tritonclient over gRPC, with streams, on a port of its own and beside REST",
        arguments: [Port.grpc, .shared])
    func tritonGRPC(port: Port) async throws {
        #expect(try await tried("triton-grpc", over: port) == Self.triton)
    }

    @Test("openai: models and embeddings")
    func openAI() async throws {
        #expect(
            try await tried("openai") == [
                "ok models", "ok embeddings", "ok dimensions", "ok ids", "ok errors",
            ])
    }

    @Test("openai: chat and completions, whole and streamed")
    func openAIText() async throws {
        #expect(
            try await tried("openai-text") == [
                "ok chat", "ok stream", "ok probabilities", "ok completions", "ok errors",
            ])
    }

    @Test("openai: a language model that computes, alone and in company")
    func openAIModel() async throws {
        let small = try ModelSpecification(name: "small", uri: Fixtures.root + "/gguf/small-llama.gguf")
        #expect(
            try await tried("openai-model", more: [small]) == [
                "ok chat", "ok stream", "ok many at a time", "ok completions", "ok errors",
            ])
    }

    @Test("requests: predictions, SageMaker's several models, TorchServe's management")
    func requests() async throws {
        #expect(
            try await tried("requests") == [
                "ok predictions", "ok errors", "ok SageMaker's models", "ok TorchServe's management",
            ])
    }

    @Test("boto3's sagemaker-runtime")
    func boto3() async throws {
        #expect(try await tried("boto3") == ["ok invoke_endpoint", "ok target model"])
    }

    @Test("openapi-spec-validator: the document is OpenAPI 3.1")
    func openAPI() async throws { #expect(try await tried("openapi") == ["ok valid True"]) }
}
