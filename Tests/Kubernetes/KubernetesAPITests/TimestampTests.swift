import JSON
import Testing

@testable import KubernetesAPI

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "are RFC 3339 in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
            (951_826_154_000_007, "2000-02-29T12:09:14Z", "2000-02-29T12:09:14.000007Z"),
            (1_767_225_599_999_999, "2025-12-31T23:59:59Z", "2025-12-31T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"),
        ] as [(Int64, String, String)])
    func forms(microseconds: Int64, seconds: String, micro: String) {
        let time = Timestamp(microseconds: microseconds)
        #expect(time.text == seconds)
        #expect(time.microText == micro)
    }

    @Test(
        "are read with any fraction and offset",
        arguments: [
            ("2000-02-29T12:09:14Z", 951_826_154_000_000),
            ("2000-02-29T13:09:14.000007+01:00", 951_826_154_000_007),
            ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T12:09:14.0000079Z", 951_826_154_000_007),
            ("2000-02-30T12:09:14Z", nil), ("2000-02-29", nil), ("", nil),
        ] as [(String, Int64?)])
    func reads(text: String, microseconds: Int64?) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test("a lease's times have six digits, those of metadata none")
    func digits() throws {
        var lease = Lease(ObjectMetadata(name: "a"))
        lease.metadata.creationTimestamp = Timestamp(microseconds: 1_500_000)
        lease.spec.renewTime = Timestamp(microseconds: 1_500_000)
        let json = try JSON(encoding: lease)
        #expect(json["metadata"]?["creationTimestamp"] == "1970-01-01T00:00:01Z")
        #expect(json["spec"] == ["renewTime": "1970-01-01T00:00:01.500000Z"])
    }

    @Test("null and absent are no time, words are a fault with the place")
    func faults() throws {
        #expect(
            try (["creationTimestamp": .null] as JSON).decode(ObjectMetadata.self).creationTimestamp == nil)
        #expect(throws: JSONError.self) {
            try (["creationTimestamp": "yesterday"] as JSON).decode(ObjectMetadata.self)
        }
    }
}
