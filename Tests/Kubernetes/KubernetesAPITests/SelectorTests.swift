// Rows of apimachinery's labels/selector_test.go and fields/selector_test.go.

import Testing

@testable import KubernetesAPI

@Suite("Selectors")
struct SelectorTests {
    @Test(
        "of labels, as queries carry them",
        arguments: [
            ("", []), ("\rx", [.init("x", .exists)]), ("a ", [.init("a", .exists)]),
            ("!x", [.init("x", .doesNotExist)]),
            (
                "this-is-a-dns.domain.com/key-with-dash",
                [.init("this-is-a-dns.domain.com/key-with-dash", .exists)]
            ),
            ("a.b/key-with-dash in (so,what)", [.init("a.b/key-with-dash", .in, ["so", "what"])]),
            (
                "0.1.2.domain/99 notin (10.10.100.1, tick.tack.clock)",
                [.init("0.1.2.domain/99", .notIn, ["10.10.100.1", "tick.tack.clock"])]
            ),
            ("foo  in\t (abc)", [.init("foo", .in, ["abc"])]),
            ("x notin\n (abc)", [.init("x", .notIn, ["abc"])]),
            ("x in (abc,)", [.init("x", .in, ["abc", ""])]), ("x in (abc,abc)", [.init("x", .in, ["abc"])]),
            ("x in ()", [.init("x", .in, [""])]), ("x in (a,,)", [.init("x", .in, ["a", ""])]),
            ("x in (a,,a,,a,,a,,)", [.init("x", .in, ["a", ""])]),
            ("x notin ( )", [.init("x", .notIn, [""])]),
            ("x notin (, a)", [.init("x", .notIn, ["", "a"])]),
            (
                "x notin (abc,,def),bar,z in (),w",
                [
                    .init("x", .notIn, ["abc", "", "def"]), .init("bar", .exists), .init("z", .in, [""]),
                    .init("w", .exists),
                ]
            ),
            ("x,y in (a)", [.init("x", .exists), .init("y", .in, ["a"])]),
            ("x=a", [.init("x", .in, ["a"])]), ("x==a", [.init("x", .in, ["a"])]),
            ("x= ", [.init("x", .in, [""])]),
            ("x=,z= ", [.init("x", .in, [""]), .init("z", .in, [""])]),
            ("x>1", [.init("x", .greaterThan, ["1"])]), ("x<7", [.init("x", .lessThan, ["7"])]),
            ("x=a,y!=b", [.init("x", .in, ["a"]), .init("y", .notIn, ["b"])]),
            ("a in (x,y,notin, z,in)", [.init("a", .in, ["x", "y", "notin", "z", "in"])]),
            ("notin=in", [.init("notin", .in, ["in"])]),
        ] as [(String, [SelectorRequirement])])
    func parses(text: String, requirements: [SelectorRequirement]) throws {
        let selector = try LabelSelector(parsing: text)
        #expect(selector == LabelSelector(requirements))
        #expect(
            try Set(LabelSelector(parsing: selector.text).matchExpressions.map(\.key))
                == Set(requirements.map(\.key)))
    }

    @Test(
        "of labels that cannot be read",
        arguments: [
            "x=a||y=b", "x==a==b", "!x=a", "x<a", "x,,y", ",x,y", "x nott in (y)", "a in (xyz),",
            "a in (xyz)b notin ()",
            "a in (xyz abc)", "a notin(", "a (", "(", "x>", "x=a b", "!", "a b/c", "-a", "x=-", "a/b/c",
        ])
    func refuses(text: String) {
        #expect(throws: SelectorError.self) { try LabelSelector(parsing: text) }
    }

    @Test("say where they cannot be read, in Kubernetes' words")
    func sentences() {
        #expect(throws: SelectorError(description: "found ',', expected: identifier after ','")) {
            try LabelSelector(parsing: "x,,y")
        }
        #expect(
            throws: SelectorError(
                description: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")
        ) { try LabelSelector(parsing: "a b") }
    }

    @Test(
        "of labels, matched",
        arguments: [
            ("", ["x": "y"], true), ("x=y", ["x": "y"], true), ("x=y,z=w", ["x": "y", "z": "w"], true),
            ("x!=y,z!=w", ["x": "z", "z": "a"], true), ("notin=in", ["notin": "in"], true),
            ("x", ["x": "z"], true),
            ("!x", ["y": "z"], true), ("x>1", ["x": "2"], true), ("x<1", ["x": "0"], true),
            ("x=z", [:], false),
            ("x=y", ["x": "z"], false), ("x=y,z=w", ["x": "w", "z": "w"], false),
            ("x!=y,z!=w", ["x": "z", "z": "w"], false), ("x", ["y": "z"], false), ("!x", ["x": "z"], false),
            ("x>1", ["x": "0"], false), ("x<1", ["x": "2"], false), ("x>1", ["x": "v2"], false),
            ("x notin (a)", [:], true), ("x in ()", ["x": ""], true), ("x in ()", [:], false),
        ] as [(String, [String: String], Bool)])
    func matches(text: String, labels: [String: String], expected: Bool) throws {
        #expect(try LabelSelector(parsing: text).matches(labels) == expected)
    }

    @Test("of labels in objects: both parts must hold, and nothing means everything")
    func objects() {
        var selector = LabelSelector(matching: ["a": "b"])
        #expect(selector.matches(["a": "b", "c": "d"]))
        selector.matchExpressions = [.init("c", .doesNotExist)]
        #expect(!selector.matches(["a": "b", "c": "d"]))
        #expect(LabelSelector().matches([:]))
        #expect(selector.text == "a=b,!c")
    }

    @Test(
        "of fields, as queries carry them",
        arguments: [
            ("", []), ("x=a,y=b,z=c", [.init("x", "a"), .init("y", "b"), .init("z", "c")]),
            ("x!=a,y==b", [.init("x", "a", isEqual: false), .init("y", "b")]), ("x=", [.init("x", "")]),
            (#"x=a\,b,y=\=\\"#, [.init("x", "a,b"), .init("y", #"=\"#)]),
            ("metadata.name=foo", [.init("metadata.name", "foo")]), ("a=b,", [.init("a", "b")]),
        ] as [(String, [FieldSelector.Term])])
    func fields(text: String, terms: [FieldSelector.Term]) throws {
        let selector = try FieldSelector(parsing: text)
        #expect(selector == FieldSelector(terms))
        #expect(try FieldSelector(parsing: selector.text) == selector)
    }

    @Test(
        "of fields that cannot be read", arguments: ["x=a||y=b", "x==a==b", "x=a,b", #"x=\a"#, #"x=a\"#, "x"])
    func refusesFields(text: String) {
        #expect(throws: SelectorError.self) { try FieldSelector(parsing: text) }
    }

    @Test("of fields, matched; a field that is missing is empty")
    func matchesFields() throws {
        let values = ["a": "1", "b": ""]
        for (text, expected) in [
            ("a=1", true), ("a!=1", false), ("c=", true), ("b!=1,a=1", true), ("c!=", false),
        ] {
            #expect(try FieldSelector(parsing: text).matches { values[$0] ?? "" } == expected, "\(text)")
        }
    }
}
