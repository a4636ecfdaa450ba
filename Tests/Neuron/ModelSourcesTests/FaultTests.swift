// A store that breaks off, lies, sends us elsewhere, or has had enough.

import Digests
import HTTP
import HTTP1
import SystemIO
import TestSupport
import Testing
import WebClient

@testable import ModelSources

/// Answers a script of bytes over plain TCP or by a closure over HTTP, and remembers what it was asked.
final class ScriptedStore: Sendable {
    let requests = Lock<[HTTPRequest]>([])
    private let server: HTTPServer
    let address: String

    init(_ answer: @escaping @Sendable (HTTPRequest, Int) -> HTTPResponse) async throws {
        let requests = requests
        server = HTTPServer { request in
            let number = requests.withLock { list in
                list.append(request)
                return list.count
            }
            return answer(request, number)
        }
        address = try await server.listen(on: try SocketAddress(parsing: "127.0.0.1:0")).description
    }

    func stop() async { await server.shutdown(grace: .zero) }

    /// A file in the manner of servers of files, cut off after some octets of each answer.
    static func file(_ content: [UInt8], tag: String, cutAfter: Int = .max)
        -> @Sendable (HTTPRequest, Int) -> HTTPResponse
    {
        { request, _ in
            var headers: HTTPHeaders = ["etag": tag]
            var body = content[...]
            var status = 200
            if let range = request.headers["range"] {
                let ends = range.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map {
                    Int($0)
                }
                let first = ends[0] ?? 0
                let last = min((ends.count > 1 ? ends[1] : nil) ?? content.count - 1, content.count - 1)
                guard first <= last else { return HTTPResponse(416) }
                body = content[first...last]
                headers["content-range"] = "bytes \(first)-\(last)/\(content.count)"
                status = 206
            }
            guard body.count > cutAfter else {
                return HTTPResponse(status, headers: headers, body: .bytes(Array(body)))
            }
            let part = Array(body.prefix(cutAfter))
            return HTTPResponse(
                status, headers: headers,
                body: .stream { writer in
                    try await writer.write(part)
                    throw SystemError("go on", "")
                })
        }
    }
}

@Suite("A store that fails", .timeLimit(.minutes(2)))
struct FaultTests {
    private static let content: [UInt8] = {
        var generator = SeededGenerator(seed: 4)
        return generator.octets(1_000_000)
    }()
    private static let sum = MessageDigest.of(content).hexadecimal

    @Test("nothing is read or written on an event loop, whatever the caller's task prefers")
    func offLoop() async throws {
        let store = try await ScriptedStore(ScriptedStore.file(Self.content, tag: "\"a\""))
        let scene = try Scene()
        let place = try location("http://\(store.address)/m.gguf#sha256=\(Self.sum)")
        let threads = Lock<Set<Bool>>([])
        let task = Task(executorPreference: EventLoop.shared) {
            try await scene.fetcher.fetch(place) { _ in
                threads.withLock { _ = $0.insert(EventLoop.shared.isCurrent) }
            }
        }
        _ = try await task.value
        #expect(threads.withLock { $0 } == [false])
        await store.stop()
    }

    @Test("what breaks off again and again goes on where it was")
    func resumption() async throws {
        let store = try await ScriptedStore(ScriptedStore.file(Self.content, tag: "\"a\"", cutAfter: 150_000))
        let scene = try Scene()
        let model = try await scene.fetch("http://\(store.address)/m.gguf#sha256=\(Self.sum)")
        #expect(try Files.read(model.path, limit: 1 << 21) == Self.content)
        let ranges = store.requests.withLock { $0.map { $0.headers["range"] ?? "" } }
        #expect(ranges.count >= 7)
        #expect(Set(ranges).count == ranges.count, "each asks for what is missing: \(ranges)")
        await store.stop()
    }

