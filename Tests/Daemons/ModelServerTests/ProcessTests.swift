// The server as a pod runs it: a process with environment and signals.

import Glibc
import HTTP
import HTTP1
import SystemIO
import TestSupport
import Testing

@testable import ModelServer

/// Built beside the tests, unless only they were built.
private let executable: String? = {
    guard let tests = try? Files.readLink("/proc/self/exe") else { return nil }
    // `swift test` runs the bundle itself or a helper; the program lies in the build directory either way.
    let candidates = [
        tests.split(separator: "/").dropLast().joined(separator: "/"),
        Repository.root.dropFirst() + "/.build/debug",
    ]
    return candidates.map { "/\($0)/ganglion-model-server" }.first(where: Files.exists)
}()

@Suite(
    "The model server's process", .enabled(if: executable != nil, "ganglion-model-server has not been built"))
struct ProcessTests {
    private func spawn(_ node: FakeNode, _ arguments: [String], _ environment: [String: String] = [:]) throws
        -> ChildProcess
    {
        var variables = environment
        // Where the tests run with a sanitizer, so does the server; it finds what makes names of addresses in PATH.
        for name in ["LSAN_OPTIONS", "PATH"] { variables[name] = getenv(name).map { String(cString: $0) } }
        variables["GANGLION_DEVICE_ROOT"] = node.path
        variables["GANGLION_TERMINATION_LOG"] = node.path + "/termination"
        return try ChildProcess.spawn(
            try #require(executable), arguments, environment: variables, parentDeathSignal: .kill)
    }

    /// Asks until the server is ready or has ended.
    private func untilReady(_ client: HTTPClient, _ server: ChildProcess) async -> Bool {
        while server.status == nil {
            if let answer = try? await client.send(HTTPRequest("GET", "/ping")), answer.status == 200 {
                return true
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    @Test("serves, keeps its cores to itself, and ends well on SIGTERM, upon which the cores are free")
    func life() async throws {
        let node = try FakeNode(chips: 1)
        let address = SocketAddress.unix(node.path + "/http")
        let models = #"[{"name":"tiny","uri":"\#(node.path)/model"}]"#
        let environment = [
            "GANGLION_MODELS": models, "TENSOR_PARALLEL_DEGREE": "2", "NEURON_RT_VISIBLE_CORES": "0,1",
        ]
        let first = try spawn(node, ["--listen", address.description], environment)
        let client = HTTPClient(address, host: "localhost")
        try #require(await untilReady(client, first))
        let answer = try await client.send(HTTPRequest("GET", "/predictions/tiny?inputs=hello"))
        #expect(answer.embeddings.first?.count == 48)

        let second = try spawn(
            node, ["--listen", "unix:\(node.path)/other", "--core-wait", "0s"], environment)
        #expect(await second.wait() == .exited(1))
        #expect(
            try Files.readText(node.path + "/termination")
                == "core 0 (core 0 of chip 0, \(node.path)/neuron0) is in use by another owner (EBUSY): wait for"
                + " it to end or choose other cores")

        await client.close()
        first.send(.terminate)
        #expect(await first.wait() == .exited(0))
        let third = try spawn(node, ["--listen", address.description], environment)
        #expect(await untilReady(client, third))
        // Cores are free even when their owner had no time to give them back.
        third.send(.kill)
        #expect(await third.wait() == .signalled(9))
        let fourth = try spawn(node, ["--listen", address.description], environment)
        #expect(await untilReady(client, fourth))
        fourth.send(.terminate)
        #expect(await fourth.wait() == .exited(0))
        await client.close()
    }

    @Test("killed in the midst of a download, the next process goes on where it was")
    func killedWhileFetching() async throws {
        let node = try FakeNode(chips: 1)
        _ = try Output.of("/bin/tar", ["-C", node.path, "-cf", node.path + "/m.tar", "model"])
        let octets = try Files.read(node.path + "/m.tar", limit: 1 << 26)
        let half = octets.count / 2
        let ranges = Lock<[String?]>([])
        let (halves, hasSent) = AsyncStream.makeStream(of: Void.self)
        let store = HTTPServer { request in
            let range = request.headers["range"]
            ranges.withLock { $0.append(range) }
            var headers: HTTPHeaders = ["etag": "\"1\"", "content-range": "bytes 0-0/\(octets.count)"]
            if range == "bytes=0-0" { return HTTPResponse(206, headers: headers, body: .bytes([octets[0]])) }
            let start = Int((range ?? "bytes=0-").dropFirst(6).dropLast()) ?? 0
            headers["content-range"] = "bytes \(start)-\(octets.count - 1)/\(octets.count)"
            return HTTPResponse(
                start > 0 ? 206 : 200, headers: headers,
                body: .stream { writer in
                    guard start == 0 else { return try await writer.write(Array(octets[start...])) }
                    try await writer.write(Array(octets[..<half]))
                    hasSent.yield()
                    try await Task.sleep(for: .seconds(3_600))
                })
        }
        let place = try await store.listen(on: try SocketAddress(parsing: "127.0.0.1:0"))
        let address = SocketAddress.unix(node.path + "/http")
        let arguments = [
            "--listen", address.description, "--model", "far=http://\(place)/m.tar", "--model-cache",
            node.path + "/cache",
        ]
        let client = HTTPClient(address, host: "localhost")
        let first = try spawn(node, arguments)
        for await _ in halves { break }
        // Until some of it is on the disk; what is in the socket goes with the process.
        while (try? ModelFiles.octets(below: node.path + "/cache/partial")) ?? 0 == 0 { await Task.yield() }
        first.send(.kill)
        #expect(await first.wait() == .signalled(9))
        let second = try spawn(node, arguments)
        try #require(await untilReady(client, second))
        let answer = try await client.send(HTTPRequest("GET", "/predictions/far?inputs=hello"))
        #expect(answer.embeddings.first?.count == 48)
        let last = try #require(ranges.withLock { $0.last } ?? nil)
        #expect(last.hasPrefix("bytes=") && last != "bytes=0-0" && last != "bytes=0-", "\(last)")
        await client.close()
        second.send(.terminate)
        #expect(await second.wait() == .exited(0))
        await store.shutdown(grace: .zero)
    }

    @Test("a disk that is full, where its log goes, keeps it from nothing")
    func fullDisk() async throws {
        let node = try FakeNode(chips: 1)
        let address = SocketAddress.unix(node.path + "/http")
        let full = try FileDescriptor.open("/dev/full", flags: O_WRONLY)
        defer { full.close() }
        let server = try ChildProcess.spawn(
            try #require(executable),
            [
                "--listen", address.description, "--device-root", node.path, "--model",
                "tiny=\(node.path)/model",
            ],
            environment: ["GANGLION_TERMINATION_LOG": "/dev/full"],
            descriptors: .init(output: full, error: full), parentDeathSignal: .kill)
        let client = HTTPClient(address, host: "localhost")
        try #require(await untilReady(client, server))
        let answer = try await client.send(HTTPRequest("GET", "/predictions/tiny?inputs=hello"))
        #expect(answer.embeddings.first?.count == 48)
        await client.close()
        server.send(.terminate)
        #expect(await server.wait() == .exited(0))
    }
}

private enum ModelFiles {
    /// Octets of all files below a folder.
    static func octets(below folder: String) throws -> Int {
        try Files.list(folder).reduce(0) { sum, name in
            let path = "\(folder)/\(name)"
            if Files.kind(path) == .directory { return sum + (try octets(below: path)) }
            var status = stat()
            return sum + (stat(path, &status) == 0 ? Int(status.st_size) : 0)
        }
    }
}
