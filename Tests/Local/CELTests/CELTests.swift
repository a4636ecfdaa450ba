import JSON
import Testing

@testable import CEL

/// A declaration as a schema would make it.
private struct Declaration: CELSchema {
    var typeName: String?
    var properties: [String: Declaration]
    private var items: [Declaration]

    init(_ typeName: String?, of item: Declaration? = nil, properties: [String: Declaration] = [:]) {
        self.typeName = typeName
        self.properties = properties
        items = item.map { [$0] } ?? []
    }

    var elements: (any CELSchema)? { items.first }
    var values: (any CELSchema)? { nil }
    var isResource: Bool { false }
    var allowsUndeclaredFields: Bool { typeName == nil }
    var isObject: Bool { typeName == "object" }
    func property(_ name: String) -> (any CELSchema)? { properties[name] }
}

@Suite("CEL, the language of validation rules")
struct CELTests {
    private static let object: JSON = [
        "cores": 8, "per": 4, "name": "server-1", "ratio": 0.5, "tags": ["a", "b"], "on": true,
        "limits": ["cpu": "2", "memory": "1Gi"],
        "models": [["name": "m1", "memory": 3], ["name": "m2", "memory": 4]],
        "odd-name": 1,
    ]

    @Test(
        "is true",
        arguments: [
            "self.cores % self.per == 0", "self.cores == 8.0", "-self.cores < 0", "!(self.cores > 8)",
            "has(self.name) && !has(self.absent)", "!has(self.absent) || self.absent > 3",
            "self.absent > 3 || true", "true || self.absent > 3", "!(false && self.absent > 3)",
            "self.cores in [4, 8]", "'cpu' in self.limits", "!('gpu' in self.limits)",
            "self.limits['cpu'] == '2'",
            "self.tags[1] == 'b'", "size(self.tags) == 2", "self.tags.size() == 2", "self.name.size() == 8",
            "self.name.matches('^[a-z]+-[0-9]$')", "!self.name.matches('^[0-9]')",
            "self.name.startsWith('server')",
            "self.name.endsWith('1')", "self.name.contains('er-')", "self.models.all(m, m.memory > 2)",
            "self.models.exists(m, m.name == 'm2')", "self.models.exists_one(m, m.memory == 4)",
            "self.models.map(m, m.memory) == [3, 4]", "self.models.filter(m, m.memory > 3).size() == 1",
            "self.models.map(m, m.memory > 3, m.name) == ['m2']", "self.models.map(m, m.memory).sum() == 7",
            "self.tags.join(', ') == 'a, b'", "string(self.cores) + '!' == '8!'", "int('7') + 1 == 8",
            "self.cores > 4 ? true : false", "{'a': 1}['a'] == 1", "type(self.cores) == int",
            "quantity(self.limits.memory).isGreaterThan(quantity('512Mi'))",
            "duration('1m30s') == duration('90s')",
            "self.limits.all(k, k.size() > 2)", "[1, 2, 3].max() == 3", "'a,b'.split(',') == ['a', 'b']",
            "'abc'.substring(1) == 'bc'", "'Ab'.lowerAscii() == 'ab'", "self.odd__dash__name == 1",
            "[1, 2, 4, 8].filter(n, self.cores % n == 0).map(n, string(n)).join(', ') == '1, 2, 4, 8'",
            "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "10 - 4 - 3 == 3", "7 / 2 == 3", "-7 / 2 == -3",
            "r'\\d' == '\\\\d'", "'\\u0041' == 'A'", "self.ratio < 1",
        ])
    func holds(rule: String) throws {
        #expect(try CELProgram(rule).evaluate(["self": CELValue(Self.object)]) == .bool(true))
    }

    @Test(
        "has no value",
        arguments: [
            ("self.absent > 1", "no such key: absent"), ("self.tags[9] == 'x'", "index out of bounds: 9"),
            ("1 / 0 == 1", "division by zero"), ("9223372036854775807 + 1 > 0", "integer overflow"),
            ("self.cores + 'a' == 'b'", "no such overload"),
            ("int('x') == 1", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        ])
    func fails(rule: String, message: String) throws {
        #expect(throws: CELError(message)) {
            try CELProgram(rule).evaluate(["self": CELValue(Self.object)])
        }
    }

    private static let schema = Declaration(
        "object",
        properties: [
            "cores": Declaration("int"), "name": Declaration("string"),
            "models": Declaration(
                "list", of: Declaration("object", properties: ["memory": Declaration("int")])),
            "size": Declaration(nil),
        ])

    @Test(
        "does not compile",
        arguments: [
            ("self.nope > 1", "ERROR: <input>:1:5: undefined field 'nope'\n | self.nope > 1\n | ....^"),
            (
                "self.cores > 'a'",
                "ERROR: <input>:1:12: found no matching overload for '_>_' applied to '(int, string)'\n | self.cores > 'a'\n | ...........^"
            ),
            (
                "other.cores > 1",
                "ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other.cores > 1\n | ^"
            ),
            (
                "self.models.all(m, m.nope)",
                "ERROR: <input>:1:21: undefined field 'nope'\n | self.models.all(m, m.nope)\n | ....................^"
            ),
            (
                "self.metadata.labels == 1",
                "ERROR: <input>:1:14: undefined field 'labels'\n | self.metadata.labels == 1\n | .............^"
            ),
            (
                "self.cores >",
                "ERROR: <input>:1:13: Syntax error: mismatched input '<EOF>'\n | self.cores >\n | ............^"
            ),
        ])
    func refuses(rule: String, message: String) {
        #expect(
            CELProgram.compilationFault(rule, schema: Self.schema, isRoot: true, result: "bool")
                == "compilation failed: " + message)
    }

    @Test(
        "compiles",
        arguments: [
            "self.cores > 1", "self.size == 1 || self.size == 'a'", "self.metadata.name.size() < 50",
            "self.models.all(m, m.memory > 0)", "oldSelf.cores == self.cores",
            "has(self.name) ? self.name != '' : true",
        ])
    func accepts(rule: String) {
        #expect(CELProgram.compilationFault(rule, schema: Self.schema, isRoot: true, result: "bool") == nil)
    }

    @Test("a rule that is no truth value is refused")
    func result() {
        #expect(
            CELProgram.compilationFault("self.cores + 1", schema: Self.schema, isRoot: true, result: "bool")
                == "cel expression must evaluate to a bool")
    }

    @Test("an expression that would take too long is ended")
    func budget() {
        let lists = "[0,1,2,3,4,5,6,7,8,9]"
        let rule = (0..<7).reduce("true") { inner, depth in "\(lists).all(x\(depth), \(inner))" }
        #expect(throws: CELError.self) { try CELProgram(rule).evaluate([:]) }
    }

    @Test("deep nesting is refused, not crashed on")
    func depth() {
        #expect(throws: CELSyntaxError.self) {
            try CELProgram(String(repeating: "(", count: 1_000) + "1" + String(repeating: ")", count: 1_000))
        }
        #expect(throws: CELSyntaxError.self) { try CELProgram(String(repeating: "!", count: 5_000) + "true") }
    }
}
