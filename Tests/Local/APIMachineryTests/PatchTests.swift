import JSON
import Testing

@testable import APIMachinery

private func parsed(_ text: String) throws -> JSON { try JSON(parsing: text) }

@Suite("Patches")
struct PatchTests {
    @Test(
        "JSON merge patch, the examples of RFC 7386 appendix A",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
            (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ])
    func merge(value: String, patch: String, result: String) throws {
        #expect(try parsed(value).merging(parsed(patch)) == parsed(result))
    }

    @Test(
        "JSON patch, the examples of RFC 6902 appendix A",
        arguments: [
            (
                #"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#,
                #"{"baz":"qux","foo":"bar"}"#
            ),
            (
                #"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                #"{"foo":["bar","qux","baz"]}"#
            ),
            (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
            (
                #"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#,
                #"{"foo":["bar","baz"]}"#
            ),
            (
                #"{"baz":"qux","foo":"bar"}"#, #"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                #"{"baz":"boo","foo":"bar"}"#
            ),
            (
                #"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                #"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                #"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#
            ),
            (
                #"{"foo":["all","grass","cows","eat"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                #"{"foo":["all","cows","eat","grass"]}"#
            ),
            (
                #"{"baz":"qux","foo":["a",2,"c"]}"#,
                #"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]"#,
                #"{"baz":"qux","foo":["a",2,"c"]}"#
            ),
            (
                #"{"foo":"bar"}"#, #"[{"op":"add","path":"/child","value":{"g":{}}}]"#,
                #"{"foo":"bar","child":{"g":{}}}"#
            ),
            (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10}]"#, #"{"/":9,"~1":10}"#),
            (
                #"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/-","value":["abc"]}]"#,
                #"{"foo":["bar",["abc"]]}"#
            ),
            (#"{"a":1}"#, #"[{"op":"copy","from":"/a","path":"/b"}]"#, #"{"a":1,"b":1}"#),
        ])
    func operations(value: String, patch: String, result: String) throws {
        #expect(try JSONPatch(parsed(patch)).applied(to: parsed(value)) == parsed(result))
    }

    @Test(
        "JSON patches that do not apply",
        arguments: [
            (
                #"[{"op":"test","path":"/a","value":2}]"#,
                JSONPatch.Fault.notApplicable("the test of /a failed")
            ),
            (#"[{"op":"remove","path":"/x"}]"#, .notApplicable("there is no x")),
            (#"[{"op":"add","path":"/x/y","value":1}]"#, .notApplicable("there is no x")),
            (#"[{"op":"replace","path":"/list/01","value":1}]"#, .notApplicable("there is no element 01")),
            (#"[{"op":"add","path":"/list/9","value":1}]"#, .notApplicable("there is no element 9")),
            (#"[{"op":"jump","path":"/a"}]"#, .malformed("there is no operation jump")),
            (#"{"op":"add"}"#, .malformed("a JSON patch is an array of operations")),
            (#"[{"op":"add","path":"a","value":1}]"#, .malformed("\"a\" is no JSON pointer")),
        ])
    func refused(patch: String, fault: JSONPatch.Fault) throws {
        let value = try parsed(#"{"a":1,"list":[1]}"#)
        #expect(throws: fault) { try JSONPatch(parsed(patch)).applied(to: value) }
    }

    private static let rules = MergeRules(
        lists: [
            "spec.containers": ["name"], "spec.containers[].env": ["name"], "status.conditions": ["type"],
        ])

    @Test(
        "strategic merge patch",
        arguments: [
            (
                "elements merge by their key",
                #"{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}}"#,
                #"{"spec":{"containers":[{"name":"b","image":"2"}]}}"#,
                #"{"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}]}}"#
            ),
            (
                "lists in elements merge too",
                #"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"}]}]}}"#,
                #"{"spec":{"containers":[{"name":"a","env":[{"name":"Y","value":"2"}]}]}}"#,
                #"{"spec":{"containers":[{"name":"a","env":[{"name":"X","value":"1"},{"name":"Y","value":"2"}]}]}}"#
            ),
            (
                "$patch: delete removes an element", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
                #"{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}"#,
                #"{"spec":{"containers":[{"name":"b"}]}}"#
            ),
            (
                "$patch: replace replaces an object", #"{"spec":{"a":1,"b":2}}"#,
                #"{"spec":{"c":3,"$patch":"replace"}}"#, #"{"spec":{"c":3}}"#
            ),
            (
                "other lists are replaced", #"{"spec":{"args":["a","b"]}}"#, #"{"spec":{"args":["c"]}}"#,
                #"{"spec":{"args":["c"]}}"#
            ),
            ("null removes", #"{"spec":{"a":1,"b":2}}"#, #"{"spec":{"a":null}}"#, #"{"spec":{"b":2}}"#),
            (
                "$setElementOrder orders", #"{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
                #"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}"#,
                #"{"spec":{"containers":[{"name":"b"},{"name":"a"}]}}"#
            ),
            (
                "$retainKeys keeps only these", #"{"spec":{"a":1,"b":2}}"#,
                #"{"spec":{"$retainKeys":["b"],"b":3}}"#,
                #"{"spec":{"b":3}}"#
            ),
            (
                "finalizers are a set", #"{"metadata":{"finalizers":["a"]}}"#,
                #"{"metadata":{"finalizers":["a","b"]}}"#,
                #"{"metadata":{"finalizers":["a","b"]}}"#
            ),
            (
                "$deleteFromPrimitiveList takes values out", #"{"metadata":{"finalizers":["a","b"]}}"#,
                #"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"#,
                #"{"metadata":{"finalizers":["b"]}}"#
            ),
        ])
    func strategic(name: String, value: String, patch: String, result: String) throws {
        #expect(
            try StrategicMergePatch(rules: Self.rules).applied(parsed(patch), to: parsed(value))
                == parsed(result))
    }
}
