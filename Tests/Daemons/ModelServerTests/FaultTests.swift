// What clients, models and the machine can do wrong: others are answered meanwhile, and what was wrong can be read off.

import HTTP
import HTTP1
import JSON
import Models
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("Faults around a model server", .timeLimit(.minutes(5)))
struct FaultTests {
    private struct Served {
        let server: InferenceServer
        let http: HTTPServer
        let address: SocketAddress

        func ask(_ path: String = "/predictions/tiny?inputs=a") async throws -> Int {
            let client = HTTPClient(address, host: "localhost")
            let status = try await client.send(HTTPRequest("GET", path)).status
            await client.close()
            return status
        }

        /// The value of a metric's line.
        func metric(_ name: String) async -> String? {
            let lines = await server.get("/metrics").text.split(separator: "\n")
            return lines.first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
        }

        func ended(_ reason: HTTPConnectionCounts.Reason) async -> String? {
            await metric("ganglion_model_server_connections_ended_total{reason=\"\(reason.rawValue)\"}")
        }
    }

    private func serve(
        _ node: FakeNode, _ limits: HTTPServerLimits = HTTPServerLimits(),
        more: [ModelSpecification] = []
    ) async throws -> Served {
        let server = try await node.server(cores: 0..<2, control: .explicit, more: more)
        let http = server.makeHTTPServer(limits: limits, grpc: server.makeGRPCServer())
        let address = SocketAddress.unix(Scratch.socket())
        try await http.listen(on: address)
        return Served(server: server, http: http, address: address)
    }

    @Test("heads and bodies that come too slowly end, are counted, and hold up nobody")
    func slow() async throws {
        let node = try FakeNode(chips: 1)
        var limits = HTTPServerLimits()
        limits.head = .milliseconds(50)
        limits.bodyGrace = .milliseconds(50)
        limits.bodyRate = 1 << 30
        let served = try await serve(node, limits)
        let head = try await RawClient(served.address)
        head.say("GET /ping HTTP/1.1\r\nHo")
        let body = try await RawClient(served.address)
        body.say("POST /predictions/tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n{")
        #expect(try await served.ask() == 200)
        #expect(try await served.ask("/ping") == 200)
        #expect(try await head.rest() == "")
        #expect(try await body.rest() == "")
        #expect(await served.ended(.slow) == "2")
        await served.http.shutdown()
    }

