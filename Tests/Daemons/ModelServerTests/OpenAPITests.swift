import HTTP
import HTTP1
import JSON
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

@Suite("The OpenAPI document")
struct OpenAPITests {
    @Test("is what docs/openapi.json has")
    func file() throws {
        let text = try Files.readText(Repository.root + "/docs/openapi.json")
        #expect(try JSON(parsing: text) == OpenAPI.document, "run make generate")
    }

    @Test("names every schema that it refers to, and each operation once")
    func references() throws {
        let text = OpenAPI.document.text()
        for reference in text.split(separator: "#/components/schemas/").dropFirst() {
            let name = String(reference.prefix { $0 != "\"" })
            #expect(OpenAPI.document["components"]?["schemas"]?[name] != nil, "\(name)")
        }
        let operations = (OpenAPI.document["paths"]?.object ?? [:]).values
            .flatMap { ($0.object ?? [:]).values }.compactMap { $0["operationId"]?.string }
        #expect(Set(operations).count == operations.count)
    }

    @Test("the router serves every path of it with its methods, and no other methods")
    func served() async throws {
        let node = try FakeNode(chips: 1)
        let server = try await node.server(cores: 0..<1)
        let paths = OpenAPI.document["paths"]?.object ?? [:]
        #expect(paths.count > 25)
        for (path, item) in paths {
            let target = path.split(separator: "/").map { segment in
                segment.hasPrefix("{") ? "some" + segment.drop { $0 != "}" }.dropFirst() : segment
            }.joined(separator: "/")
            var documented = Set((item.object ?? [:]).keys.map { $0.uppercased() })
            if documented.contains("GET") { documented.insert("HEAD") }
            let refused = await server.handle(HTTPRequest("BREW", "/" + target))
            let allowed = Set((refused.headers["allow"] ?? "").split(separator: ", ").map(String.init))
            #expect(refused.status == 405 && documented == allowed, "\(path)")
        }
    }
}
