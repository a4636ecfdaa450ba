// Models from elsewhere, through the cache, and how far they are meanwhile.

import FakeRuntime
import HTTP
import HTTP1
import JSON
import ModelSources
import Models
import NeuronRuntime
import SystemIO
import TestSupport
import Testing
import WebClient

@testable import ModelServer

@Suite("Models from elsewhere", .timeLimit(.minutes(3)))
struct SourceTests {
    private let node: FakeNode

    init() throws { node = try FakeNode(chips: 1) }

    /// The model as an archive with `serving.properties`.
    private func bundle(_ properties: String) throws -> [UInt8] {
        let folder = try TemporaryDirectory()
        _ = try Output.of("/bin/cp", ["-r", node.path + "/model", folder.path + "/mymodel"])
        try Files.write(folder.path + "/mymodel/serving.properties", Array(properties.utf8))
        _ = try Output.of("/bin/tar", ["-C", folder.path, "-czf", folder.path + "/m.tar.gz", "mymodel"])
        return try Files.read(folder.path + "/m.tar.gz", limit: 1 << 26)
    }

    private func server(_ models: [ModelSpecification], properties: [String: String] = [:]) throws
        -> InferenceServer
    {
        var patience = WebPatience()
        patience.attempts = 2
        return InferenceServer(
            models: models,
            fetcher: ModelFetcher(
                cache: try ModelCache(path: node.path + "/cache", limit: 1 << 30),
                client: WebClient(patience: patience) { _ in },
                environment: { _ in nil }), properties: properties)
    }

    @Test(
        "an archive of a web server is fetched once, served with its properties, and its states are seen meanwhile"
    )
    func archive() async throws {
        let octets = try bundle(
            "batch_size=7\nmax_batch_delay=3\noption.tensor_parallel_degree=1\nengine=Python\n")
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let (seen, see) = AsyncStream.makeStream(of: Void.self)
        let asked = Lock(0)
        let store = HTTPServer { request in
            asked.withLock { $0 += 1 }
            guard request.headers["range"] == nil else {
                return HTTPResponse(
                    206, headers: ["etag": "\"1\"", "content-range": "bytes 0-0/\(octets.count)"],
                    body: .bytes([octets[0]]))
            }
            return HTTPResponse(
                200, headers: ["etag": "\"1\""],
                body: .stream { writer in
                    try await writer.write(Array(octets[..<1_000]))
                    see.yield()
                    for await _ in gate { break }
                    try await writer.write(Array(octets[1_000...]))
                })
        }
        let address = try await store.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        let uri = "http://user:hidden@\(address)/m.tar.gz?signature=hidden"
        let server = try server([try ModelSpecification(name: "far", uri: uri)])
        let claims = try GroupPlan(cores: 0..<2, degree: 1).groups.map {
            try NeuronDevices(root: node.path).claim($0)
        }
        async let loading: Void = server.load(claims)
        for await _ in seen { break }

        let described = await server.get("/models/far").json
        #expect(described["status"] == "LOADING")
        #expect(described["phase"] == "downloading")
        #expect(described["totalOctets"]?.int == octets.count)
        #expect(described["modelUrl"]?.string == "http://\(address)/m.tar.gz?...")
        let metadata = await server.get("/v2/models/far")
        #expect(metadata.status == 503)
        #expect(metadata.text.contains("far is downloading"))
        #expect(await server.get("/ping").text.contains("far is downloading"))
        #expect(
            await server.get("/metrics").text.contains(
                #"ganglion_model_server_model_phase{model="far",version="1",phase="downloading"} 1"#))
        let index = await server.post("/v2/repository/index", "{}").json
        #expect(index.array?.first?["state"] == "LOADING")
        open.yield()
        try await loading

        let ready = await server.get("/models/far").json
        #expect(ready["phase"] == "ready")
        #expect(ready["batchSize"] == 7)
        #expect(ready["maxBatchDelay"]?.double == 3)
        #expect(await server.get("/predictions/far?inputs=hello").embeddings.first?.count == 48)
        for text in [
            await server.get("/models").text, await server.get("/").text, await server.get("/metrics").text,
        ] {
            #expect(!text.contains("hidden"))
        }
        // The second server of the node fetches nothing but the first octet.
        let second = try self.server([try ModelSpecification(name: "far", uri: uri)])
        try await second.load(claims)
        #expect(asked.withLock { $0 } == 3)
        await store.shutdown(grace: .zero)
    }

    @Test("what cannot be fetched fails with the status and without secrets")
    func absent() async throws {
        let store = HTTPServer { _ in HTTPResponse(404) }
        let address = try await store.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        let server = try server([
            try ModelSpecification(name: "far", uri: "http://u:hidden@\(address)/m.tar.gz")
        ])
        let claims = [try NeuronDevices(root: node.path).claim(0..<1)]
        let error = await #expect(throws: ServerError.self) { try await server.load(claims) }
        #expect(
            error?.description
                == "cannot load model far: cannot fetch the model http://\(address)/m.tar.gz: GET"
                + " http://\(address)/m.tar.gz was answered with 404: look at the URI")
        let described = await server.get("/models/far").json
        #expect(described["status"] == "FAILED")
        #expect(described["reason"]?.string == error?.description)
        await store.shutdown(grace: .zero)
    }

