// Who owns which field: metadata.managedFields after an update and after a server-side apply (structured-merge-diff's
// Updater, sigs.k8s.io/structured-merge-diff/v6/merge).

internal import CEL
package import JSON
package import KubernetesAPI

/// One entry of managedFields.
package struct ManagedEntry: Equatable {
    var manager: String
    var operation: String
    var apiVersion: String
    var subresource: String
    /// When the manager last changed a field, RFC 3339; nil for the scale subresource.
    package var time: String?
    var fields: FieldSet

    init(
        manager: String, operation: String, apiVersion: String, subresource: String, time: String?,
        fields: FieldSet
    ) {
        self.manager = manager
        self.operation = operation
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.time = time
        self.fields = fields
    }

    init(_ json: JSON) {
        manager = json.manager?.string ?? ""
        operation = json.operation?.string ?? "Update"
        apiVersion = json.apiVersion?.string ?? ""
        subresource = json.subresource?.string ?? ""
        time = json.time?.string
        fields = json.fieldsV1.map { FieldSet(fieldsV1: $0) } ?? FieldSet()
    }

    var json: JSON {
        var json: JSON = [
            "manager": .string(manager), "operation": .string(operation), "apiVersion": .string(apiVersion),
            "fieldsType": "FieldsV1", "fieldsV1": fields.fieldsV1,
        ]
        if !subresource.isEmpty { json.subresource = .string(subresource) }
        if let time { json.time = .string(time) }
        return json
    }

    func isSameManager(as other: ManagedEntry) -> Bool {
        manager == other.manager && operation == other.operation && subresource == other.subresource
    }

    /// The manager as a conflict names it.
    var shown: String {
        var text = quoted(manager)
        if !subresource.isEmpty { text += " with subresource \(quoted(subresource))" }
        if operation == "Update" {
            text += " using \(apiVersion)"
            if let time { text += " at \(time)" }
        }
        return text
    }
}

