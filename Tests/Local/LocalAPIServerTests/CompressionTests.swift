// Answers are compressed where the real server compresses them, and nowhere else.

import Gzip
import HTTP
import HTTP1
import JSON
import KubernetesAPI
import KubernetesClient
import SystemIO
import Testing

@testable import LocalAPIServer

@Suite("Compressed answers")
struct CompressionTests {
    private func cluster(
        configMaps count: Int = 0, watchLists: Bool = true
    ) async throws -> (EmbeddedAPIServer, HTTPClient) {
        let cluster = try await EmbeddedAPIServer.start {
            $0.requiresToken = false
            $0.compressesWatchLists = watchLists
        }
        for number in 0..<count {
            try await cluster.client().create(
                .configMaps,
                [
                    "metadata": ["name": .string("m\(number)"), "namespace": "default"],
                    "data": ["text": .string(String(repeating: "x", count: 50_000))],
                ])
        }
        return (cluster, HTTPClient(cluster.address))
    }

    private func get(
        _ client: HTTPClient, _ cluster: EmbeddedAPIServer, _ target: String, accept: String?
    ) async throws -> HTTPClient.Stream {
        guard case .token(let token) = cluster.configuration.credential else { throw HTTPError.closed }
        var headers: HTTPHeaders = ["authorization": "Bearer " + token]
        if let accept { headers["accept-encoding"] = accept }
        return try await client.stream(HTTPRequest("GET", target, headers: headers))
    }

    @Test(
        "are lists of more than 128 KiB, for clients that ask",
        arguments: [
            (3, "gzip", true), (3, "deflate, gzip", true), (2, "gzip", false), (3, "br", false),
            (3, "gzip;q=1", false), (3, nil, false),
        ] as [(Int, String?, Bool)])
    func lists(count: Int, accept: String?, isCompressed: Bool) async throws {
        let (cluster, client) = try await cluster(configMaps: count)
        let answer = try await get(
            client, cluster, "/api/v1/namespaces/default/configmaps", accept: accept)
        #expect(answer.headers["content-encoding"] == (isCompressed ? "gzip" : nil))
        #expect(answer.headers["vary"] == (isCompressed ? "Accept-Encoding" : nil))
        var octets = try await answer.collect()
        if isCompressed { octets = try Gzip.decompress(octets, limit: 1 << 20) }
        #expect(try JSON(parsing: octets)["items"]?.array?.count == count)
        await client.close()
        await cluster.stop()
    }

    @Test(
        "are the streams of WatchList, each event at once, and of no other watch",
        arguments: [
            ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", true, true),
            ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", false, false),
            ("resourceVersion=0", true, false),
        ])
    func watches(query: String, isOn: Bool, isCompressed: Bool) async throws {
        let (cluster, client) = try await cluster(watchLists: isOn)
        let stream = try await get(
            client, cluster,
            "/api/v1/namespaces?watch=true&allowWatchBookmarks=true&fieldSelector=metadata.name%3Dx&" + query,
            accept: "gzip")
        #expect(stream.headers["content-encoding"] == (isCompressed ? "gzip" : nil))
        let reader = try GzipReader()
        var chunks = stream.makeAsyncIterator()
        func next() async throws -> String {
            while let chunk = try await chunks.next() {
                guard isCompressed else { return String(decoding: chunk, as: UTF8.self) }
                reader.receive(chunk)
                var text: [UInt8] = []
                while let part = try reader.next() { text += part }
                if !text.isEmpty { return String(decoding: text, as: UTF8.self) }
            }
            return ""
        }
        #expect(try await next().contains("BOOKMARK"))
        try await cluster.client().create(.namespaces, ["metadata": ["name": "x"]])
        #expect(try await next().contains("ADDED"))
        await stream.close()
        await client.close()
        await cluster.stop()
    }
}
