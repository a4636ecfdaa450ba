// The rows are those of apimachinery's quantity_test.go.

import JSON
import Testing

@testable import KubernetesAPI

@Suite("Quantity")
struct QuantityTests {
    @Test(
        "is read, exactly, in every form; it is rounded away from zero below a billionth and capped with a binary suffix",
        arguments: [
            ("0", 0, 0), ("0n", 0, 0), ("0u", 0, 0), ("0m", 0, 0), ("0Ki", 0, 0), ("0k", 0, 0), ("0Ti", 0, 0),
            ("1", 1, 0), ("1Ki", 1024, 0), ("8Ki", 8192, 0), ("7Mi", 7_340_032, 0), ("6Gi", 6_442_450_944, 0),
            ("5Ti", 5_497_558_138_880, 0), ("4Pi", 4_503_599_627_370_496, 0),
            ("3Ei", 3_458_764_513_820_540_928, 0), ("100Ti", 109_951_162_777_600, 0),
            ("5n", 5, -9), ("4u", 4, -6), ("3m", 3, -3), ("9", 9, 0), ("8k", 8, 3), ("50k", 5, 4),
            ("7M", 7, 6),
            ("6G", 6, 9), ("5T", 5, 12), ("40T", 4, 13), ("300T", 3, 14), ("2P", 2, 15), ("1E", 1, 18),
            ("1E-3", 1, -3), ("1e3", 1, 3), ("1E6", 1, 6), ("1e9", 1, 9), ("1E12", 1, 12), ("1e15", 1, 15),
            ("1E18", 1, 18), ("1e14", 1, 14), ("1e13", 1, 13), ("100.035k", 100_035, 0),
            ("0.001", 1, -3), ("0.0005k", 5, -1), ("0.005", 5, -3), ("0.05", 5, -2), ("0.5", 5, -1),
            ("0.00050k", 5, -1), ("0.00500", 5, -3), ("0.05000", 5, -2), ("0.50000", 5, -1), ("0.5e0", 5, -1),
            ("0.5e-1", 5, -2), ("0.5e-2", 5, -3), ("10.035M", 10_035, 3), ("1.2e3", 12, 2),
            ("1.3E+6", 13, 5), ("1.40e9", 14, 8), ("1.53E12", 153, 10), ("1.6e15", 16, 14),
            ("1.7E18", 17, 17),
            ("9.01", 901, -2), ("8.1k", 81, 2), ("7.123456M", 7_123_456, 0),
            ("6.987654321G", 6_987_654_321, 0),
            ("5.444T", 5_444, 9), ("40.1T", 401, 11), ("300.2T", 3_002, 11), ("2.5P", 25, 14),
            ("1.01E", 101, 16),
            ("3.001n", 4, -9), ("1.1E-9", 2, -9), ("0.0000000001", 1, -9), ("0.0000000005", 1, -9),
            ("0.00000000050", 1, -9), ("0.5e-9", 1, -9), ("0.9n", 1, -9), ("0.00000012345", 124, -9),
            ("0.00000012354", 124, -9), ("9Ei", 9_223_372_036_854_775_807, 0),
            ("9223372036854775807Ki", 9_223_372_036_854_775_807, 0), ("12E", 12, 18),
            ("100.035Ki", 10_243_584, -2), ("0.5Mi", 524_288, 0), ("0.05Gi", 536_870_912, -1),
            ("0.025Ti", 274_877_906_944, -1), ("0.000000000001Ki", 2, -9), (".001", 1, -3), (".0001k", 1, -1),
            ("1.", 1, 0), ("1.G", 1, 9),
        ] as [(String, Int64, Int)])
    func reads(text: String, number: Int64, power: Int) throws {
        let expected = Quantity(Int128(number), scale: power, format: .decimal)
        #expect(Quantity(text) == expected)
        #expect(Quantity("+" + text) == expected)
        #expect(Quantity("-" + text) == -expected)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "-3.01e-", " 1", "1 ",
            "1e99999999999",
            "١", "1Mi ", "--1", "Ki",
        ])
    func refuses(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test(
        "is written in its canonical form",
        arguments: [
            ("1024Mi", "1Gi"), ("307200Ki", "300Mi"), ("6144Ki", "6Mi"), ("1025024Mi", "1001Gi"),
            ("1024Gi", "1Ti"),
            ("5000m", "5"), ("0.5", "500m"), ("1000M", "1G"), ("0.001T", "1G"), ("1000u", "1m"),
            ("80m", "80m"),
            ("1.08", "1080m"), ("1080000000n", "1080m"), ("300M", "300M"), ("1234567M", "1234567M"),
            ("3k", "3k"),
            ("1025", "1025"), ("0", "0"), ("0Ki", "0"), (".001e12", "1e9"), ("0.001e0", "1e-3"),
            ("1000e-12", "1e-9"), ("80e-3", "80e-3"), ("300e6", "300e6"), ("1e12", "1e12"), ("3e3", "3e3"),
            ("00", "0"), ("1n", "1n"), ("1080n", "1080n"), ("1080u", "1080u"), ("1Ki", "1Ki"),
            (".001Ki", "1024m"),
            (".000001Ki", "1024u"), ("-9.01", "-9010m"), ("-1Gi", "-1Gi"), ("0.5Ki", "512"), ("10e1", "100"),
        ])
    func writes(text: String, canonical: String) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.text == canonical)
        #expect(Quantity(canonical) == quantity)
        #expect(Quantity(canonical)?.text == canonical)
    }

    @Test(
        "is compared by amount",
        arguments: [
            ("100m", "50m"), ("10000T", "100Gi"), ("1", "800m"), ("800m", "790m"), ("1Ei", "1E"), ("1", "-1"),
            ("12E", "9Ei"), ("1n", "0"), ("0", "-1n"), ("1e40", "9Ei"), ("-1n", "-1e40"),
        ])
    func compares(larger: String, smaller: String) throws {
        let (larger, smaller) = (try #require(Quantity(larger)), try #require(Quantity(smaller)))
        #expect(larger > smaller)
        #expect(!(smaller > larger))
        #expect(larger != smaller)
    }

    @Test(
        "equal amounts are equal and have one hash",
        arguments: [("1Ki", "1024"), ("1", "1000m"), ("1e3", "1k")])
    func equals(first: String, second: String) throws {
        #expect(Quantity(first) == Quantity(second))
        #expect(Set([Quantity(first), Quantity(second)]).count == 1)
    }

    @Test(
        "a sum is exact and written as the first amount is, or as the other beside nothing",
        arguments: [
            ("100m", "0", "100m"), ("0", "1Gi", "1Gi"), ("1Gi", "512Mi", "1536Mi"), ("1", "1m", "1001m"),
            ("1Gi", "-1Gi", "0"), ("0.1", "0.2", "300m"), ("1500m", "1.5", "3"), ("9E", "9E", "18E"),
            ("1e40", "1", "10e39"),
        ])
    func adds(first: String, second: String, sum: String) throws {
        #expect(try (#require(Quantity(first)) + #require(Quantity(second))).text == sum)
    }

    @Test("the sign is the only thing that a negation changes", arguments: ["100m", "1Gi", "1e3"])
    func negates(text: String) throws {
        let quantity = try #require(Quantity(text))
        #expect((Quantity.zero - quantity).text == "-" + text)
        #expect((quantity - Quantity.zero).text == text)
    }

    @Test(
        "whole units and thousandths are rounded away from zero and kept inside 64 bits",
        arguments: [
            ("9.01", 10, 9_010), ("-9.01", -10, -9_010), ("1m", 1, 1), ("1n", 1, 1), ("0", 0, 0),
            ("12E", .max, .max), ("-12E", .min, .min), ("1Gi", 1_073_741_824, 1_073_741_824_000),
        ] as [(String, Int64, Int64)])
    func units(text: String, value: Int64, milli: Int64) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milli)
    }

    @Test("is read from a number too")
    func numbers() throws {
        let list = try (["a": 4, "b": 0.5, "c": "2Gi"] as JSON).decode([String: Quantity].self)
        #expect(list == ["a": 4, "b": Quantity(milli: 500), "c": Quantity(2 << 30)])
        #expect(try JSON(encoding: list) == ["a": "4", "b": "500m", "c": "2Gi"])
        #expect(throws: JSONError.self) { try (["a": "much"] as JSON).decode([String: Quantity].self) }
    }
}