    @Test(
        "each key of serving.properties is obeyed or refused by its name",
        arguments: [
            (
                "option.tensor_parallel_degree=2",
                "groups have 1 cores: start it with --tensor-parallel-degree 2"
            ),
            ("option.dtype=fp16", "option.dtype in"),
            ("option.rolling_batch=vllm", "option.rolling_batch in"),
            ("option.entryPoint=model.py", "option.entryPoint in"), ("gpu.minWorkers=2", "gpu.minWorkers in"),
            ("option.n_positions=128", "which is for language models"), ("batch_size=0", "batch_size in"),
            ("option.n_positions=many", "must be a number"),
        ])
    func refusedKeys(line: String, words: String) async throws {
        try Files.write(node.path + "/model/serving.properties", Array((line + "\n").utf8))
        let server = try server([try ModelSpecification(name: "m", uri: node.path + "/model")])
        let claims = [try NeuronDevices(root: node.path).claim(0..<1)]
        let error = await #expect(throws: ServerError.self) { try await server.load(claims) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("a folder may name where the model is; the environment counts after the folder's own word")
    func location() async throws {
        try Files.makeDirectory(node.path + "/pointer")
        try Files.write(
            node.path + "/pointer/serving.properties",
            Array("option.model_id=../model\nbatch_size=9\noption.tensor_parallel_degree=1".utf8))
        let server = try server(
            [try ModelSpecification(name: "m", uri: node.path + "/pointer")],
            properties: ["option.tensor_parallel_degree": "2"])
        try await server.load([try NeuronDevices(root: node.path).claim(0..<1)])
        #expect(await server.get("/models/m").json["batchSize"] == 9)
    }

    @Test(
        "more memory than was said is refused; each text of the warm-up is computed before the model is ready"
    )
    func limits() async throws {
        let list = #"[{"name":"m","uri":"\#(node.path)/model","memory":"1Ki"}]"#
        let small = try server(try ModelSpecification.list(arguments: [], environment: list))
        let claims = [try NeuronDevices(root: node.path).claim(0..<1)]
        let error = await #expect(throws: ServerError.self) { try await small.load(claims) }
        #expect(error?.description.contains("its memory is set to 1024") == true)
        let warm = #"[{"name":"m","uri":"\#(node.path)/model","memory":"1Gi","warmup":["a","b","c d e"]}]"#
        let server = try server(try ModelSpecification.list(arguments: [], environment: warm))
        try await server.load(claims)
        #expect(server.state.withLock { $0.groups[0].statistics.batches } == 3)
        for value in ["0", "many", "-1Gi"] {
            #expect(throws: ServerError.self) {
                try ModelSpecification.list(
                    arguments: [], environment: #"[{"name":"m","uri":"/m","memory":"\#(value)"}]"#)
            }
        }
    }
}

@Suite("Chips without room", .timeLimit(.minutes(3)))
struct RoomTests {
    private static let registration = "/models?url=URL&model_name="

    /// A chip that has room for two models and a little.
    private func server(_ control: ModelControl) async throws -> (FakeNode, InferenceServer) {
        let large = try FakeNode(chips: 1)
        let measured = try await large.server(cores: 0..<1)
        let used = measured.state.withLock {
            $0.groups[0].memory.reduce(0) { $0 + $1.constants + $1.tensors }
        }
        let node = try FakeNode(chips: 1, memory: used + used / 8)
        return (node, try await node.server(cores: 0..<1, control: control))
    }

    private func phases(_ server: InferenceServer) -> [String: String] {
        Dictionary(uniqueKeysWithValues: server.models.map { ($0.name, $0.phase.name) })
    }

    @Test("the model that was used longest ago makes room, and comes back with the next request")
    func leastRecentlyUsed() async throws {
        let (node, server) = try await server(.explicit)
        let first = await server.get("/predictions/tiny?inputs=hello").embeddings
        _ = await server.get("/predictions/other?inputs=hello")
        let answer = await server.post("/models?url=\(node.path)/model&model_name=third", "")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(phases(server) == ["tiny": "unloaded", "other": "ready", "third": "ready"])
        #expect(await server.get("/models/tiny").json["status"] == "UNLOADED")
        #expect(await server.get("/v2/models/tiny/ready").status == 200)
        // Several at once bring it back once.
        let answers = await withTaskGroup(of: [[Double]].self) { group in
            for _ in 0..<4 { group.addTask { await server.get("/predictions/tiny?inputs=hello").embeddings } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == [first, first, first, first])
        #expect(phases(server) == ["tiny": "ready", "other": "unloaded", "third": "ready"])
        let metrics = await server.get("/metrics").text
        #expect(metrics.contains(#"ganglion_model_server_model_unloads_total{model="tiny"} 1"#))
        #expect(metrics.contains(#"ganglion_model_server_model_unloads_total{model="other"} 1"#))
    }

    @Test("507 only when nothing can go; then everything is as before")
    func nothingToUnload() async throws {
        let (node, server) = try await server(.explicit)
        for model in server.models { try await server.beginUse(model) }
        let answer = await server.post("/models", #"{"model_name":"third","url":"\#(node.path)/model"}"#)
        #expect(answer.status == 507)
        #expect(phases(server) == ["tiny": "ready", "other": "ready"])
        for model in server.models { server.endUse(model) }
        #expect(
            await server.post("/models", #"{"model_name":"third","url":"\#(node.path)/model"}"#).status == 200
        )
    }

    @Test("an unloaded model can be unregistered, and described")
    func unregister() async throws {
        let (node, server) = try await server(.explicit)
        _ = await server.post("/models?url=\(node.path)/model&model_name=third", "")
        let unloaded = try #require(server.models.first { $0.phase == .unloaded })
        #expect(await server.get("/v2/models/\(unloaded.name)").json["platform"] == "ganglion_embedding")
        #expect(await server.handle(HTTPRequest("DELETE", "/models/\(unloaded.name)")).status == 200)
        #expect(await server.get("/predictions/\(unloaded.name)?inputs=x").status == 404)
    }
}
