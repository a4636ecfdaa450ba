// Taints keep pods off a node, tolerations let them in (core/v1, component-helpers scheduling/corev1).

/// What a taint does to pods that do not tolerate it.
package struct TaintEffect: OpenEnumeration {
    package let rawValue: String
    /// Any word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// They are not placed on the node.
    package static let noSchedule = TaintEffect(rawValue: "NoSchedule")
    /// They are placed elsewhere if possible.
    package static let preferNoSchedule = TaintEffect(rawValue: "PreferNoSchedule")
    /// They are not placed on the node, and taken off it.
    package static let noExecute = TaintEffect(rawValue: "NoExecute")
}

/// A mark on a node.
package struct Taint: Codable, Hashable, Sendable {
    /// The taint's key.
    package var key: String
    /// Its value, if it has one.
    package var value: String?
    /// What it does.
    package var effect: TaintEffect
    /// When it was set, for NoExecute.
    package var timeAdded: Timestamp?

    /// A taint made of its parts.
    package init(key: String, value: String? = nil, effect: TaintEffect) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// What a cordoned node has even where nobody has written it down yet: the node controller adds it, the scheduler asks
    /// for it by itself.
    package static let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)

    /// Whether it keeps pods from being placed.
    package var preventsScheduling: Bool { effect == .noSchedule || effect == .noExecute }
}

/// How a toleration compares.
package struct TolerationOperator: OpenEnumeration {
    package let rawValue: String
    /// Any word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Key and value are equal.
    package static let equal = TolerationOperator(rawValue: "Equal")
    /// The key is there, whatever the value.
    package static let exists = TolerationOperator(rawValue: "Exists")
    /// The taint's value is a number below the toleration's (KEP-5471).
    package static let lessThan = TolerationOperator(rawValue: "Lt")
    /// The taint's value is a number above the toleration's (KEP-5471).
    package static let greaterThan = TolerationOperator(rawValue: "Gt")
}

/// A pod's word that it stands a taint.
package struct Toleration: Codable, Hashable, Sendable {
    /// The taint's key; absent for all of them.
    package var key: String?
    /// How it compares; Equal where it is absent.
    package var `operator`: TolerationOperator?
    /// The taint's value.
    package var value: String?
    /// The taint's effect; absent for all of them.
    package var effect: TaintEffect?
    /// How long a pod stays after a NoExecute taint; absent for ever.
    package var tolerationSeconds: Int?

    /// A toleration made of its parts.
    package init(
        key: String? = nil, operator: TolerationOperator? = nil, value: String? = nil,
        effect: TaintEffect? = nil, tolerationSeconds: Int? = nil
    ) {
        self.key = key
        self.operator = `operator`
        self.value = value
        self.effect = effect
        self.tolerationSeconds = tolerationSeconds
    }
}
