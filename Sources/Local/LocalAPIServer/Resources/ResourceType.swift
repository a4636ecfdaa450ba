// What the server knows of one resource in one version: its names, verbs and the strategy that treats its objects.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

/// A subresource as discovery shows it.
struct Subresource: Sendable {
    var name: String
    var kind: String
    var group = ""
    var version = ""
    var verbs: [String]

    static let status = ["get", "patch", "update"]
}

/// A served resource.
struct ResourceType: Sendable {
    var group: String
    var version: String
    var plural: String
    var singular: String
    var kind: String
    var listKind: String
    var namespaced: Bool
    var shortNames: [String] = []
    var categories: [String] = []
    var verbs = ResourceType.allVerbs
    var subresources: [Subresource] = []
    /// Where the objects are kept; two groups may show the same ones.
    var storage: GroupResource
    var isCustom = false
    /// ObjectNames the version in generic messages and whether metadata.generation counts changes of the rest.
    var countsGeneration = false
    /// Whether an update without a resource version replaces what is there (AllowUnconditionalUpdate).
    var allowsUnconditionalUpdate = false
    /// `status` is written only through its subresource.
    var separatesStatus = false
    /// Fields that may stand in a field selector besides metadata.name and metadata.namespace.
    var selectableFields: [String] = []
    var columns: [TableColumn] = TableColumn.nameAndAge
    var strategy: any ResourceStrategy
    var rules = MergeRules()

    static let allVerbs = [
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    ]

    var resource: GroupResource { GroupResource(group, plural) }
    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    func hasSubresource(_ name: String) -> Bool { subresources.contains { $0.name == name } }
}

/// What a write is about.
struct WriteContext: Sendable {
    var namespace: String
    var name: String
    var subresource: String
    var now: Timestamp
}

/// How the objects of a resource are completed and checked.
protocol ResourceStrategy: Sendable {
    /// Changes an object of this version into the form it is kept in.
    func stored(_ object: JSON) -> JSON
    /// Changes a kept object into the form this version shows.
    func shown(_ object: JSON) -> JSON
    /// Removes fields that a custom resource does not know and returns their paths; what a built-in kind knows is the
    /// matter of its type.
    func prune(_ object: inout JSON) -> [String]
    /// Fills in what the type itself defines.
    func applyDefaults(_ object: inout JSON)
    /// Fills in what admission and the create strategy define; not owned by the writer.
    func prepareForCreate(_ object: inout JSON, _ context: WriteContext)
    /// Keeps from the old object what an update may not touch.
    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext)
    /// The faults of an object; `old` is nil for a create.
    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError]
    /// The object against which a create's fields are counted as new.
    var baseline: JSON { get }
    /// What a deletion answers: the object (pods) or a Status.
    var deleteReturnsObject: Bool { get }
}

extension ResourceStrategy {
    func stored(_ object: JSON) -> JSON { object }
    func shown(_ object: JSON) -> JSON { object }
    func prune(_ object: inout JSON) -> [String] { [] }
    func applyDefaults(_ object: inout JSON) {}
    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {}
    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext) {}
    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] { [] }
    var baseline: JSON { ["metadata": [:], "spec": [:], "status": [:]] }
    var deleteReturnsObject: Bool { false }
}

/// A kind without rules of its own.
struct PlainStrategy: ResourceStrategy {}
