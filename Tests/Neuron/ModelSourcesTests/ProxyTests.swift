// Models behind a proxy, whose rules are WebClient's and HTTPProxy's; here is that the environment's counts.

import Digests
import HTTP
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import ModelSources

@Suite("Models behind a proxy", .timeLimit(.minutes(2)))
struct ProxyTests {
    private static let content = [UInt8](repeating: 7, count: 100_000)

    @Test(
        "come through the one that the environment names, from web servers and object stores",
        arguments: ["http://store.invalid/m.gguf", "s3://bucket/m.gguf"])
    func proxied(uri: String) async throws {
        let proxy = try await ScriptedStore { request, number in
            guard request.target.contains("list-type=2") else {
                return ScriptedStore.file(Self.content, tag: "\"a\"")(request, number)
            }
            guard !request.target.contains("m.gguf%2F") else {
                return .text(
                    200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
                    type: "application/xml")
            }
            return .text(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>m.gguf</Key><ETag>&quot;a&quot;</ETag>"
                    + "<Size>\(Self.content.count)</Size></Contents></ListBucketResult>",
                type: "application/xml")
        }
        let scene = try Scene([
            "HTTP_PROXY": "http://me:secret@\(proxy.address)", "AWS_ENDPOINT_URL_S3": "http://store.invalid",
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
        ])
        _ = try await scene.fetch(uri)
        let files = try Scene.files(scene.cache.path).filter { $0.key.hasSuffix("m.gguf") }
        #expect(Array(files.values) == [MessageDigest.of(Self.content).hexadecimal])
        let asked = proxy.requests.withLock { $0 }
        #expect(!asked.isEmpty && asked.allSatisfy { $0.target.hasPrefix("http://store.invalid/") })
        #expect(asked.allSatisfy { $0.headers["proxy-authorization"] == "Basic bWU6c2VjcmV0" })
        await proxy.stop()
    }

    @Test("that lets nobody through says so in the model's error, without its password")
    func refused() async throws {
        let proxy = try await ScriptedStore { _, _ in HTTPResponse(407) }
        let scene = try Scene(["https_proxy": "http://me:secret@\(proxy.address)"])
        let error = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("https://store.invalid/m.gguf")
        }
        #expect(
            error?.description
                == "cannot fetch the model https://store.invalid/m.gguf: GET https://store.invalid/m.gguf failed: the"
                + " proxy \(proxy.address) does not let through to it (407): name USER:PASSWORD@ in the proxy's URL"
        )
        #expect(error?.kind == .refused)
        #expect(proxy.requests.withLock { $0.map(\.method) } == ["CONNECT"])
        await proxy.stop()
    }
}
