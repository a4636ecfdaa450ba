// JSON merge patch (RFC 7386): objects merge member by member, null removes, everything else replaces.

package import JSON

extension JSON {
    /// This value with a merge patch applied (RFC 7386 §2).
    package func merging(_ patch: JSON) -> JSON {
        guard case .object(let changes) = patch else { return patch }
        var members = object ?? [:]
        for (key, change) in changes {
            if change.isNull {
                members[key] = nil
            } else {
                members[key] = (members[key] ?? .null).merging(change)
            }
        }
        return .object(members)
    }
}