/// Keeps managedFields true.
package struct FieldManager {
    let rules: MergeRules
    /// The kind's version, for entries.
    let apiVersion: String
    /// `status`, `scale` or empty.
    let subresource: String
    /// The manager's name.
    let manager: String
    /// The time for changed entries.
    let now: String

    /// The manager of one write.
    ///
    /// - Parameters:
    ///   - rules: how the kind's lists and maps merge.
    ///   - subresource: the subresource that is written; empty for the object itself.
    ///   - now: the time of the write, RFC 3339.
    package init(rules: MergeRules, apiVersion: String, subresource: String, manager: String, now: String) {
        self.rules = rules
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.manager = manager
        self.now = now
    }

    /// Entries of the scale subresource carry no time.
    private var time: String? { subresource == "scale" ? nil : now }

    private var walk: FieldWalk { FieldWalk(rules: rules) }

    /// The entries in an object's metadata; none where there is no object.
    package static func entries(of object: JSON?) -> [ManagedEntry] {
        (object?.metadata?.managedFields?.array ?? []).map(ManagedEntry.init)
    }

    private static func bare(_ object: JSON) -> JSON {
        var object = object
        object.metadata?.managedFields = nil
        return object
    }

    private func entry(_ operation: String, _ fields: FieldSet) -> ManagedEntry {
        ManagedEntry(
            manager: manager, operation: operation, apiVersion: apiVersion, subresource: subresource,
            time: time, fields: fields)
    }

    /// Who owns what before a write: as the object that is written says, which is how ownership is taken from a manager that
    /// is no more (`kubectl apply --server-side` after a client-side one). Nothing, or nonsense, keeps what was; an empty
    /// list, or one empty entry, resets it. Through a subresource nobody can say it (fieldmanager.go, decodeLiveOrNew).
    private func claimed(by new: JSON, _ old: JSON?) -> [ManagedEntry] {
        guard let old, subresource.isEmpty, let given = new.metadata?.managedFields?.array else {
            return Self.entries(of: old)
        }
        if given.isEmpty || given == [[:]] { return [] }
        let areWhole = given.allSatisfy {
            $0.fieldsType == "FieldsV1" && $0.fieldsV1?.object != nil && $0.apiVersion?.string != nil
                && ["Apply", "Update"].contains($0.operation?.string)
        }
        return areWhole ? given.map(ManagedEntry.init) : Self.entries(of: old)
    }

    /// The new object with managedFields after a create (`old` nil, `baseline` the empty object) or an update.
    package func updated(_ new: JSON, from old: JSON?, baseline: JSON) -> JSON {
        let entries = claimed(by: new, old)
        var result = Self.bare(new)
        let previous = old.map(Self.bare) ?? baseline
        let difference = walk.difference(from: previous, to: result)
        let changed = difference.changed.subtractingRecursively(FieldWalk.unowned)
        let removed = difference.removed
        var mine = entry("Update", FieldSet())
        var others: [ManagedEntry] = []
        var known: ManagedEntry?
        for existing in entries {
            if existing.isSameManager(as: mine) {
                known = existing
            } else {
                var rest = existing
                rest.fields = existing.fields.subtracting(changed).subtracting(removed)
                if !rest.fields.isEmpty { others.append(rest) }
            }
        }
        mine.fields = (known?.fields ?? FieldSet()).union(changed).subtracting(removed)
        if let known, known.fields == mine.fields, known.apiVersion == mine.apiVersion {
            mine.time = known.time
        }
        var all = others
        if !mine.fields.isEmpty { all.append(mine) }
        Self.set(all, on: &result)
        return result
    }

    /// The object after a server-side apply, with managedFields.
    ///
    /// - Throws: a 409 that names the conflicting managers unless `force`.
    package func applied(_ configuration: JSON, to old: JSON?, force: Bool, complete: (inout JSON) -> Void)
        throws(APIError) -> JSON
    {
        let entries = Self.entries(of: old)
        let configuration = Self.bare(configuration)
        let wanted = walk.fields(of: configuration).subtractingRecursively(FieldWalk.unowned)
        var mine = entry("Apply", wanted)
        let known = entries.first { $0.isSameManager(as: mine) }
        var others = entries.filter { !$0.isSameManager(as: mine) }
        let live = old.map(Self.bare)
        var result = walk.merged(live, configuration)
        if let known {
            // What this manager applied before and no longer does goes, unless somebody else owns it as well. A list
            // that was empty and has elements now is still applied (EnsureNamedFieldsAreMembers).
            let othersOwn = others.reduce(FieldSet()) { $0.union($1.fields) }
            let gone = known.fields.withContainers.subtracting(wanted.withContainers)
                .subtracting(othersOwn.withContainers)
            result = walk.removing(gone, from: result) ?? result
        }
        complete(&result)
        if let live {
            let difference = walk.difference(from: live, to: result)
            let changed = difference.changed.subtractingRecursively(FieldWalk.unowned).intersection(wanted)
            var conflicts: [(ManagedEntry, FieldSet)] = []
            for other in others {
                let overlap = other.fields.intersection(changed)
                if !overlap.isEmpty { conflicts.append((other, overlap)) }
            }
            if !conflicts.isEmpty, !force { throw Self.conflict(conflicts) }
            for index in others.indices {
                others[index].fields = others[index].fields.subtracting(changed)
                    .subtracting(difference.removed)
            }
            if let known, known.fields == wanted, known.apiVersion == mine.apiVersion, result == live {
                mine.time = known.time
            }
        }
        var all = others.filter { !$0.fields.isEmpty }
        if !mine.fields.isEmpty { all.append(mine) }
        Self.set(all, on: &result)
        return result
    }

    private static func conflict(_ conflicts: [(ManagedEntry, FieldSet)]) -> APIError {
        var causes: [JSON] = []
        var sentences: [String] = []
        var total = 0
        for (entry, set) in conflicts.sorted(by: { $0.0.shown < $1.0.shown }) {
            let paths = set.paths
            total += paths.count
            for path in paths {
                causes.append([
                    "reason": "FieldManagerConflict", "message": .string("conflict with \(entry.shown)"),
                    "field": .string(path),
                ])
            }
            sentences.append(
                paths.count == 1
                    ? "conflict with \(entry.shown): \(paths[0])"
                    : "conflicts with \(entry.shown):\n- " + paths.joined(separator: "\n- "))
        }
        let head = total == 1 ? "Apply failed with 1 conflict: " : "Apply failed with \(total) conflicts: "
        return APIError(
            409, "Conflict", head + sentences.joined(separator: "\n"), details: ["causes": .array(causes)])
    }

    /// Sets the entries in the real server's order: applies first, then by time and name.
    private static func set(_ entries: [ManagedEntry], on object: inout JSON) {
        let sorted = entries.sorted { left, right in
            if left.operation != right.operation { return left.operation < right.operation }
            if left.time != right.time { return (left.time ?? "") < (right.time ?? "") }
            if left.manager != right.manager { return left.manager < right.manager }
            if left.apiVersion != right.apiVersion { return left.apiVersion < right.apiVersion }
            return left.subresource < right.subresource
        }
        if sorted.isEmpty {
            object.metadata?.managedFields = nil
        } else {
            object.metadata?.managedFields = .array(sorted.map(\.json))
        }
    }
}
