// How the lists and maps of a type merge: containers by name, conditions by type, selectors as a whole. Strategic merge
// patch and server-side apply both follow these rules; Go keeps them in struct tags, a CRD in its schema.

public import JSON

/// The merge rules of one kind, by field path. `[]` stands for any list element, `*` for any map key.
public struct MergeRules: Sendable {
    /// Lists whose elements have keys, with the names of these keys; no keys for a set of values.
    public var lists: [String: [String]] = [:]
    /// Objects that have one owner as a whole.
    public var atomicObjects: Set<String> = []
    /// Members that every element has by default, which count where an element leaves out a key.
    public var keyDefaults: [String: JSON] = ["protocol": "TCP"]
    /// Lists that strategic merge patches merge though server-side apply takes them as a whole.
    public var patchOnlyLists: [String: [String]] = [:]

    /// No rules: objects merge by member, lists are atomic.
    public init() {}

    /// The rules every object's metadata follows.
    public static let metadata: [String: [String]] = [
        "metadata.ownerReferences": ["uid"], "metadata.finalizers": [],
    ]

    /// Rules of a built-in kind.
    public init(lists: [String: [String]], atomicObjects: Set<String> = []) {
        self.lists = lists.merging(Self.metadata) { old, _ in old }
        self.atomicObjects = atomicObjects
    }

    /// The values that identify an element, nil where it has none of them.
    public func key(of element: JSON, keys: [String]) -> [String: JSON]? {
        var result: [String: JSON] = [:]
        for key in keys {
            if let value = element[key] ?? keyDefaults[key] { result[key] = value }
        }
        return result.isEmpty ? nil : result
    }
}

extension MergeRules {
    /// The path of a member.
    public static func path(_ path: String, _ member: String) -> String {
        path.isEmpty ? member : "\(path).\(member)"
    }

    /// These rules for a part of a larger object.
    public func below(_ place: String) -> MergeRules {
        var rules = self
        func moved<Value>(_ map: [String: Value]) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: map.map { (Self.path(place, $0.key), $0.value) })
        }
        rules.lists = moved(lists)
        rules.patchOnlyLists = moved(patchOnlyLists)
        rules.atomicObjects = Set(atomicObjects.map { Self.path(place, $0) })
        return rules
    }

    /// Rules of a pod's spec.
    public static let podSpec: MergeRules = {
        var rules = MergeRules()
        rules.lists = [
            "containers": ["name"], "initContainers": ["name"], "ephemeralContainers": ["name"],
            "volumes": ["name"], "imagePullSecrets": ["name"], "hostAliases": ["ip"],
            "resourceClaims": ["name"], "schedulingGates": ["name"],
            "topologySpreadConstraints": ["topologyKey", "whenUnsatisfiable"],
        ]
        rules.atomicObjects = ["nodeSelector"]
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            rules.lists["\(list)[].env"] = ["name"]
            rules.lists["\(list)[].ports"] = ["containerPort", "protocol"]
            rules.lists["\(list)[].volumeMounts"] = ["mountPath"]
            rules.lists["\(list)[].volumeDevices"] = ["devicePath"]
            rules.lists["\(list)[].resources.claims"] = ["name"]
            for reference in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef"] {
                rules.atomicObjects.insert("\(list)[].env[].valueFrom.\(reference)")
            }
        }
        return rules
    }()

    /// Rules of a pod and, but for its status, of a pod template.
    public static let pod: MergeRules = {
        var rules = podSpec.below("spec")
        rules.lists.merge(metadata) { own, _ in own }
        rules.lists["status.conditions"] = ["type"]
        rules.lists["status.podIPs"] = ["ip"]
        rules.lists["status.hostIPs"] = ["ip"]
        return rules
    }()
}
