// Sets of fields, as metadata.managedFields carries them (FieldsV1): a tree whose keys are `f:name` for members,
// `k:{"name":"main"}` for list elements by key, `v:"x"` for set elements; `.` says that the place itself belongs to it.

internal import JSON

/// A set of places in an object.
struct FieldSet: Equatable, Sendable {
    /// Whether this place itself is in the set.
    var isMember = false
    /// The places below.
    var children: [String: FieldSet] = [:]

    /// The empty set.
    init() {}

    /// Reads FieldsV1.
    init(fieldsV1 json: JSON, depth: Int = 0) {
        guard let members = json.object, depth < 128 else { return }
        if members.isEmpty { isMember = depth > 0 }
        for (key, value) in members {
            if key == "." {
                isMember = true
            } else {
                children[key] = FieldSet(fieldsV1: value, depth: depth + 1)
            }
        }
    }

    /// The set as FieldsV1.
    var fieldsV1: JSON {
        var members = children.mapValues(\.fieldsV1)
        if isMember, !children.isEmpty { members["."] = [:] }
        return .object(members)
    }

    /// Whether no place is in the set.
    var isEmpty: Bool { !isMember && children.values.allSatisfy(\.isEmpty) }

    /// The set with every member that has places below it.
    var withContainers: FieldSet {
        var result = self
        for (key, set) in children {
            var below = set.withContainers
            if key.hasPrefix("f:"), !set.isEmpty { below.isMember = true }
            result.children[key] = below
        }
        return result
    }

    /// Places in either.
    func union(_ other: FieldSet) -> FieldSet {
        var result = self
        result.isMember = isMember || other.isMember
        result.children.merge(other.children) { $0.union($1) }
        return result
    }

    /// Places in this and not in the other.
    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && !other.isMember
        for (key, set) in children {
            let rest = other.children[key].map { set.subtracting($0) } ?? set
            if !rest.isEmpty { result.children[key] = rest }
        }
        return result
    }

    /// Places in this that are neither in the other nor below one of its ends.
    func subtractingRecursively(_ other: FieldSet) -> FieldSet {
        if other.isMember { return FieldSet() }
        var result = FieldSet()
        result.isMember = isMember
        for (key, set) in children {
            let rest = other.children[key].map { set.subtractingRecursively($0) } ?? set
            if !rest.isEmpty { result.children[key] = rest }
        }
        return result
    }

    /// Places in both.
    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet()
        result.isMember = isMember && other.isMember
        for (key, set) in children {
            guard let both = other.children[key].map({ set.intersection($0) }), !both.isEmpty else {
                continue
            }
            result.children[key] = both
        }
        return result
    }

    /// The places as people read them: `.data.a`, `.spec.containers[name="main"].image`.
    var paths: [String] { collect("").sorted() }

    private func collect(_ prefix: String) -> [String] {
        var result = isMember ? [prefix] : []
        for (key, set) in children { result += set.collect(prefix + Self.shown(key)) }
        return result
    }

    private static func shown(_ key: String) -> String {
        let rest = String(key.dropFirst(2))
        switch key.prefix(2) {
        case "f:": return "." + rest
        case "k:":
            guard let members = (try? JSON(parsing: rest))?.object else { return "[\(rest)]" }
            let pairs = members.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text())" }
            return "[" + pairs.joined(separator: ",") + "]"
        case "v:": return "[=\(rest)]"
        default: return "[\(rest)]"
        }
    }
}
