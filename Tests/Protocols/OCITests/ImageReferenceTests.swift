import Testing

@testable import OCI

@Suite("References of images")
struct ImageReferenceTests {
    @Test(
        "are taken apart",
        arguments: [
            ("oci://ghcr.io/a/b:1.0", "ghcr.io", "a/b", "1.0", nil),
            ("localhost:5000/a", "localhost:5000", "a", "latest", nil),
            (
                "oci://r.io/a@sha256:" + String(repeating: "a", count: 64), "r.io", "a", nil,
                "sha256:" + String(repeating: "a", count: 64)
            ),
        ] as [(String, String, String, String?, String?)])
    func parts(text: String, registry: String, repository: String, tag: String?, digest: String?) throws {
        let reference = try #require(ImageReference(text))
        #expect(reference.registry == registry)
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
        #expect(reference.digest == digest)
    }

    @Test(
        "that are none are refused",
        arguments: [
            "oci://minilm", "oci://name/minilm", "oci://r.io/", "oci://r.io/A", "oci://r.io/a:",
            "oci://r.io/a//b",
            "oci://r.io/../b", "oci://r.io/a@sha256:00", "oci://u@r.io/a", "oci://r.io/a@md5:00",
        ])
    func malformed(text: String) { #expect(ImageReference(text) == nil) }

    @Test("challenges are read with their quotation marks")
    func challenge() {
        let field = #"Bearer realm="https://auth.io/token",service="a, b",scope="repository:x:pull,push""#
        #expect(
            Challenge(field)?.parameters == [
                "realm": "https://auth.io/token", "service": "a, b", "scope": "repository:x:pull,push",
            ])
        #expect(Challenge("Negotiate") == nil)
    }
}
