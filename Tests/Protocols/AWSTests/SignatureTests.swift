import JSON
import TestSupport
import Testing

@testable import AWS

@Suite("Signature Version 4")
struct SignatureTests {
    private static let general = AWSCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    private static let store = AWSCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    private func signature(_ fields: [(name: String, value: String)]) -> Substring? {
        fields.first { $0.name == "Authorization" }?.value.split(separator: "Signature=").last
    }

    @Test(
        "AWS's test suite, aws-sig-v4-test-suite",
        arguments: [
            ("GET", "/", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "GET", "/", [("Param2", "value2"), ("Param1", "value1")],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
            ("GET", "/./", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("GET", "/example/..", [], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ] as [(String, String, [(String, String)], String)])
    func suite(method: String, path: String, query: [(String, String)], expected: String) {
        let request = SignatureV4.Request(
            method: method, path: path, query: query, headers: [("Host", "example.amazonaws.com")])
        let fields = SignatureV4(region: "us-east-1", service: "service")
            .fields(for: request, Self.general, time: 1_440_938_160)
        #expect(signature(fields) == Substring(expected))
    }

    @Test(
        "S3's documented examples",
        arguments: [
            (
                "/test.txt", [], [("Range", "bytes=0-9")],
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            ),
            (
                "/", [("lifecycle", "")], [],
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
            ),
            (
                "/", [("max-keys", "2"), ("prefix", "J")], [],
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
            ),
        ] as [(String, [(String, String)], [(String, String)], String)])
    func documentation(
        path: String, query: [(String, String)], headers: [(String, String)], expected: String
    ) {
        let request = SignatureV4.Request(
            method: "GET", path: path, query: query,
            headers: headers + [("Host", "examplebucket.s3.amazonaws.com")])
        let fields = SignatureV4(region: "us-east-1", service: "s3")
            .fields(for: request, Self.store, time: 1_369_353_600)
        #expect(signature(fields) == Substring(expected))
    }

    @Test("botocore signs a thousand random requests the same")
    func botocore() async throws {
        let peer = try PythonPeer("object_store.py", ["sign", "1000"], python: Python.storePath)
        let lines = try await peer.lines()
        #expect(lines.count == 1_000)
        for line in lines {
            let sample = try JSON(parsing: line)
            func text(_ name: String) -> String { sample[name]?.string ?? "" }
            let query = (sample["query"]?.array ?? []).compactMap { pair -> (name: String, value: String)? in
                guard let name = pair.array?.first?.string, let value = pair.array?.last?.string else {
                    return nil
                }
                return (name, value)
            }
            let headers = (sample["headers"]?.strings ?? [:]).map { (name: $0.key, value: $0.value) }
            let request = SignatureV4.Request(
                method: text("method"), path: text("path"), query: query,
                headers: headers + [("Host", "host.example.com")], body: Array(text("body").utf8))
            let credentials = AWSCredentials(
                accessKeyID: text("id"), secretAccessKey: text("secret"),
                sessionToken: sample["token"]?.string)
            let fields = SignatureV4(region: text("region"), service: text("service"))
                .fields(for: request, credentials, time: Int64(sample["time"]?.int ?? 0))
            #expect(
                fields.first { $0.name == "Authorization" }?.value == text("authorization"), "\(line)")
        }
    }

    @Test("credentials show nothing secret")
    func secrets() {
        let credentials = AWSCredentials(
            accessKeyID: "ID", secretAccessKey: "hidden", sessionToken: "concealed")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("hidden") && !text.contains("concealed"))
        }
    }
}
