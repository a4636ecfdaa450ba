// A server on a fake device with a small model of its own making.

import FakeChip
import Glibc
import HTTP
import HTTP1
import JSON
import NeuronRuntime
import SystemIO
import TestSupport

@testable import ModelServer

/// A directory with fake chips and a model; it goes away with the object.
final class FakeNode: Sendable {
    private let directory: TemporaryDirectory
    var path: String { directory.path }

    /// Chips of two cores.
    init(chips: Int, memory: Int = 34_359_738_368) throws {
        directory = try TemporaryDirectory()
        for chip in 0..<chips {
            try Files.write(
                path + "/neuron\(chip)", FakeChipFile(index: chip, cores: 2, memory: memory).octets)
        }
        try SyntheticModel.write(to: path + "/model")
    }

    /// A server that is ready, with models `tiny` and `other`.
    func server(cores: Range<Int>, degree: Int = 1, queueLimit: Int = 256, batchLimit: Int = 32) async throws
        -> InferenceServer
    {
        let server = InferenceServer(
            models: [
                try ModelSpecification(name: "tiny", uri: path + "/model"),
                try ModelSpecification(name: "other", uri: "file://\(path)/model"),
            ],
            queueLimit: queueLimit, batchLimit: batchLimit, tag: "ns/pod")
        let devices = try NeuronDevices(root: path)
        let claims = try GroupPlan(cores: cores, degree: degree).groups.map { try devices.claim($0) }
        try await server.load(claims)
        return server
    }
}

extension InferenceServer {
    func get(_ target: String) async -> HTTPResponse { await handle(HTTPRequest("GET", target)) }

    func post(_ target: String, _ body: String, type: String = "application/json") async -> HTTPResponse {
        await handle(HTTPRequest("POST", target, headers: ["content-type": type], body: Array(body.utf8)))
    }
}

extension HTTPResponse {
    /// The body as JSON, null when it is none.
    var json: JSON { (try? JSON(parsing: bytes)) ?? .null }

    /// The body as text.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The vectors of a prediction.
    var embeddings: [[Double]] {
        let vectors = (json["embeddings"] ?? json["predictions"])?.array ?? []
        return vectors.map { ($0.array ?? []).compactMap(\.double) }
    }
}
