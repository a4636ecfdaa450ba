// How the lists and maps of a type merge: containers by name, conditions by type, selectors as a whole. Strategic merge
// patch and server-side apply both follow these rules; Go keeps them in struct tags, a CRD in its schema.

internal import JSON

/// The merge rules of one kind, by field path. `[]` stands for any list element, `*` for any map key.
package struct MergeRules: Sendable {
    /// Lists whose elements have keys, with the names of these keys; no keys for a set of values.
    package var lists: [String: [String]] = [:]
    /// Objects that have one owner as a whole.
    var atomicObjects: Set<String> = []
    /// Members that every element has by default, which count where an element leaves out a key.
    var keyDefaults: [String: JSON] = ["protocol": "TCP"]
    /// Lists that strategic merge patches merge though server-side apply takes them as a whole.
    var patchOnlyLists: [String: [String]] = [:]

    /// No rules: objects merge by member, lists are atomic.
    package init() {}

    /// The rules every object's metadata follows.
    package static let metadata: [String: [String]] = [
        "metadata.ownerReferences": ["uid"], "metadata.finalizers": [],
    ]

    /// Rules of a built-in kind.
    package init(lists: [String: [String]], atomicObjects: Set<String> = []) {
        self.lists = lists.merging(Self.metadata) { old, _ in old }
        self.atomicObjects = atomicObjects
    }

    /// The values that identify an element, nil where it has none of them.
    func key(of element: JSON, keys: [String]) -> [String: JSON]? {
        var result: [String: JSON] = [:]
        for key in keys {
            if let value = element[key] ?? keyDefaults[key] { result[key] = value }
        }
        return result.isEmpty ? nil : result
    }
}

/// The path of a member.
func child(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
