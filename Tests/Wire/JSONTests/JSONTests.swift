import JSON
import Testing

@Suite("JSON value")
struct JSONTests {
    // Were a container copied for each of its elements, this would take most of an hour.
    @Test(
        "a mebibyte of many small values takes time that grows with its length",
        .timeLimit(.minutes(2)),
        arguments: [
            ("[]", "[", "]"), ("{}", "[", "]"), ("0", "[", "]"), (#""":0"#, "{", "}"), ("[[]]", "[", "]"),
        ])
    func many(piece: String, open: String, close: String) throws {
        let count = (1 << 20) / (piece.utf8.count + 1)
        // Members need names of their own.
        let pieces = (0..<count).map { open == "{" ? "\"\($0)\":0" : piece }
        let json = try JSON(parsing: Array((open + pieces.joined(separator: ",") + close).utf8))
        #expect((json.array?.count ?? json.object?.count) == count)
    }

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

    @Test(
        "refuses what is not JSON",
        arguments: [
            "", "{", "[1", "nul", "\"a", "{\"a\" 1}", "1 2", "[1,]", "{\"a\":1,}", "{,}", "[,]", "01", "-",
            "1.", ".5",
            "1e", "+1", "0x10", "'a'", "{a:1}", "[1}", "{\"a\":1]", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"",
            "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "1e999", "NaN", "tru", "//", "[1 2]", "{\"a\":}",
            "\"\\",
        ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test(
        "refuses a string that is not UTF-8",
        arguments: [[0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5]] as [[UInt8]])
    func notUTF8(octets: [UInt8]) {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22] + octets + [0x22]) }
    }

    @Test(
        "says where the fault is",
        arguments: [
            ("[1, x]", "not valid JSON at octet 4: a value was expected"),
            ("{\"a\": 1", "not valid JSON: it ends where \",\" or \"}\" was expected"),
            ("[[[1]]] 2", "not valid JSON at octet 8: text follows the document"),
            ("{\"a\" 1}", "not valid JSON at octet 5: \":\" was expected"),
        ])
    func sentences(text: String, sentence: String) {
        #expect(throws: JSONError(sentence)) { try JSON(parsing: text) }
    }

    @Test(
        "reads what JSON allows",
        arguments: [
            (" \t\r\n[ ]\n", []), ("-0", 0), ("1E2", 100), ("1.50", 1.5), ("{\"a\":1,\"a\":2}", ["a": 2]),
            ("\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\u{8}\u{c}\n\r\t/\\\""), ("\u{feff}{}", [:]),
            ("\"\\u0000\"", "\0"), ("[[],{}]", [[], [:]]),
            ("{\"\":{\"b\":[null]}}", ["": ["b": [JSON.null]]]),
        ] as [(String, JSON)])
    func reads(text: String, value: JSON) throws {
        #expect(try JSON(parsing: text) == value)
    }

    @Test("takes as many levels as it is told, and names the limit", arguments: [1, 32, 512, 2000])
    func depth(levels: Int) throws {
        func nested(_ count: Int) -> [UInt8] {
            Array(
                (String(repeating: "{\"a\":[", count: count / 2) + (count % 2 == 1 ? "{}" : "")
                    + String(repeating: "]}", count: count / 2)).utf8)
        }
        _ = try JSON(parsing: nested(levels), maximumDepth: levels)
        let error = #expect(throws: JSONError.self) {
            try JSON(parsing: nested(levels + 2), maximumDepth: levels)
        }
        #expect(error?.description.hasSuffix(": it is nested deeper than \(levels) levels") == true)
    }

    @Test("finds the parts of a document at any depth")
    func outline() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let text = Array(
            "{ \"kind\" : \"a\\\"}\" , \"n\":-1.5e3,\"deep\":\(deep),\"list\":[1,{\"x\":[2,3]} , \"]\",null] }"
                .utf8)
        let members = try JSONOutline.members(text)
        #expect(members.map(\.name) == ["kind", "n", "deep", "list"])
        #expect(try JSON(parsing: text, in: members[0].value) == "a\"}")
        #expect(try JSON(parsing: text, in: members[1].value) == -1500)
        #expect(members[2].value.count == 200_000)
        let elements = try JSONOutline.elements(text, in: members[3].value)
        #expect(try elements.map { try JSON(parsing: text, in: $0) } == [1, ["x": [2, 3]], "]", .null])
        #expect(try JSONOutline.elements(Array(" [ ] ".utf8)).isEmpty)
        #expect(try JSONOutline.members(Array("{}".utf8)).isEmpty)
    }

    @Test(
        "finds no parts in what has none or does not end",
        arguments: [
            "", "1", "[", "[1", "{\"a\"", "{\"a\":", "{\"a\":[}", "{1:2}", "[1 2]", "\"a\"", "{\"a\":\"b\\",
        ])
    func noOutline(text: String) {
        #expect(throws: JSONError.self) {
            _ = try JSONOutline.elements(Array(text.utf8))
            _ = try JSONOutline.members(Array(text.utf8))
        }
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
