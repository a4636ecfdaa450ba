// Conditions are observations with the time of their last change (meta/v1 Condition, core/v1 PodCondition and
// NodeCondition). The time moves only with the status: that rule stands here once (apimachinery meta.SetStatusCondition).

/// What an observation says.
public enum ConditionStatus: String, Hashable, Sendable, Codable {
    case `true` = "True"
    case `false` = "False"
    case unknown = "Unknown"

    /// Reads a status; a word that nobody knows is unknown.
    public init(from decoder: any Decoder) throws {
        self = ConditionStatus(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }

    /// What a truth value says; nil is unknown.
    public init(_ value: Bool?) { self = value.map { $0 ? .true : .false } ?? .unknown }
}

/// One observation of an object.
public struct Condition: Codable, Equatable, Sendable {
    /// What is observed, CamelCase; unique within an object.
    public var type: String
    /// What the observation says.
    public var status: ConditionStatus
    /// Why, for machines, CamelCase.
    public var reason: String?
    /// Why, for people.
    public var message: String?
    /// When the status changed last.
    public var lastTransitionTime: Timestamp?
    /// The generation of the object that was observed.
    public var observedGeneration: Int?
    /// Nodes only: when the observation was made last.
    public var lastHeartbeatTime: Timestamp?
    /// Pods only, and hardly ever set.
    public var lastProbeTime: Timestamp?

    /// An observation. Without a time it gets one when it is merged.
    public init(
        type: String, status: ConditionStatus, reason: String? = nil, message: String? = nil,
        lastTransitionTime: Timestamp? = nil, observedGeneration: Int? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
        self.observedGeneration = observedGeneration
    }
}

extension [Condition] {
    /// The condition of a type, nil where nobody has said anything.
    public subscript(type: String) -> Condition? { first { $0.type == type } }

    /// Whether a condition is there and true.
    public func isTrue(_ type: String) -> Bool { self[type]?.status == .true }

    /// Says something about a condition. Its time stays while its status does; a new status has the condition's own time or,
    /// without, `now`.
    ///
    /// - Returns: whether anything is different now.
    @discardableResult
    public mutating func set(_ condition: Condition, now: Timestamp) -> Bool {
        var condition = condition
        guard let index = firstIndex(where: { $0.type == condition.type }) else {
            condition.lastTransitionTime = condition.lastTransitionTime ?? now
            append(condition)
            return true
        }
        let before = self[index]
        if before.status == condition.status {
            condition.lastTransitionTime = before.lastTransitionTime ?? condition.lastTransitionTime ?? now
        } else {
            condition.lastTransitionTime = condition.lastTransitionTime ?? now
        }
        self[index] = condition
        return before != condition
    }

    /// These conditions and no others, each with the time at which its status changed.
    ///
    /// - Parameter previous: what was said before.
    public func merged(with previous: [Condition], now: Timestamp) -> [Condition] {
        map { condition in
            var known = previous.filter { $0.type == condition.type }
            known.set(condition, now: now)
            return known[0]
        }
    }

    /// Takes a condition away.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    public mutating func remove(_ type: String) -> Bool {
        let before = count
        removeAll { $0.type == type }
        return count != before
    }
}
