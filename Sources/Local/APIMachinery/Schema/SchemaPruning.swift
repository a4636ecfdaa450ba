// What happens to a custom resource before it is validated: unknown fields go (apiextensions pruning), missing ones get
// their defaults (structural defaulting).

package import JSON

extension StructuralSchema {
    /// Removes the fields the schema does not know and notes their paths.
    package func prune(_ value: inout JSON, path: String = "", isRoot: Bool = true, unknown: inout [String]) {
        switch value {
        case .object(var members):
            value = .null
            for key in members.keys.sorted() {
                if isRoot || embeddedResource, ["apiVersion", "kind", "metadata"].contains(key) { continue }
                let place = APIMachinery.child(path, key)
                if let schema = properties[key] ?? additional {
                    if var member = members[key] {
                        schema.prune(&member, path: place, isRoot: false, unknown: &unknown)
                        members[key] = member
                    }
                } else if !preserveUnknown, !additionalAny {
                    unknown.append(place)
                    members[key] = nil
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices {
                items.prune(
                    &elements[index], path: "\(path)[\(index)]", isRoot: false, unknown: &unknown)
            }
            value = .array(elements)
        default: return
        }
    }

    /// Fills in defaults, also inside objects that are there.
    package func applyDefaults(_ value: inout JSON) {
        switch value {
        case .object(var members):
            value = .null
            for (key, schema) in properties {
                if let fallback = schema.fallback,
                    members[key] == nil || (members[key] == .null && !schema.nullable)
                {
                    members[key] = fallback
                }
                if var member = members[key] {
                    schema.applyDefaults(&member)
                    members[key] = member
                }
            }
            if let additional {
                for (key, member) in members where properties[key] == nil {
                    var member = member
                    additional.applyDefaults(&member)
                    members[key] = member
                }
            }
            value = .object(members)
        case .array(var elements):
            guard let items else { return }
            value = .null
            for index in elements.indices { items.applyDefaults(&elements[index]) }
            value = .array(elements)
        default: return
        }
    }
}
