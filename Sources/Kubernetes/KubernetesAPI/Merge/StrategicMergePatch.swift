// Strategic merge patch, the format of `kubectl apply`, `kubectl label` and kubelets: a merge patch that knows which lists
// merge by key (apimachinery strategicpatch). Directives: $patch (replace, delete, merge), $retainKeys,
// $deleteFromPrimitiveList; $setElementOrder orders a merged list.

public import JSON

/// Applies strategic merge patches by the rules of one kind.
public struct StrategicMergePatch: Sendable {
    private let rules: MergeRules

    /// Patches for a kind with these rules.
    public init(rules: MergeRules) { self.rules = rules }

    /// The value with the patch applied.
    public func applied(_ patch: JSON, to value: JSON) -> JSON { merge(value, patch, path: "") }

    private func merge(_ value: JSON, _ patch: JSON, path: String) -> JSON {
        guard case .object(var changes) = patch else { return patch }
        let directive = changes.removeValue(forKey: "$patch")?.string
        if directive == "replace" { return .object(changes.filter { !$0.key.hasPrefix("$") }) }
        if directive == "delete" { return [:] }
        var members = value.object ?? [:]
        if let retained = changes.removeValue(forKey: "$retainKeys")?.array {
            let names = Set(retained.compactMap(\.string))
            members = members.filter { names.contains($0.key) }
        }
        var orders: [String: [JSON]] = [:]
        for (key, change) in changes {
            if key.hasPrefix("$setElementOrder/") {
                orders[String(key.dropFirst("$setElementOrder/".count))] = change.array
            } else if key.hasPrefix("$deleteFromPrimitiveList/") {
                let name = String(key.dropFirst("$deleteFromPrimitiveList/".count))
                let gone = change.array ?? []
                members[name] = members[name]?.array.map { .array($0.filter { !gone.contains($0) }) }
            }
        }
        for (key, change) in changes where !key.hasPrefix("$") {
            if change.isNull {
                members[key] = nil
                continue
            }
            let place = MergeRules.path(path, key)
            switch change {
            case .object: members[key] = merge(members[key] ?? .null, change, path: place)
            case .array(let elements): members[key] = mergeList(members[key], elements, path: place)
            default: members[key] = change
            }
        }
        for (key, order) in orders {
            guard let keys = keys(of: MergeRules.path(path, key)), case .array(let list)? = members[key]
            else {
                continue
            }
            members[key] = .array(ordered(list, by: order, keys: keys))
        }
        return .object(members)
    }

    private func keys(of path: String) -> [String]? { rules.lists[path] ?? rules.patchOnlyLists[path] }

    private func mergeList(_ value: JSON?, _ changes: [JSON], path: String) -> JSON {
        let isReplace = changes.contains { $0["$patch"]?.string == "replace" && $0.object?.count == 1 }
        guard let keys = keys(of: path), !isReplace else {
            return .array(changes.filter { $0["$patch"]?.string != "replace" || $0.object?.count != 1 })
        }
        var list = value?.array ?? []
        guard let mergeKey = keys.first else {
            for change in changes where !list.contains(change) { list.append(change) }
            return .array(list)
        }
        for change in changes {
            let position = change[mergeKey].flatMap { wanted in list.firstIndex { $0[mergeKey] == wanted } }
            if change["$patch"]?.string == "delete" {
                if let position { list.remove(at: position) }
                continue
            }
            if let position {
                list[position] = merge(list[position], change, path: path + "[]")
            } else {
                list.append(merge(.null, change, path: path + "[]"))
            }
        }
        return .array(list)
    }

    /// Elements named by the order come in that order; the others keep their place relative to what stood before.
    private func ordered(_ list: [JSON], by order: [JSON], keys: [String]) -> [JSON] {
        func rank(_ element: JSON) -> Int? {
            guard let key = keys.first else { return order.firstIndex(of: element) }
            return order.firstIndex { $0[key] != nil && $0[key] == element[key] }
        }
        let ranked = list.filter { rank($0) != nil }.sorted { (rank($0) ?? 0) < (rank($1) ?? 0) }
        let others = list.filter { rank($0) == nil }
        return ranked + others
    }
}
