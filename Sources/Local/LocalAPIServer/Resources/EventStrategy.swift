// Events live once and are shown twice: as core/v1 and as events.k8s.io/v1, whose fields have other names
// (pkg/apis/events/v1/conversion.go). They are kept in the core form.

internal import APIMachinery
internal import JSON

/// Events of either group.
struct EventStrategy: ResourceStrategy {
    /// Whether this is the events.k8s.io view.
    let isNew: Bool

    private static let names = [
        ("regarding", "involvedObject"), ("note", "message"), ("reportingController", "reportingComponent"),
        ("deprecatedSource", "source"), ("deprecatedFirstTimestamp", "firstTimestamp"),
        ("deprecatedLastTimestamp", "lastTimestamp"), ("deprecatedCount", "count"),
    ]

    func stored(_ object: JSON) -> JSON { isNew ? rename(object, fromNew: true) : object }
    func shown(_ object: JSON) -> JSON { isNew ? rename(object, fromNew: false) : object }

    private func rename(_ object: JSON, fromNew: Bool) -> JSON {
        guard case .object(var members) = object else { return object }
        for (new, core) in Self.names {
            let (from, to) = fromNew ? (new, core) : (core, new)
            if let value = members.removeValue(forKey: from) { members[to] = value }
        }
        return .object(members)
    }

    var baseline: JSON {
        isNew
            ? [
                "metadata": [:], "deprecatedSource": [:], "eventTime": .null,
                "deprecatedFirstTimestamp": .null, "deprecatedLastTimestamp": .null,
            ]
            : [
                "metadata": [:], "involvedObject": [:], "source": [:], "firstTimestamp": .null,
                "lastTimestamp": .null,
            ]
    }

    func applyDefaults(_ object: inout JSON) {
        let nulls =
            isNew
            ? ["deprecatedFirstTimestamp", "deprecatedLastTimestamp"] : ["firstTimestamp", "lastTimestamp"]
        for key in nulls + ["eventTime"] where object[key] == nil { object[key] = .null }
        let source = isNew ? "deprecatedSource" : "source"
        if object[source] == nil { object[source] = [:] }
        if !isNew, object.reportingInstance == nil { object.reportingInstance = "" }
        if !isNew, object.reportingComponent == nil { object.reportingComponent = "" }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        let involved = object[isNew ? "regarding" : "involvedObject"]
        let namespace = involved?.namespace?.string ?? ""
        let expected = namespace.isEmpty ? "default" : namespace
        if isNew, old == nil {
            if (object.eventTime?.string ?? "").isEmpty { faults.append(.required("eventTime")) }
            for key in ["reportingController", "reportingInstance", "action", "reason"]
            where (object[key]?.string ?? "").isEmpty { faults.append(.required(key)) }
            let type = object.type?.string ?? ""
            if !["Normal", "Warning"].contains(type) {
                faults.append(.invalid("type", "", "has invalid value: \(type)"))
            }
        }
        if faults.isEmpty, context.namespace != expected,
            !(namespace.isEmpty && context.namespace == "kube-system")
        {
            let path = isNew ? "regarding.namespace" : "involvedObject.namespace"
            faults.append(.invalid(path, .string(namespace), "does not match event.namespace"))
        }
        return faults
    }
}
