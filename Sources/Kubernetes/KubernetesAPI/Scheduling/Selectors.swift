// Requirements on labels: what label selectors, node selectors and pod affinity are made of.

/// How a requirement compares.
public struct SelectorOperator: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The value is one of the list.
    public static let `in` = SelectorOperator(rawValue: "In")
    /// The value is none of the list, or there is no such label.
    public static let notIn = SelectorOperator(rawValue: "NotIn")
    /// There is such a label.
    public static let exists = SelectorOperator(rawValue: "Exists")
    /// There is no such label.
    public static let doesNotExist = SelectorOperator(rawValue: "DoesNotExist")
    /// The value is a whole number above the only one of the list.
    public static let greaterThan = SelectorOperator(rawValue: "Gt")
    /// The value is a whole number below the only one of the list.
    public static let lessThan = SelectorOperator(rawValue: "Lt")
}

/// One requirement on a label.
public struct SelectorRequirement: Codable, Hashable, Sendable {
    /// The label's key.
    public var key: String
    /// How it compares.
    public var `operator`: SelectorOperator
    /// What it is compared with; empty for Exists and DoesNotExist.
    public var values: [String]

    /// A requirement made of its parts.
    public init(_ key: String, _ operator: SelectorOperator, _ values: [String] = []) {
        self.key = key
        self.operator = `operator`
        self.values = values
    }

    /// Whether a value fulfils it (labels.Requirement.Matches). A requirement that cannot be understood is not fulfilled.
    ///
    /// - Parameter value: nil where there is no such label.
    public func matches(_ value: String?) -> Bool {
        switch `operator` {
        case .in: return value.map(values.contains) ?? false
        case .notIn: return !(value.map(values.contains) ?? false)
        case .exists: return value != nil
        case .doesNotExist: return value == nil
        case .greaterThan, .lessThan:
            guard let number = value.flatMap({ Int64($0) }), values.count == 1,
                let limit = values.first.flatMap({ Int64($0) })
            else { return false }
            return `operator` == .greaterThan ? number > limit : number < limit
        default: return false
        }
    }
}

/// Which objects are meant, by their labels (meta/v1 LabelSelector). All requirements must hold; without any, everything is
/// meant.
public struct LabelSelector: Codable, Hashable, Sendable, DefaultInitializable {
    /// Labels that must be there as they are.
    public var matchLabels: [String: String] = [:]
    /// More requirements.
    public var matchExpressions: [SelectorRequirement] = []

    /// The empty selector, which selects everything.
    public init() {}

    /// What has exactly these labels, among others.
    public init(matching labels: [String: String]) { matchLabels = labels }

    /// What fulfils these requirements.
    public init(_ requirements: [SelectorRequirement]) { matchExpressions = requirements }

    /// Whether an object with these labels is meant.
    public func matches(_ labels: [String: String]) -> Bool {
        matchLabels.allSatisfy { labels[$0.key] == $0.value }
            && matchExpressions.allSatisfy { $0.matches(labels[$0.key]) }
    }
}