    @Test(
        "what an earlier process has left is gone on with, and begun anew where it is not the beginning",
        arguments: [true, false])
    func leftovers(isBeginning: Bool) async throws {
        let store = try await ScriptedStore(ScriptedStore.file(Self.content, tag: "\"a\""))
        let directory = try TemporaryDirectory()
        let path = directory.path + "/part"
        try Files.write(
            path, isBeginning ? Array(Self.content[..<600_000]) : [UInt8](repeating: 1, count: 600_000))
        let url = try #require(WebURL("http://\(store.address)/m"))
        let client = WebClient { _ in }
        let file = RemoteFile(path: "m", size: Self.content.count, sha256: Self.sum) { offset in
            do throws(WebError) {
                let headers: HTTPHeaders = offset > 0 ? ["range": "bytes=\(offset)-"] : [:]
                return .success(try await client.openOnce(WebRequest("GET", url, headers: headers)))
            } catch {
                return .failure(OpenFailure("m", error))
            }
        }
        try await Transfer(uri: "m", file: file, client: client, limit: .max) { _ in }.run(to: path)
        #expect(try Files.read(path, limit: 1 << 21) == Self.content)
        #expect(
            store.requests.withLock { $0.map { $0.headers["range"] } }
                == (isBeginning ? ["bytes=600000-"] : ["bytes=600000-", nil]))
        await store.stop()
    }

    @Test("a wrong checksum is an error, and nothing of it is left for the next start")
    func checksum() async throws {
        let store = try await ScriptedStore(ScriptedStore.file(Self.content, tag: "\"a\""))
        let scene = try Scene()
        let wrong = String(repeating: "0", count: 64)
        let error = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("http://\(store.address)/m.gguf#sha256=\(wrong)")
        }
        #expect(error?.kind == .checksum)
        #expect(error?.description.contains(Self.sum) == true)
        #expect(try Scene.files(scene.cache.path + "/partial").isEmpty)
        await store.stop()
    }

    @Test("keys that are not below the prefix are no files of a model", arguments: ["m", "mx", "x/y"])
    func strangeKeys(key: String) async throws {
        let store = try await ScriptedStore { _, _ in
            .text(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>\(key)</Key><Size>4</Size>"
                    + "</Contents></ListBucketResult>", type: "application/xml")
        }
        let scene = try Scene([
            "AWS_ENDPOINT_URL_S3": "http://\(store.address)", "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
        ])
        let error = await #expect(throws: ModelSourceError.self) { try await scene.fetch("s3://bucket/m") }
        #expect(error?.kind == .archive && error?.problem == "the key \(key) is no path below a folder")
        await store.stop()
    }

    @Test("503 and 429 are tried again with the store's pause, 404 is not")
    func statuses() async throws {
        let pauses = Lock<[Duration]>([])
        let store = try await ScriptedStore { request, number in
            if request.path == "/absent" { return .text(404, "no such thing") }
            if number == 1 { return HTTPResponse(503, headers: ["retry-after": "7"]) }
            if number == 2 { return HTTPResponse(429) }
            return .text(200, "at last")
        }
        let client = WebClient { time in pauses.withLock { $0.append(time) } }
        let url = try #require(WebURL("http://\(store.address)/file"))
        #expect(try await client.send(WebRequest("GET", url)).bytes == Array("at last".utf8))
        #expect(pauses.withLock { $0.count } == 2)
        #expect(pauses.withLock { $0.first } == .seconds(7))
        let absent = try #require(WebURL("http://\(store.address)/absent"))
        let error = await #expect(throws: WebError.self) { try await client.send(WebRequest("GET", absent)) }
        #expect(error?.status == 404)
        #expect(store.requests.withLock { $0.count } == 4)
        await store.stop()
    }

    @Test("a redirection to another server carries no credentials")
    func redirection() async throws {
        let other = try await ScriptedStore { _, _ in .text(200, "here") }
        let target = "http://\(other.address)/elsewhere?signed=1"
        let store = try await ScriptedStore { request, _ in
            request.path == "/near"
                ? HTTPResponse(302, headers: ["location": "/far"])
                : HTTPResponse(307, headers: ["location": target])
        }
        let url = try #require(WebURL("http://user:password@\(store.address)/near"))
        let headers: HTTPHeaders = [
            "authorization": "Bearer secret", "x-amz-security-token": "secret", "cookie": "secret",
            "range": "bytes=5-",
        ]
        _ = try await WebClient { _ in }.send(WebRequest("GET", url, headers: headers))
        let near = store.requests.withLock { $0 }
        #expect(near.map { $0.headers["authorization"] } == ["Bearer secret", "Bearer secret"])
        let far = try #require(other.requests.withLock { $0.first })
        #expect(far.target == "/elsewhere?signed=1")
        #expect(far.headers["range"] == "bytes=5-")
        for name in ["authorization", "x-amz-security-token", "cookie"] {
            #expect(far.headers[name] == nil, "\(name)")
        }
        await store.stop()
        await other.stop()
    }

    @Test(
        "redirections go round a few times only, and never to other schemes",
        arguments: ["/again", "file:///etc/passwd", "ftp://h/x"])
    func loops(location: String) async throws {
        let store = try await ScriptedStore { _, _ in HTTPResponse(302, headers: ["location": location]) }
        let url = try #require(WebURL("http://\(store.address)/again"))
        let error = await #expect(throws: WebError.self) {
            try await WebClient { _ in }.send(WebRequest("GET", url))
        }
        guard case .redirect = error?.cause else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(store.requests.withLock { $0.count } <= 6)
        await store.stop()
    }

    @Test("a file that is replaced meanwhile is not put together of two")
    func replaced() async throws {
        let content = Self.content
        let store = try await ScriptedStore { request, number in
            ScriptedStore.file(content, tag: number < 3 ? "\"a\"" : "\"b\"", cutAfter: 400_000)(
                request, number)
        }
        let scene = try Scene()
        let error = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("http://\(store.address)/m.gguf")
        }
        #expect(error?.description.contains("replaced") == true)
        await store.stop()
    }

    @Test("errors show neither user nor query nor fragment")
    func secrets() async throws {
        let store = try await ScriptedStore { _, _ in HTTPResponse(403) }
        let scene = try Scene()
        let error = await #expect(throws: ModelSourceError.self) {
            try await scene.fetch("http://user:hidden@\(store.address)/m.gguf?X-Amz-Signature=hidden")
        }
        #expect(error?.description.contains("hidden") == false)
        #expect(error?.description.contains("403") == true)
        #expect(ModelLocation.shown("https://u:hidden@h/x?hidden#hidden") == "https://h/x?...")
        // Nor where it is no URL: a port that is none, a space, a slash in the password.
        for uri in ["https://u:hidden@h:x/m?hidden", "HTTPS://u:hidden@h /m", "https://u:hid/den@h/m"] {
            #expect(!ModelLocation.shown(uri).contains("hid"), "\(ModelLocation.shown(uri))")
        }
        await store.stop()
    }

    @Test(
        "more than the cache takes is refused before it is fetched, and while it comes where its size is not known"
    )
    func tooLarge() async throws {
        let content = Self.content
        let known = try await ScriptedStore(ScriptedStore.file(content, tag: "\"a\""))
        let unknown = try await ScriptedStore { _, _ in
            HTTPResponse(200, body: .stream { writer in try await writer.write(content) })
        }
        for store in [known, unknown] {
            let scene = try Scene(limit: 300_000)
            let error = await #expect(throws: ModelSourceError.self) {
                try await scene.fetch("http://\(store.address)/m.gguf")
            }
            #expect(error?.kind == .space)
            await store.stop()
        }
    }
}
