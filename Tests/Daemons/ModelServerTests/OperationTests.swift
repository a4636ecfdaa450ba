import GRPC
import HTTP1
import JSON
import Observability
import SystemIO
import TestSupport
import Testing

@testable import HTTP
@testable import ModelServer

@Suite("Operation of the model server")
struct OperationTests {
    private func server(keys: String? = nil, log: Logger? = nil) throws -> InferenceServer {
        let server = InferenceServer(
            models: [], keys: try keys.map { try APIKeys($0, place: "keys") }, log: log)
        server.install(ScriptedGenerator(), as: try ModelSpecification(name: "words", uri: "scripted"))
        return server
    }

    @Test(
        "a key is asked for on every path but probes, metrics and the document, in the shape of the path's protocol",
        arguments: [
            ("/v1/models", "Bearer b", 200), ("/v1/models", "bearer a", 200), ("/v1/models", "Bearer c", 401),
            ("/v1/models", "b", 401), ("/v1/models", "", 401), ("/v2", "", 401), ("/models", "", 401),
            ("/healthz", "", 200), ("/health", "", 503), ("/metrics", "", 200), ("/v2/health/live", "", 200),
            ("/openapi.json", "", 200),
        ])
    func keys(path: String, authorization: String, status: Int) async throws {
        let server = try server(keys: "# two\na\n\n b \n")
        let headers: HTTPHeaders = authorization.isEmpty ? [:] : ["authorization": authorization]
        let answer = await server.handle(HTTPRequest("GET", path, headers: headers))
        #expect(answer.status == status)
        guard status == 401 else { return }
        #expect(answer.headers["www-authenticate"] == "Bearer")
        switch path.prefix(3) {
        case "/v1": #expect(answer.json["error"]?["type"] == "authentication_error")
        case "/v2": #expect(answer.json["error"]?.string?.hasPrefix("a key is asked for") == true)
        default: #expect(answer.json["type"] == "UnauthorizedException")
        }
    }