    @Test("many idle connections take the place of each other, and whoever asks is answered meanwhile")
    func idle() async throws {
        let node = try FakeNode(chips: 1)
        var limits = HTTPServerLimits()
        limits.connections = 50
        let served = try await serve(node, limits)
        var idle: [RawClient] = []
        for number in 1...600 {
            idle.append(try await RawClient(served.address))
            if number % 100 == 0 { #expect(try await served.ask() == 200) }
        }
        #expect(try await served.ask("/ping") == 200)
        #expect(served.server.connections.open <= 50)
        let room = await served.ended(.room)
        #expect(try #require(room.flatMap { Double($0) }) > 500)
        #expect(idle.count == 600)
        await served.http.shutdown(grace: .zero)
    }

    private static let bodies: [String: [UInt8]] = [
        "lists within lists": Array(String(repeating: "[", count: 100_000).utf8),
        "objects within objects": Array(String(repeating: #"{"inputs":"#, count: 50_000).utf8),
        "octets that are no text": (0..<2_000).map { UInt8(truncatingIfNeeded: $0 &* 167) },
        "nothing": [], "half of it": Array(#"{"inputs": ["a""#.utf8),
        "a number beyond doubles": Array(#"{"inputs": 1e999}"#.utf8),
        "half of a surrogate pair": Array(#"{"inputs": "\ud800", "model": "tiny", "input": "\ud800"}"#.utf8),
        "a shape beyond memory": Array(
            #"{"inputs":[{"name":"text","shape":[4611686018427387904,4],"datatype":"BYTES","data":["a"]}]}"#
                .utf8),
    ]

    @Test("nonsense is refused by every path that takes a body, at once, and is no fault of the server")
    func nonsense() async throws {
        let node = try FakeNode(chips: 1)
        let served = try await serve(node)
        let client = HTTPClient(served.address, host: "localhost")
        for path in [
            "/predictions/tiny", "/invocations", "/models/tiny/invoke", "/v1/models/tiny:predict",
            "/v2/models/tiny/infer", "/v1/embeddings", "/v1/completions", "/v1/chat/completions", "/models",
            "/v2/repository/models/none/load",
        ] {
            for (name, body) in Self.bodies {
                let answer = try await client.send(
                    HTTPRequest(
                        "POST", path, headers: ["content-type": "application/json"], body: body))
                #expect(400..<500 ~= answer.status, "\(path): \(name)")
                #expect(answer.json.object != nil, "\(path): \(name)")
            }
        }
        #expect(try await served.ask() == 200)
        await client.close()
        await served.http.shutdown()
    }

    @Test("what is too large, or no request at all, is told so and counted")
    func malformed() async throws {
        let node = try FakeNode(chips: 1)
        let served = try await serve(node)
        let requests = [
            "POST /predictions/tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n": "413",
            "POST /predictions/tiny HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n":
                "413",
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "a: b\r\n", count: 200) + "\r\n": "431",
            "GET /" + String(repeating: "a", count: 70_000) + " HTTP/1.1\r\n": "431",
            "\u{16}\u{03}\u{01} hello\r\n\r\n": "400",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n": "400",
        ]
        for (text, status) in requests {
            let client = try await RawClient(served.address)
            client.say(text)
            let answer = try await client.rest()
            #expect(answer?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(text.prefix(40))")
            #expect(try await served.ask() == 200)
        }
        #expect(await served.ended(.malformed) == String(requests.count))
        await served.http.shutdown()
    }

    @Test("a number that is none has no form in JSON: an error with the element, where octets carry it")
    func notFinite() async throws {
        let node = try FakeNode(chips: 1)
        let served = try await serve(
            node, more: [try ModelSpecification(name: "same", uri: "identity:FP32")])
        let head =
            #"{"inputs":[{"name":"INPUT0","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}],"#
            + #""outputs":[{"name":"OUTPUT0","parameters":{"binary_data":WANTED}}]}"#
        let numbers: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f]
        for isBinary in [true, false] {
            let json = head.replacing("WANTED", with: isBinary ? "true" : "false")
            let answer = await served.server.handle(
                HTTPRequest(
                    "POST", "/v2/models/same/infer",
                    headers: ["inference-header-content-length": String(json.utf8.count)],
                    body: Array(json.utf8) + numbers))
            #expect(answer.status == (isBinary ? 200 : 500))
            if isBinary {
                #expect(Array(answer.bytes.suffix(8)) == numbers)
            } else {
                #expect(
                    answer.json["error"]
                        == "element 1 of output 'OUTPUT0' is no number, which JSON has no form for: ask for binary data"
                )
            }
        }
        // Nor does one come of a number that the datatype has no room for.
        let large = #"{"inputs":[{"name":"INPUT0","shape":[1],"datatype":"FP32","data":[1e300]}]}"#
        #expect(await served.server.post("/v2/models/same/infer", large).status == 400)
        #expect(try await served.ask() == 200)
        await served.http.shutdown()
    }
}

/// A model that computes when it is told to, or never.
private final class ScriptedWorker: BatchWorker {
    let cores: Range<Int>
    private let end: @Sendable () async -> Void

    init(cores: Range<Int>, end: @escaping @Sendable () async -> Void) {
        self.cores = cores
        self.end = end
    }

    func compute(_ texts: [TokenizedText], model: String) async -> PassResult {
        await end()
        return .vectors(texts.map { _ in [1] })
    }
}

@Suite("A model that hangs", .timeLimit(.minutes(5)))
struct HangTests {
    private func call() -> Dispatcher.Call {
        Dispatcher.Call(model: "m", texts: [TokenizedText(ids: [1, 2])])
    }

    @Test("a pass comes back from its group to the dispatcher's loop by no other thread")
    func loop() async throws {
        let dispatcher = Dispatcher()
        await dispatcher.setPolicy(BatchPolicy(), of: "m")
        let executors = Lock<[UnownedTaskExecutor?]>([])
        let worker = ScriptedWorker(cores: 0..<1) {
            let own = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
            executors.withLock { $0.append(own) }
        }
        await dispatcher.setModels(["m"], of: worker)
        #expect(try await dispatcher.predict(call()).core == 0)
        #expect(executors.withLock { $0 } == [UnownedTaskExecutor(dispatcher.loop)])
    }

    @Test(
        "its group is lost after the time for a pass, the request goes to another, and what comes late counts for nothing"
    )
    func other() async throws {
        let dispatcher = Dispatcher()
        await dispatcher.setPolicy(BatchPolicy(), of: "m")
        let losses = Lock<[String]>([])
        await dispatcher.onLoss { _, sentence in losses.withLock { $0.append(sentence) } }
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let hanging = ScriptedWorker(cores: 0..<2) { for await _ in gate {} }
        await dispatcher.setModels(["m"], of: hanging)
        await dispatcher.setModels(["m"], of: ScriptedWorker(cores: 2..<4) {})
        async let first = dispatcher.predict(call())
        while await dispatcher.idleGroups > 1 { await Task.yield() }
        // The others are answered meanwhile.
        #expect(try await dispatcher.predict(call()).core == 2)
        await dispatcher.giveUp(1)
        #expect(try await first.core == 2)
        #expect(losses.withLock { $0 } == ["cores 0-1 compute model m for more than 120.0 s"])
        #expect(await dispatcher.lostGroups.keys.sorted() == [0])
        // It is not given work again, whatever it says.
        open.finish()
        await dispatcher.setModels(["m"], of: hanging)
        #expect(await dispatcher.idleGroups == 1)
        #expect(try await dispatcher.predict(call()).core == 2)
    }

    @Test("so it is where somebody else has noticed, also before it has any model")
    func elsewhere() async throws {
        let dispatcher = Dispatcher()
        await dispatcher.setPolicy(BatchPolicy(), of: "m")
        let losses = Lock<[Int]>([])
        await dispatcher.onLoss { group, _ in losses.withLock { $0.append(group) } }
        let (breakdowns, breakdown) = AsyncStream.makeStream(of: String.self)
        await dispatcher.onBreakdown { breakdown.yield($0) }
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        await dispatcher.lose(4, "never there")
        await dispatcher.setModels(["m"], of: ScriptedWorker(cores: 4..<6) {})
        #expect(await dispatcher.idleGroups == 0)
        await dispatcher.setModels(["m"], of: ScriptedWorker(cores: 0..<2) { for await _ in gate {} })
        await dispatcher.setModels(["m"], of: ScriptedWorker(cores: 2..<4) {})
        async let first = dispatcher.predict(call())
        while await dispatcher.idleGroups > 1 { await Task.yield() }
        await dispatcher.lose(0, "silent")
        await dispatcher.lose(0, "silent still")
        #expect(try await first.core == 2)
        await dispatcher.lose(2, "silent too")
        #expect(losses.withLock { $0 } == [4, 0, 2])
        for await said in breakdowns {
            #expect(said == "silent too")
            break
        }
        await #expect(throws: Dispatcher.Refusal.failed("silent too")) {
            try await dispatcher.predict(call())
        }
        open.finish()
    }

    @Test("where it was the last group, requests fail with why, and the server is told to end")
    func last() async throws {
        let dispatcher = Dispatcher()
        var policy = BatchPolicy()
        policy.computeTimeout = .milliseconds(20)
        await dispatcher.setPolicy(policy, of: "m")
        let (breakdowns, breakdown) = AsyncStream.makeStream(of: String.self)
        await dispatcher.onBreakdown { breakdown.yield($0) }
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        await dispatcher.setModels(["m"], of: ScriptedWorker(cores: 0..<1) { for await _ in gate {} })
        let sentence = "cores 0 compute model m for more than 0.02 s"
        await #expect(throws: Dispatcher.Refusal.failed(sentence)) { try await dispatcher.predict(call()) }
        for await said in breakdowns {
            #expect(said == sentence)
            break
        }
        await #expect(throws: Dispatcher.Refusal.failed(sentence)) { try await dispatcher.predict(call()) }
        open.finish()
    }
}
