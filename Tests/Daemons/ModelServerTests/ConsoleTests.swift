// The page for people.

import HTTP
import HTTP1
import JSON
import Testing

@testable import ModelServer

@Suite("Console of a server")
struct ConsoleTests {
    private func page(_ server: InferenceServer, _ accept: String?) async -> HTTPResponse {
        var headers = HTTPHeaders()
        headers["accept"] = accept
        return await server.handle(HTTPRequest("GET", "/", headers: headers))
    }

    @Test(
        "a browser gets the page, a program what it has always got",
        arguments: [nil, "*/*", "application/json", "text/htmlx"])
    func negotiation(accept: String?) async throws {
        let server = try await FakeNode(chips: 1).server(cores: 0..<2)
        let browser = await page(server, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
        #expect(browser.headers["content-type"] == "text/html; charset=utf-8")
        #expect(browser.headers["vary"] == "accept")
        let program = await page(server, accept)
        #expect(program.json["server"] == "ganglion-model-server")
        #expect(program.json["groupStates"]?.array?.count == 2)
        #expect(program.json["groupStates"]?.array?.first?["models"] == ["tiny", "other"])
        #expect((program.json["groupStates"]?.array?.first?["weights"]?.int ?? 0) > 0)
        #expect(program.json["models"]?.array?.first?["waiting"] == 0)
    }

    @Test("nothing of it is from elsewhere, and nothing but its own script may run")
    func policy() async throws {
        let server = try await FakeNode(chips: 1).server(cores: 0..<2)
        let response = await page(server, "text/html")
        let text = response.text
        for foreign in ["http:", "https:", "src=", "@import", "url(", "innerHTML", "eval(", "onclick"] {
            #expect(!text.contains(foreign), "\(foreign)")
        }
        let policy = try #require(response.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        #expect(policy.contains("frame-ancestors 'none'"))
    }
}
