// A server on a fake device with a small model of its own making.

import FakeChip
import FakeRuntime
import Glibc
import HTTP
import HTTP1
import JSON
import Models
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

    /// Overwrites a tensor of single precision of the model with one number.
    func fill(_ tensor: String, with value: Float) throws {
        let path = path + "/model/model.safetensors"
        var bytes = try Files.read(path)
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let entry = try JSON(parsing: Array(bytes[8..<8 + length]))[tensor]
        let range = (entry?["data_offsets"]?.array ?? []).compactMap(\.int).map { $0 + 8 + length }
        for offset in stride(from: range[0], to: range[1], by: 4) {
            withUnsafeBytes(of: value.bitPattern.littleEndian) {
                bytes.replaceSubrange(offset..<offset + 4, with: $0)
            }
        }
        try Files.write(path, bytes)
    }

    /// A server that is ready, with models `tiny` and `other`.
    func server(
        cores: Range<Int>, degree: Int = 1, queueLimit: Int = 256, batchLimit: Int = 32,
        control: ModelControl = .none, keys: APIKeys? = nil,
        more: [ModelSpecification] = []
    ) async throws -> InferenceServer {
        let server = InferenceServer(
            models: [
                try ModelSpecification(name: "tiny", uri: path + "/model"),
                try ModelSpecification(name: "other", uri: "file://\(path)/model"),
            ] + more,
            policy: .of(queueLimit: queueLimit, texts: batchLimit), control: control, keys: keys,
            tag: "ns/pod",
            openGenerator: { try await LanguageModelGenerator.open($0, on: $1, pool: .shared) })
        let devices = try NeuronDevices(root: path)
        let claims = try GroupPlan(cores: cores, degree: degree).groups.map { try devices.claim($0) }
        try await server.load(claims)
        return server
    }
}

extension BatchPolicy {
    static func of(queueLimit: Int = 256, texts: Int = 32, delay: Duration = .zero) -> BatchPolicy {
        var policy = BatchPolicy()
        policy.queueLimit = queueLimit
        policy.texts = texts
        policy.delay = delay
        return policy
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
