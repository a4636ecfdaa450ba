// Against S3, STS and the metadata service of moto, with botocore's check of every signature.

import Digests
import JSON
import SystemIO
import TestSupport
import Testing
import WebClient

@testable import AWS
@testable import ModelSources

@Suite("Models of an object store that others wrote", .timeLimit(.minutes(5)), .serialized)
struct ObjectStoreTests {
    private struct Store {
        let peer: PythonPeer
        let address: String
        let id: String
        let key: String

        init() async throws {
            peer = try PythonPeer("object_store.py", ["serve"], python: Python.storePath)
            let line = try JSON(parsing: try await peer.text(until: "}"))
            address = line["address"]?.string ?? ""
            id = line["id"]?.string ?? ""
            key = line["key"]?.string ?? ""
            try await peer.write("auth\n")
            _ = try await peer.text(until: "ok auth\n")
        }

        var environment: [String: String] {
            [
                "AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": key,
                "AWS_REGION": "us-east-1",
            ]
        }
    }

    @Test(
        "a prefix is a folder, with pages, checksums and hard names; wrong keys are refused in one sentence")
    func everything() async throws {
        let store = try await Store()
        let scene = try Scene(store.environment)
        let model = try await scene.fetch("s3://models/minilm")
        #expect(
            try Scene.files(model.path).keys.sorted() == ["config.json", "deep/a b+c\u{e9}&<.bin", "empty"])
        #expect(try Files.read(model.path + "/config.json") == Array("{}".utf8))

        let many = try await scene.fetch("s3://models/many/")
        #expect(try Files.list(many.path).count == 1_234)
        #expect(try Files.readText(many.path + "/01233") == "1233")

        let one = try await scene.fetch("s3://models/one.bin")
        #expect(one.path.hasSuffix("/one.bin"))
        let sum = MessageDigest.of(try Files.read(one.path, limit: 1 << 23)).hexadecimal
        let pinned = try await scene.fetch("s3://models/one.bin#sha256=\(sum)")
        #expect(try Scene.files(pinned.path.replacingSuffix("/one.bin")) == ["one.bin": sum])

        await #expect(throws: ModelSourceError.self) { try await scene.fetch("s3://models/nothing") }
        var wrong = store.environment
        wrong["AWS_SECRET_ACCESS_KEY"] = "not-the-key"
        let other = try Scene(wrong)
        let error = await #expect(throws: ModelSourceError.self) {
            try await other.fetch("s3://models/minilm")
        }
        #expect(error?.status == 403)
        #expect(error?.description.contains("SignatureDoesNotMatch") == true)
        #expect(error?.description.contains("not-the-key") == false)

        try await webIdentity(store)
        try await instance(store)
        #expect(await store.peer.finish() == .exited(0))
    }

    /// STS gives credentials for a token; S3 takes them.
    private func webIdentity(_ store: Store) async throws {
        let scene = try Scene([
            "AWS_ENDPOINT_URL": store.address, "AWS_REGION": "us-east-1",
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
            "AWS_WEB_IDENTITY_TOKEN_FILE": try Self.token(),
        ])
        let model = try await scene.fetch("s3://models/minilm")
        #expect(try Files.list(model.path) == ["config.json", "deep", "empty"])
    }

    private static func token() throws -> String {
        let path = Scratch.path(".token")
        try Files.write(path, Array("header.payload.signature\n".utf8))
        return path
    }

    /// The metadata service gives keys by way of a token.
    private func instance(_ store: Store) async throws {
        let variables = ["AWS_EC2_METADATA_SERVICE_ENDPOINT": store.address, "HOME": "/nonexistent"]
        let source = try CredentialSource(environment: { variables[$0] }, client: WebClient())
        let credentials = try await source.credentials()
        #expect(credentials.accessKeyID == "test-key")
        #expect(credentials.sessionToken == "test-session-token")
        #expect((credentials.expiration ?? 0) > WallClock.now / 1_000_000_000)
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
