import FakeRuntime
import HTTP
import HTTP1
import JSON
import Models
import NeuronRuntime
import Observability
import SystemIO
import Testing

@testable import ModelServer

@Suite("Routes of the model server")
struct RouteTests {
    @Test("a text in any of the forms gives one vector of length one, the same in each")
    func forms() async throws {
        let node = try FakeNode(chips: 2)
        let server = try await server(node)
        let answers = [
            await server.post("/predictions/tiny", #"{"inputs": "a core"}"#),
            await server.post("/predictions/tiny", #"{"inputs": ["a core"]}"#),
            await server.post("/predictions/tiny", #"{"instances": ["a core"]}"#),
            await server.post("/predictions/tiny", "a core", type: "text/plain; charset=utf-8"),
            await server.post("/models/tiny/invoke", #"{"inputs": "a core"}"#),
            await server.post("/invocations?model_name=tiny", #"{"inputs": "a core"}"#),
            await server.get("/predictions/tiny?inputs=a+core"),
            await server.get("/predictions/tiny?seq_0=a%20core"),
        ]
        let first = try #require(answers[0].embeddings.first)
        #expect(first.count == 48)
        #expect(abs(first.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        for answer in answers {
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(answer.embeddings == [first])
            #expect(answer.json["model"] == "tiny")
            #expect(answer.json["tokens"] == [4])
            #expect(answer.json["timings"]?["queue_ms"]?.double != nil)
            #expect(answer.json["timings"]?["compute_ms"]?.double != nil)
        }
        #expect(answers[2].json["predictions"] != nil)
    }

    @Test("several texts come back in their order")
    func order() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        let texts = (0..<40).map { "core \($0)" }
        let all = await server.post(
            "/predictions/other", inputs(.array(texts.map(JSON.string))))
        #expect(all.embeddings.count == 40)
        for index in [0, 17, 39] {
            let alone = await server.post(
                "/predictions/other", inputs(.string(texts[index])))
            #expect(alone.embeddings == [all.embeddings[index]])
        }
    }

    @Test(
        "a request that cannot be understood gets 400 with the reason",
        arguments: [
            ("{", "application/json", "the body is not JSON"),
            ("", "application/json", "the body is not JSON"),
            (
                #"{"inputs": "a", "parameters": "# + String(repeating: "[", count: 16)
                    + String(repeating: "]", count: 16)
                    + "}", "application/json",
                "the body is not JSON (not valid JSON at octet 45: it is nested deeper than 16 levels)"
            ),
            ("{}", "application/json", "the body has neither inputs nor instances"),
            ("[]", "application/json", "the body has neither inputs nor instances"),
            (
                #"{"inputs": []}"#, "application/json",
                "the body's inputs are neither a text nor a list of texts"
            ),
            (
                #"{"inputs": 3}"#, "application/json",
                "the body's inputs are neither a text nor a list of texts"
            ),
            (
                #"{"inputs": ["a", 3]}"#, "application/json",
                "the body's inputs hold something that is no text"
            ),
        ])
    func bad(body: String, type: String, message: String) async throws {
        let node = try FakeNode(chips: 1)
        let answer = await (try server(node)).post("/predictions/tiny", body, type: type)
        #expect(answer.status == 400)
        #expect(answer.json["code"] == 400)
        #expect(answer.json["type"] == "BadRequestException")
        #expect(answer.json["message"]?.string?.hasPrefix(message) == true, "\(answer.text)")
    }

    @Test("PUT is POST, as `curl -T` sends it, and HEAD is GET wherever there is one")
    func otherMethods() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        let body = Array(#"{"inputs": ["a text"]}"#.utf8)
        for path in ["/predictions/tiny", "/models/tiny/invoke", "/invocations?model_name=tiny"] {
            let answer = await server.handle(HTTPRequest("PUT", path, body: body))
            #expect(answer.status == 200 && answer.embeddings.first?.count == 48)
        }
        for path in ["/", "/ping", "/healthz", "/models", "/models/tiny", "/predictions/tiny?inputs=a"] {
            #expect((await server.handle(HTTPRequest("HEAD", path))).status == 200, "\(path)")
        }
        #expect((await server.handle(HTTPRequest("HEAD", "/models/none"))).status == 404)
        #expect((await server.handle(HTTPRequest("PUT", "/ping"))).status == 405)
    }

    @Test("octets that are no text, and a query without one, get 400")
    func noText() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        let octets = await server.handle(
            HTTPRequest(
                "POST", "/predictions/tiny", headers: ["content-type": "text/plain"], body: [0xff, 0xfe]))
        #expect(octets.status == 400)
        #expect(octets.json["message"] == "the body is not UTF-8: send text as UTF-8")
        let query = await server.get("/predictions/tiny?text=a")
        #expect(query.json["message"] == "the query has no text: add ?inputs=TEXT, or send JSON with POST")
    }

    @Test("too many texts, too long ones and too large bodies get 413 with the limit")
    func limits() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        let texts = JSON.array([JSON](repeating: "a", count: 129))
        let many = await server.post("/predictions/tiny", inputs(texts))
        #expect(many.status == 413)
        #expect(many.json["type"] == "RequestEntityTooLargeException")
        #expect(many.json["message"] == "the request has 129 texts: send at most 128")
        let long = await server.post(
            "/predictions/tiny", String(repeating: "x", count: 65_537), type: "text/plain")
        #expect(long.json["message"] == "text 0 has 65537 octets: send at most 65536")
        let large = await server.post("/predictions/tiny", String(repeating: " ", count: 1 << 20 | 1))
        #expect(large.json["message"] == "the body has 1048577 octets: send at most 1048576")
    }

    @Test("unknown models, paths and methods are told apart")
    func unknown() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        let model = await server.post("/predictions/gpt", #"{"inputs": "a"}"#)
        #expect(model.status == 404)
        #expect(
            model.json == [
                "code": 404, "type": "ModelNotFoundException",
                "message": "there is no model \"gpt\": this server has tiny, other",
            ])
        let path = await server.get("/nothing")
        #expect(path.status == 404)
        #expect(path.json["type"] == "ResourceNotFoundException")
        let method = await server.handle(HTTPRequest("DELETE", "/predictions/tiny"))
        #expect(method.status == 405)
        #expect(method.headers["allow"] == "GET, HEAD, POST, PUT")
        #expect(method.json["type"] == "MethodNotAllowedException")
        #expect((await server.handle(HTTPRequest("POST", "/ping"))).headers["allow"] == "GET, HEAD")
        let ambiguous = await server.post("/invocations", #"{"inputs": "a"}"#)
        #expect(ambiguous.status == 404)
        #expect(
            ambiguous.json["message"]
                == "this server has 2 models: add ?model_name=NAME or use /predictions/NAME")
    }

