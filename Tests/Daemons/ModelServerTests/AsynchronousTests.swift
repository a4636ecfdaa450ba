// Requests that are answered later.

import HTTP
import HTTP1
import JSON
import SystemIO
import Testing

@testable import ModelServer

@Suite("Asynchronous requests", .timeLimit(.minutes(2)))
struct AsynchronousTests {
    private func ask(_ server: InferenceServer, _ target: String, _ body: String, _ headers: HTTPHeaders)
        async -> HTTPResponse
    {
        var headers = headers
        headers["content-type"] = "application/json"
        return await server.handle(HTTPRequest("POST", target, headers: headers, body: Array(body.utf8)))
    }

    private func answer(_ server: InferenceServer, at place: String) async -> HTTPResponse {
        while true {
            let response = await server.get(place)
            if response.status != 202 { return response }
            await Task.yield()
        }
    }

    @Test(
        "202 with a token, then the answer that there would have been at once, as often as it is asked for",
        arguments: [["prefer": "wait=1, respond-async"], ["x-synchronous": "false"]] as [HTTPHeaders])
    func token(headers: HTTPHeaders) async throws {
        let server = try await FakeNode(chips: 1).server(cores: 0..<2)
        let now = await ask(server, "/v2/models/tiny/infer", Self.tensors, [:])
        let accepted = await ask(server, "/v2/models/tiny/infer", Self.tensors, headers)
        #expect(accepted.status == 202)
        let token = try #require(accepted.json["token"]?.string)
        #expect(accepted.headers["location"] == "/requests/\(token)")
        #expect(accepted.headers["preference-applied"] == "respond-async")
        #expect(accepted.headers["x-next-token"] == token)
        for _ in 0..<2 {
            let later = await answer(server, at: "/requests/\(token)")
            #expect(later.status == 200)
            #expect(later.bytes == now.bytes)
        }
        #expect(await server.handle(HTTPRequest("DELETE", "/requests/\(token)")).status == 200)
        #expect(await server.get("/requests/\(token)").status == 410)
        #expect(await server.handle(HTTPRequest("DELETE", "/requests/\(token)")).status == 410)
        #expect(await server.get("/requests/1-0123").status == 404)
        #expect(await server.get("/requests/\(token.dropLast())x").status == 404)
    }

    private static let tensors =
        #"{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["a"]}],"outputs":[{"name":"tokens"}]}"#

    @Test("errors come later, too, in the shape of their protocol; what has no answer to fetch says so")
    func errors() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<2)
        server.install(ScriptedGenerator(), as: try ModelSpecification(name: "words", uri: "scripted"))
        func later(_ target: String, _ body: String) async -> HTTPResponse {
            let accepted = await ask(server, target, body, ["prefer": "respond-async"])
            #expect(accepted.status == 202)
            return await answer(server, at: accepted.headers["location"] ?? "")
        }
        let absent = await later("/v2/models/none/infer", Self.tensors)
        #expect(absent.status == 404)
        #expect(absent.json["error"]?.string?.contains("none") == true)
        let stream = await later("/v1/completions", #"{"model":"words","prompt":"a","stream":true}"#)
        #expect(stream.status == 400)
        #expect(stream.json["error"]?["message"]?.string?.contains("stream") == true)
        #expect(await ask(server, "/models", "{}", ["prefer": "respond-async"]).status == 403)
    }

    @Test("an answer goes when its time is over, and then it is gone, not unknown")
    func expiry() async throws {
        let clock = Lock(Duration.zero)
        let requests = AsynchronousRequests { clock.withLock { $0 } }
        let (done, tell) = AsyncStream.makeStream(of: Void.self)
        let token = try #require(
            requests.begin(octets: 10) {
                defer { tell.yield() }
                return .text(200, "x")
            })
        for await _ in done { break }
        while case .waiting = requests.look(token) { await Task.yield() }
        clock.withLock { $0 = .seconds(3_599) }
        guard case .answered = requests.look(token) else {
            return #expect(Bool(false), "it was kept too short")
        }
        clock.withLock { $0 = .seconds(3_600) }
        guard case .gone = requests.look(token) else { return #expect(Bool(false), "it is kept") }
        let other = AsynchronousRequests()
        guard case .unknown = other.look(token) else { return #expect(Bool(false), "another's token") }
    }

    @Test("neither requests nor octets grow without a bound, and what goes makes room")
    func bounds() async throws {
        var limits = AsynchronousRequests.Limits()
        limits.requests = 2
        limits.octets = 100
        let requests = AsynchronousRequests(limits: limits)
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let first = try #require(
            requests.begin(octets: 60) {
                for await _ in gate { break }
                return .text(200, String(repeating: "x", count: 200))
            })
        #expect(requests.begin(octets: 60) { .text(200, "") } == nil)
        let second = try #require(requests.begin(octets: 40) { .text(200, "y") })
        #expect(requests.begin(octets: 0) { .text(200, "") } == nil)
        open.yield()
        while case .waiting = requests.look(first) { await Task.yield() }
        // An answer for which there is no room is said to be one.
        guard case .answered(let response) = requests.look(first) else {
            return #expect(Bool(false), "no answer")
        }
        #expect(response.status == 507)
        _ = requests.forget(second)
        _ = requests.forget(first)
        #expect(requests.begin(octets: 100) { .text(200, "") } != nil)
    }
}
