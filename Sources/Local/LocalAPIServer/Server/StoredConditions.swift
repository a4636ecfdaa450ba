// Conditions of objects as they are stored: whatever else an object holds stays as it is. When a condition's time moves is
// KubernetesAPI's rule.

internal import JSON
internal import KubernetesAPI

extension JSON {
    /// What is said of an object; a condition that is none is passed over.
    var storedConditions: [Condition] {
        (self["status"]?.conditions?.array ?? []).compactMap { try? $0.decode(Condition.self) }
    }

    /// Puts a condition into status.conditions in the place of the one of its type.
    mutating func setCondition(_ condition: JSON, now: Timestamp = .now) {
        guard let said = try? condition.decode(Condition.self) else { return }
        var known = storedConditions
        known.set(said, now: now)
        var condition = condition
        condition.lastTransitionTime = known[said.type]?.lastTransitionTime.map { .string($0.text) }
        var status = self["status"] ?? [:]
        var conditions = status.conditions?.array ?? []
        if let index = conditions.firstIndex(where: { $0.type == condition.type }) {
            conditions[index] = condition
        } else {
            conditions.append(condition)
        }
        status.conditions = .array(conditions)
        self["status"] = status
    }
}
