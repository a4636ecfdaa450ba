// Taints keep pods off a node, tolerations let them in (core/v1, component-helpers scheduling/corev1).

/// What a taint does to pods that do not tolerate it.
public struct TaintEffect: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// They are not placed on the node.
    public static let noSchedule = TaintEffect(rawValue: "NoSchedule")
    /// They are placed elsewhere if possible.
    public static let preferNoSchedule = TaintEffect(rawValue: "PreferNoSchedule")
    /// They are not placed on the node, and taken off it.
    public static let noExecute = TaintEffect(rawValue: "NoExecute")
}

/// A mark on a node.
public struct Taint: Codable, Hashable, Sendable {
    /// The taint's key.
    public var key: String
    /// Its value, if it has one.
    public var value: String?
    /// What it does.
    public var effect: TaintEffect
    /// When it was set, for NoExecute.
    public var timeAdded: Timestamp?

    /// A taint made of its parts.
    public init(key: String, value: String? = nil, effect: TaintEffect) {
        self.key = key
        self.value = value
        self.effect = effect
    }

    /// What a cordoned node has even where nobody has written it down yet: the node controller adds it, the scheduler asks
    /// for it by itself.
    public static let unschedulable = Taint(key: "node.kubernetes.io/unschedulable", effect: .noSchedule)

    /// Whether it keeps pods from being placed.
    public var preventsScheduling: Bool { effect == .noSchedule || effect == .noExecute }
}

/// How a toleration compares.
public struct TolerationOperator: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Key and value are equal.
    public static let equal = TolerationOperator(rawValue: "Equal")
    /// The key is there, whatever the value.
    public static let exists = TolerationOperator(rawValue: "Exists")
    /// The taint's value is a number below the toleration's (KEP-5471).
    public static let lessThan = TolerationOperator(rawValue: "Lt")
    /// The taint's value is a number above the toleration's (KEP-5471).
    public static let greaterThan = TolerationOperator(rawValue: "Gt")
}

/// A pod's word that it stands a taint.
public struct Toleration: Codable, Hashable, Sendable {
    /// The taint's key; absent for all of them.
    public var key: String?
    /// How it compares; Equal where it is absent.
    public var `operator`: TolerationOperator?
    /// The taint's value.
    public var value: String?
    /// The taint's effect; absent for all of them.
    public var effect: TaintEffect?
    /// How long a pod stays after a NoExecute taint; absent for ever.
    public var tolerationSeconds: Int?

    /// A toleration made of its parts.
    public init(
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
