// What an object's fields are (for an applied configuration) and how two versions of an object differ, as structured-merge-
// diff sees it: by list keys, not by position.

internal import JSON

/// Walks values by merge rules.
struct FieldWalk {
    let rules: MergeRules

    /// Fields nobody owns: identity and what the server keeps (fieldmanager stripmeta).
    static let unowned: FieldSet = {
        var set = FieldSet()
        func insert(_ path: [String]) {
            func add(_ set: inout FieldSet, _ path: ArraySlice<String>) {
                guard let first = path.first else {
                    set.isMember = true
                    return
                }
                add(&set.children["f:" + first, default: FieldSet()], path.dropFirst())
            }
            add(&set, path[...])
        }
        insert(["apiVersion"])
        insert(["kind"])
        for field in [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields",
            "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds",
        ] { insert(["metadata", field]) }
        return set
    }()

    /// The elements of a list by their key in a field set; nil for a list that is atomic.
    func elements(_ list: [JSON], path: String) -> [(key: String, value: JSON)]? {
        guard let keys = rules.lists[path] else { return nil }
        var seen: Set<String> = []
        var result: [(key: String, value: JSON)] = []
        for element in list {
            let key: String
            if keys.isEmpty {
                key = "v:" + element.text()
            } else {
                guard let members = rules.key(of: element, keys: keys) else { continue }
                key = "k:" + JSON.object(members).text()
            }
            if seen.insert(key).inserted { result.append((key, element)) }
        }
        return result
    }

    /// The fields of an applied configuration.
    func fields(of value: JSON, path: String = "") -> FieldSet {
        var set = FieldSet()
        switch value {
        case .object(let members) where !members.isEmpty && !rules.atomicObjects.contains(path):
            for (key, member) in members {
                set.children["f:" + key] = fields(of: member, path: child(path, key))
            }
        case .array(let list) where !list.isEmpty:
            guard let elements = elements(list, path: path) else {
                set.isMember = true
                break
            }
            for (key, element) in elements {
                var below = key.hasPrefix("v:") ? FieldSet() : fields(of: element, path: path + "[]")
                below.isMember = true
                set.children[key] = below
            }
        default: set.isMember = true
        }
        return set
    }

    /// How a new version differs from an old one.
    struct Difference: Equatable {
        var changed = FieldSet()
        var removed = FieldSet()
    }

    /// The places that are new or have another value, and those that are gone.
    func difference(from old: JSON?, to new: JSON?, path: String = "") -> Difference {
        var difference = Difference()
        guard let new, !(new.isNull && old == nil) else {
            if let old { difference.removed = everything(in: old, path: path) }
            return difference
        }
        if old == new { return difference }
        guard let old, !old.isNull else {
            difference.changed = everything(in: new, path: path)
            // What was null was there: only what is in it is new.
            if old != nil, !difference.changed.children.isEmpty { difference.changed.isMember = false }
            return difference
        }
        switch (old, new) {
        case (.object(let before), .object(let after)) where !rules.atomicObjects.contains(path):
            for key in Set(before.keys).union(after.keys) {
                let below = self.difference(from: before[key], to: after[key], path: child(path, key))
                if !below.changed.isEmpty { difference.changed.children["f:" + key] = below.changed }
                if !below.removed.isEmpty { difference.removed.children["f:" + key] = below.removed }
            }
        case (.array(let before), .array(let after)):
            guard let before = elements(before, path: path), let after = elements(after, path: path) else {
                difference.changed.isMember = true
                break
            }
            let oldElements = Dictionary(before.map { ($0.key, $0.value) }, uniquingKeysWith: { a, _ in a })
            let newElements = Dictionary(after.map { ($0.key, $0.value) }, uniquingKeysWith: { a, _ in a })
            for key in Set(oldElements.keys).union(newElements.keys) {
                let below = self.difference(
                    from: oldElements[key], to: newElements[key], path: path + "[]")
                if !below.changed.isEmpty { difference.changed.children[key] = below.changed }
                if !below.removed.isEmpty { difference.removed.children[key] = below.removed }
            }
        default: difference.changed.isMember = true
        }
        return difference
    }

    /// A value's place and all places in it.
    private func everything(in value: JSON, path: String) -> FieldSet {
        var set = FieldSet()
        set.isMember = true
        switch value {
        case .object(let members) where !rules.atomicObjects.contains(path):
            for (key, member) in members {
                set.children["f:" + key] = everything(in: member, path: child(path, key))
            }
        case .array(let list):
            for (key, element) in elements(list, path: path) ?? [] {
                var below = key.hasPrefix("v:") ? FieldSet() : everything(in: element, path: path + "[]")
                below.isMember = true
                set.children[key] = below
            }
        default: break
        }
        return set
    }

    /// The old value with an applied configuration merged in.
    func merged(_ old: JSON?, _ applied: JSON, path: String = "") -> JSON {
        switch (old, applied) {
        case (.object(var members)?, .object(let changes)) where !rules.atomicObjects.contains(path):
            for (key, change) in changes {
                members[key] = merged(members[key], change, path: child(path, key))
            }
            return .object(members)
        case (.array(let list)?, .array(let changes)):
            guard let old = elements(list, path: path), let new = elements(changes, path: path) else {
                return applied
            }
            var result = old
            for (key, change) in new {
                if let position = result.firstIndex(where: { $0.key == key }) {
                    if !key.hasPrefix("v:") {
                        result[position].value = merged(
                            result[position].value, change, path: path + "[]")
                    }
                } else {
                    result.append((key, change))
                }
            }
            return .array(result.map(\.value))
        default: return applied
        }
    }

    /// The value without the places of a set. Containers that thereby become empty stay unless they are in the set.
    func removing(_ set: FieldSet, from value: JSON, path: String = "") -> JSON? {
        switch value {
        case .object(var members):
            for (key, below) in set.children where key.hasPrefix("f:") {
                let name = String(key.dropFirst(2))
                guard let member = members[name] else { continue }
                members[name] = removing(below, from: member, path: child(path, name))
            }
            if set.isMember, members.isEmpty || set.children.isEmpty { return nil }
            return .object(members)
        case .array(let list):
            guard !set.children.isEmpty, let elements = elements(list, path: path) else {
                return set.isMember ? JSON?.none : value
            }
            let kept = elements.compactMap { key, element -> JSON? in
                guard let below = set.children[key] else { return element }
                if below.isMember { return nil }
                return removing(below, from: element, path: path + "[]")
            }
            return set.isMember && kept.isEmpty ? JSON?.none : .array(kept)
        default: return set.isMember ? JSON?.none : value
        }
    }
}
