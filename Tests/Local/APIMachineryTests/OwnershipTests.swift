// What a second apply of the same manager leaves, where structured-merge-diff's rules are easy to get wrong.

import JSON
import Testing

@testable import APIMachinery

@Suite("Server-side apply again")
struct OwnershipTests {
    private static let manager = FieldManager(
        rules: MergeRules(lists: ["status.allocations": ["pod"]]), apiVersion: "ganglion.dev/v1alpha1",
        subresource: "status", manager: "agent", now: "2026-01-01T00:00:00Z")

    @Test(
        "what one manager applies, one after the other, is what is there",
        arguments: [
            ["[]", #"[{"pod":"a","cores":"0"}]"#],
            [#"[{"pod":"a","cores":"0"}]"#, "[]"],
            [
                #"[{"pod":"a","cores":"0"}]"#, #"[{"pod":"b","cores":"0"}]"#, "[]",
                #"[{"pod":"a","cores":"1"}]"#,
            ],
        ])
    func lists(applied: [String]) throws {
        var object: JSON = ["metadata": ["name": "n"]]
        for text in applied {
            let list = try JSON(parsing: Array(text.utf8))
            object = try Self.manager.applied(
                ["metadata": ["name": "n"], "status": ["free": 1, "allocations": list]], to: object,
                force: true, complete: { _ in })
            #expect(object.status == ["free": 1, "allocations": list])
        }
        object = try Self.manager.applied(
            ["metadata": ["name": "n"], "status": ["free": 1]], to: object, force: true, complete: { _ in })
        #expect(object.status == ["free": 1])
    }
}