    @Test("x-api-key does as well, and a file without keys is refused")
    func otherKeys() async throws {
        let server = try server(keys: "a")
        let answer = await server.handle(HTTPRequest("GET", "/v1/models", headers: ["x-api-key": "a"]))
        #expect(answer.status == 200)
        #expect(throws: ServerError("keys has no API key: write one on each line, or leave --api-keys out")) {
            try APIKeys("# none\n", place: "keys")
        }
    }

    @Test(
        "a trace is read as W3C has it, or is none",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false), ("", false),
        ])
    func traces(text: String, isTrace: Bool) {
        let trace = TraceContext(text)
        #expect((trace != nil) == isTrace)
        guard isTrace else { return }
        #expect(trace?.trace == "0af7651916cd43dd8448eb211c80319c" && trace?.span == "b7ad6b7169203331")
    }

    @Test("what is the server's fault is logged with its trace")
    func logged() async throws {
        let lines = Lock<[String]>([])
        let log = Logger(level: .info, format: .text) { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        let server = try server(log: log)
        let body = #"{"model":"words","messages":[{"role":"user","content":"break"}]}"#
        let headers: HTTPHeaders = ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]
        let answer = await server.handle(
            HTTPRequest("POST", "/v1/chat/completions", headers: headers, body: Array(body.utf8)))
        #expect(answer.status == 500)
        _ = await server.get("/v1/models/none")
        let logged = lines.withLock { $0 }
        #expect(logged.count == 1)
        for part in [
            "trace_id=0af7651916cd43dd8448eb211c80319c", "span_id=b7ad6b7169203331",
            "path=/v1/chat/completions",
            "the core is gone",
        ] { #expect(logged.first?.contains(part) == true, "\(part)") }
    }

    @Test("the same counts are there under Triton's, TorchServe's and the Inference Gateway's names")
    func metrics() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<2)
        server.install(ScriptedGenerator(), as: try ModelSpecification(name: "words", uri: "scripted"))
        _ = await server.post("/predictions/tiny", #"{"inputs": ["a", "b"]}"#)
        _ = await server.post("/predictions/tiny", "{")
        let text = (await server.get("/metrics")).text
        for line in [
            #"nv_inference_request_success{model="tiny",version="1"} 1"#,
            #"nv_inference_request_failure{model="tiny",version="1",reason="OTHER"} 1"#,
            #"nv_inference_count{model="tiny",version="1"} 2"#,
            #"nv_inference_pending_request_count{model="tiny",version="1"} 0"#,
            #"nv_inference_request_duration_us{model="tiny",version="1"}"#,
            #"ts_inference_requests_total{model_name="tiny",model_version="1"} 2"#,
            #"ts_queue_latency_microseconds{model_name="tiny",model_version="1"}"#,
            #"vllm:num_requests_running{model_name="words"} 2"#,
            #"vllm:num_requests_waiting{model_name="words"} 1"#,
            #"vllm:kv_cache_usage_perc{model_name="words"} 0.25"#,
            #"vllm:cache_config_info{block_size="16",num_gpu_blocks="64"} 1"#,
            #"ganglion_model_server_request_seconds_count{model="tiny"} 2"#,
            #"ganglion_model_server_requests_total{model="tiny",code="400"} 1"#,
            #"ganglion_model_server_groups_lost 0"#, #"ganglion_model_server_connections 0"#,
        ] { #expect(text.contains("\n" + line), "\(line)") }
    }

    @Test(
        "answers of language models are timed and counted in vLLM's buckets, streamed or whole",
        arguments: [false, true])
    func generation(isStream: Bool) async throws {
        let server = try server()
        let body =
            #"{"model":"words","messages":[{"role":"user","content":"one two three"}],"stream":\#(isStream)}"#
        let answer = await server.post("/v1/chat/completions", body)
        #expect(answer.status == 200)
        if case .stream(let write) = answer.body { try await write(HTTPBodyWriter { _ in nil }) }
        let text = (await server.get("/metrics")).text
        for line in [
            #"vllm:time_to_first_token_seconds_bucket{model_name="words",le="2560"} 1"#,
            #"vllm:inter_token_latency_seconds_bucket{model_name="words",le="80"} "#,
            #"vllm:e2e_request_latency_seconds_bucket{model_name="words",le="7680"} 1"#,
            #"vllm:e2e_request_latency_seconds_count{model_name="words"} 1"#,
            #"nv_inference_first_response_histogram_ms_bucket{model="words",version="1",le="5000"} 1"#,
            #"vllm:request_success_total{model_name="words",finished_reason="stop"} 1"#,
        ] { #expect(text.contains("\n" + line), "\(line)") }
    }

    @Test(
        "what is answered at once is what is answered otherwise",
        arguments: [
            ("GET", "/ping", ""), ("GET", "/health", ""), ("GET", "/healthz", ""),
            ("GET", "/v2/health/live", ""),
            ("POST", "/predictions/same", #"{"inputs":["a \" core","b"]}"#),
            ("POST", "/predictions/same", #"{"instances":"a"}"#),
        ])
    func atOnce(method: String, path: String, body: String) async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(
            cores: 0..<1, more: [try ModelSpecification(name: "same", uri: "identity:BYTES")])
        let request = HTTPRequest(method, path, body: Array(body.utf8))
        let quick = try #require(server.handleAtOnce(request))
        let slow = await server.handle(request)
        #expect(quick.status == slow.status && quick.bytes == slow.bytes && quick.headers == slow.headers)
    }

    @Test("probes are answered at once where a key is asked for, and nothing else is")
    func probesWithKeys() throws {
        let server = try server(keys: "a")
        #expect(server.handleAtOnce(HTTPRequest("GET", "/healthz"))?.status == 200)
        #expect(server.handleAtOnce(HTTPRequest("GET", "/v2/health/live"))?.status == 200)
        #expect(server.handleAtOnce(HTTPRequest("POST", "/predictions/words", body: Array("{}".utf8))) == nil)
    }

    @Test(
        "what needs more than a look is left to the handler",
        arguments: [
            ("POST", "/predictions/same", "{"), ("POST", "/predictions/none", #"{"inputs":"a"}"#),
            ("POST", "/predictions/tiny", #"{"inputs":"a"}"#), ("GET", "/models", ""),
            ("DELETE", "/ping", ""),
        ])
    func notAtOnce(method: String, path: String, body: String) async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(
            cores: 0..<1, more: [try ModelSpecification(name: "same", uri: "identity:BYTES")])
        #expect(server.handleAtOnce(HTTPRequest(method, path, body: Array(body.utf8))) == nil)
    }

    @Test("names of other servers set the policy, and what is out of its range is refused by name")
    func names() throws {
        var policy = BatchPolicy()
        try policy.read(
            ServingProperties.parse(
                "# LMI\nbatch_size=4\n max_batch_delay = 50\njob_queue_size: 7\nengine=Python\n"),
            place: "serving.properties")
        #expect(policy.texts == 4 && policy.delay == .milliseconds(50) && policy.queueLimit == 7)
        try policy.read(
            tritonConfiguration:
                #"{"max_batch_size":8,"dynamic_batching":{"preferred_batch_size":[8,4],"max_queue_delay_microseconds":100,"#
                + #""default_queue_policy":{"max_queue_size":9,"default_timeout_microseconds":"5000"}}}"#)
        #expect(policy.texts == 8 && policy.preferred == [4, 8] && policy.delay == .microseconds(100))
        #expect(policy.queueLimit == 9 && policy.timeout == .milliseconds(5))
        #expect(
            throws: HTTPProblem(400, "batch_size in the query is 0: it must be a number from 1 to 1024")
        ) { try policy.read(["batch_size": "0"], place: "the query") }
    }
}
