import JSON
import Testing

@Suite("JSON value")
struct JSONTests {
    @Test(
        "prints with sorted keys what it has parsed",
        arguments: [
            ("null", "null"), ("true", "true"), ("0", "0"), ("-12", "-12"), ("1.5", "1.5"),
            ("\"a/b\"", "\"a/b\""),
            ("[1, [], {}]", "[1,[],{}]"),
            ("{\"b\": 1, \"a\": {\"c\": null}}", "{\"a\":{\"c\":null},\"b\":1}"),
            ("9223372036854775807", "9223372036854775807"), ("\"\\u00e9\\ud83d\\ude00\"", "\"é😀\""),
        ])
    func roundTrip(text: String, printed: String) throws {
        #expect(try JSON(parsing: text).text() == printed)
    }

    @Test("refuses what is not JSON", arguments: ["", "{", "[1", "nul", "\"a", "{\"a\" 1}", "1 2"])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test("refuses nesting without bound instead of overflowing the stack")
    func deep() {
        let text = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test("keeps whole numbers apart from others and reads both as numbers")
    func numbers() throws {
        #expect(try JSON(parsing: "3") == .int(3))
        #expect(try JSON(parsing: "3.25") == .double(3.25))
        #expect(try JSON(parsing: "-16666666666666666.5667") == .int(-16_666_666_666_666_666))
        #expect(try JSON(parsing: "1e19") == .double(1e19))
        #expect(try JSON(parsing: "true") == .bool(true))
        #expect(JSON.double(4).int == 4)
        #expect(JSON.double(4.5).int == nil)
        #expect(JSON.int(2).double == 2)
    }

    @Test("members are read, set and removed by name and by path")
    func members() {
        var pod: JSON = ["metadata": ["name": "p", "labels": ["a": "b"]], "list": [1, 2]]
        #expect(pod.metadata?.name?.string == "p")
        #expect(pod["list"]?[1] == 2)
        #expect(pod["list"]?[2] == nil)
        #expect(pod.metadata?.labels?.strings == ["a": "b"])
        pod[path: ["spec", "nodeName"]] = "n"
        #expect(pod.spec == ["nodeName": "n"])
        pod[path: ["metadata", "labels"]] = nil
        #expect(pod.metadata == ["name": "p"])
        pod[path: ["absent", "child"]] = nil
        #expect(pod.absent == nil)
        pod["list"] = nil
        #expect(pod.object?.keys.sorted() == ["metadata", "spec"])
    }

    private struct Shape: Codable, Equatable {
        var name: String
        var count: Int?
    }

    @Test("types are read and written, and a misfit names the member")
    func typed() throws {
        #expect(try JSON(["name": "x"] as JSON).decode(Shape.self) == Shape(name: "x", count: nil))
        #expect(try JSON(encoding: Shape(name: "y", count: 2)) == ["name": "y", "count": 2])
        #expect(throws: JSONError("the document lacks \"name\"")) { try JSON.object([:]).decode(Shape.self) }
        #expect(throws: JSONError("count is not a whole number")) {
            try JSON(["name": "x", "count": "three"] as JSON).decode(Shape.self)
        }
    }

    @Test("a number that is not finite prints as null")
    func notFinite() {
        #expect(JSON.array([.double(.infinity), .double(.nan)]).text() == "[null,null]")
    }
}

extension JSON {
    /// Lets a literal with a type annotation be passed on.
    fileprivate init(_ json: JSON) { self = json }
}