    @Test(
        "ready only when every group has its models, alive from the start, unready and serving when it ends")
    func readiness() async throws {
        let node = try FakeNode(chips: 2)
        let server = InferenceServer(models: [try ModelSpecification(name: "tiny", uri: node.path + "/model")]
        )
        let before = await server.get("/ping")
        #expect(before.status == 503)
        #expect(before.headers["retry-after"] == "1")
        #expect((await server.get("/health")).status == 503)
        #expect((await server.get("/healthz")).status == 200)
        let early = await server.post("/predictions/tiny", #"{"inputs": "a"}"#)
        #expect(early.status == 503)
        #expect(early.json["message"] == "models are still being loaded")

        let devices = try NeuronDevices(root: node.path)
        try await server.load([try devices.claim(0..<2), try devices.claim(2..<4)])
        #expect((await server.get("/ping")).status == 200)
        #expect((await server.get("/ping")).json == ["status": "Healthy"])
        #expect((await server.get("/health")).status == 200)
        #expect((await server.get("/")).json["groups"] == ["0-1", "2-3"])
        let description = (await server.get("/models/tiny")).json
        #expect(description["status"] == "READY")
        #expect(description["dimensions"] == 48)
        #expect(description["workers"]?.array?.count == 2)
        #expect((await server.get("/models")).json["models"]?[0]?["modelName"] == "tiny")

        server.beginTermination()
        #expect((await server.get("/ping")).status == 503)
        #expect((await server.get("/healthz")).status == 200)
        #expect((await server.get("/ping")).json["message"] == "the server is shutting down: use another")
        #expect((await server.post("/predictions/tiny", #"{"inputs": "a"}"#)).status == 200)
    }

    @Test("a model that does not fit leaves the server unready, with the figures")
    func tooBig() async throws {
        let node = try FakeNode(chips: 1, memory: 1 << 20)
        let server = InferenceServer(models: [try ModelSpecification(name: "tiny", uri: node.path + "/model")]
        )
        let claim = try NeuronDevices(root: node.path).claim(.all)
        let error = await #expect(throws: ServerError.self) { try await server.load([claim]) }
        let sentence = error?.description ?? ""
        #expect(sentence.hasPrefix("cannot load model tiny on cores 0-1: the model needs "))
        #expect(sentence.contains("on chip 0, which has 1.0 MiB free of 1.0 MiB"))
        #expect(server.phase == .failed(sentence))
        #expect((await server.get("/ping")).json["message"] == .string(sentence))
    }

    @Test(
        "weights that are no numbers, and sums that grow beyond them, leave the server unready with what is wrong",
        arguments: [
            (
                "embeddings.LayerNorm.weight", Float.nan,
                "tensor embeddings.LayerNorm.weight has nan at element 0"
            ),
            (
                "encoder.layer.1.output.dense.bias", -Float.infinity,
                "tensor encoder.layer.1.output.dense.bias has -inf at element 0"
            ),
            ("embeddings.LayerNorm.bias", Float(3e38), "its first computation gave numbers that are none"),
        ])
    func notFinite(tensor: String, value: Float, sentence: String) async throws {
        let node = try FakeNode(chips: 1)
        try node.fill(tensor, with: value)
        let server = InferenceServer(models: [try ModelSpecification(name: "tiny", uri: node.path + "/model")]
        )
        let claim = try NeuronDevices(root: node.path).claim(.all)
        let error = await #expect(throws: ServerError.self) { try await server.load([claim]) }
        #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
        #expect((await server.get("/ping")).status == 503)
    }

    @Test("metrics carry neuron-monitor's names, and only models that exist become labels")
    func metrics() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await server(node)
        _ = await server.post("/predictions/tiny", #"{"inputs": ["a", "b"]}"#)
        _ = await server.post("/predictions/evil", #"{"inputs": "a"}"#)
        let answer = await server.get("/metrics")
        #expect(answer.headers["content-type"] == MetricsRegistry.contentType)
        for line in [
            #"ganglion_model_server_requests_total{model="tiny",code="200"} 1"#,
            #"ganglion_model_server_requests_total{model="",code="404"} 1"#,
            #"ganglion_model_server_texts_total{model="tiny"} 2"#,
            #"ganglion_model_server_tokens_total{model="tiny"} 6"#,
            "ganglion_model_server_ready 1",
            #"neuroncore_utilization_ratio{neuroncore="0",runtime_tag="ns/pod"}"#,
            #"neuroncore_memory_usage_constants{neuroncore="1",memory_location="None",runtime_tag="ns/pod"}"#,
            #"neuron_runtime_memory_used_bytes{memory_location="neuron_device",runtime_tag="ns/pod"}"#,
            // Two groups warmed up two models each, then one prediction.
            #"execution_status_total{status_type="completed"} 5"#,
        ] {
            #expect(answer.text.contains(line), "\(line)")
        }
    }

    private func inputs(_ value: JSON) -> String { JSON.object(["inputs": value]).text() }

    private func server(_ node: FakeNode) async throws -> InferenceServer {
        try await node.server(cores: 0..<2)
    }
}
