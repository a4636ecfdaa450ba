// The audit log of a local cluster, and the rules that its requests are held against.

import JSON
import KubernetesClient
import SystemIO

/// A right that is used or given: one verb on one resource, in one namespace or everywhere.
struct Right: Hashable, Comparable, CustomStringConvertible {
    var verb: String
    var group: String
    /// `pods`, `pods/binding`.
    var resource: String
    /// The name it is held to; empty for any.
    var name = ""

    var description: String {
        let qualified = group.isEmpty ? resource : "\(resource) of \(group)"
        return "\(verb) \(qualified)" + (name.isEmpty ? "" : " named \(name)")
    }

    static func < (left: Right, right: Right) -> Bool { left.description < right.description }
}

/// What one user asked for.
struct AuditedUse {
    /// Each right and the namespaces in which it was used; the empty one is the whole cluster.
    private(set) var used: [Right: Set<String>] = [:]
    /// One sentence for each request that was refused for want of a right.
    private(set) var refused: Set<String> = []
    /// Rights that were used for an object's name, by that name.
    private(set) var names: [Right: Set<String>] = [:]

    /// The name of what a test asks for with a component's token.
    static let foreignHand = "foreign-hand"

    /// Reads the requests of a service account.
    init(_ lines: [JSON], account: String) throws {
        for event in lines
        where event["user"]?["username"]?.string == "system:serviceaccount:ganglion-system:\(account)" {
            guard let object = event["objectRef"] else { continue }
            let code = event["responseStatus"]?["code"]?.int ?? 0
            let message = event["responseStatus"]?["message"]?.string ?? ""
            // A namespace that ends refuses as well. What a test tries with a component's token is named so.
            if code == 403, message.contains(" cannot "), object["name"]?.string != Self.foreignHand {
                refused.insert(message)
            }
            note(object, verb: event["verb"]?.string ?? "", group: "apiGroup")
            let besides = event["annotations"]?["ganglion.dev/needed-besides"]?.string
            for right in try besides.map({ try JSON(parsing: $0).array ?? [] }) ?? [] {
                note(right, verb: right["verb"]?.string ?? "", group: "group")
            }
        }
    }

    /// What agent and operator have asked for, as an audit log has it.
    static func all(_ path: String) throws -> (agent: AuditedUse, operator: AuditedUse) {
        let lines = try Files.readText(path, limit: 256 << 20).split(separator: "\n")
            .map { try JSON(parsing: String($0)) }
        return (
            try AuditedUse(lines, account: "ganglion-node-agent"),
            try AuditedUse(lines, account: "ganglion-operator")
        )
    }

    private mutating func note(_ object: JSON, verb: String, group: String) {
        let subresource = object["subresource"]?.string.map { "/" + $0 } ?? ""
        let right = Right(
            verb: verb, group: object[group]?.string ?? "",
            resource: (object["resource"]?.string ?? "") + subresource)
        used[right, default: []].insert(object["namespace"]?.string ?? "")
        if let name = object["name"]?.string { names[right, default: []].insert(name) }
    }
}

/// The chart's rules.
enum ChartRights {
    /// One by one, as a file of the chart gives them.
    static func of(_ file: String) throws -> Set<Right> {
        let rules = try YAMLReader.read(try Files.read("\(Tools.root)/charts/ganglion/rights/\(file).yaml"))
        var rights: Set<Right> = []
        for rule in rules.array ?? [] {
            func list(_ key: String) -> [String] { (rule[key]?.array ?? []).compactMap(\.string) }
            for group in list("apiGroups") {
                for resource in list("resources") {
                    for verb in list("verbs") {
                        for name in rule["resourceNames"] == nil ? [""] : list("resourceNames") {
                            rights.insert(Right(verb: verb, group: group, resource: resource, name: name))
                        }
                    }
                }
            }
        }
        return rights
    }
}
