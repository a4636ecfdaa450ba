// What every object has (meta/v1 ObjectMeta).

/// An object's `metadata`. Strings that are absent are empty, as in Go.
public struct ObjectMetadata: Equatable, Sendable, DefaultInitializable {
    /// The object's name.
    public var name = ""
    /// The namespace, empty for objects of the cluster.
    public var namespace = ""
    /// The uid, unique over all time; the server's.
    public var uid = ""
    /// The opaque version of the object in the store; the server's.
    public var resourceVersion = ""
    /// Counts changes of the spec; the server's, 0 where it does not count.
    public var generation = 0
    /// When the object was made; the server's.
    public var creationTimestamp: Timestamp?
    /// When the object is to be gone; set while it is being deleted.
    public var deletionTimestamp: Timestamp?
    /// Seconds that the object has to end.
    public var deletionGracePeriodSeconds: Int?
    /// What objects are selected by.
    public var labels: [String: String] = [:]
    /// What tools keep with the object.
    public var annotations: [String: String] = [:]
    /// Who the object belongs to: it goes when they are gone.
    public var ownerReferences: [OwnerReference] = []
    /// Who has to do something before the object may go.
    public var finalizers: [String] = []
    /// The beginning of a name that the server completes.
    @Rare public var generateName: String?

    /// Metadata with no field set.
    public init() {}

    /// The metadata of a new object.
    public init(
        name: String, namespace: String = "", labels: [String: String] = [:],
        annotations: [String: String] = [:], ownerReferences: [OwnerReference] = []
    ) {
        self.name = name
        self.namespace = namespace
        self.labels = labels
        self.annotations = annotations
        self.ownerReferences = ownerReferences
    }

    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
    /// Whether the object is being deleted.
    public var isTerminating: Bool { deletionTimestamp != nil }
    /// The owner that controls the object, nil where none does.
    public var controller: OwnerReference? { ownerReferences.first { $0.controller == true } }
}

extension ObjectMetadata: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp
        case deletionGracePeriodSeconds, labels, annotations, ownerReferences, finalizers, generateName
    }

    /// Reads metadata; managed fields, a fifth of an object's octets, are passed over.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? ""
        namespace = try container.decodeIfPresent(String.self, forKey: .namespace) ?? ""
        uid = try container.decodeIfPresent(String.self, forKey: .uid) ?? ""
        resourceVersion = try container.decodeIfPresent(String.self, forKey: .resourceVersion) ?? ""
        generation = try container.decodeIfPresent(Int.self, forKey: .generation) ?? 0
        creationTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .creationTimestamp)
        deletionTimestamp = try container.decodeIfPresent(Timestamp.self, forKey: .deletionTimestamp)
        deletionGracePeriodSeconds = try container.decodeIfPresent(
            Int.self, forKey: .deletionGracePeriodSeconds)
        labels = try container.decode([String: String].self, forKey: .labels)
        annotations = try container.decode([String: String].self, forKey: .annotations)
        ownerReferences = try container.decode([OwnerReference].self, forKey: .ownerReferences)
        finalizers = try container.decode([String].self, forKey: .finalizers)
        generateName = try container.decodeIfPresent(String.self, forKey: .generateName)
    }

    /// Writes what is set.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        for (key, text) in [
            (CodingKeys.name, name), (.namespace, namespace), (.uid, uid),
            (.resourceVersion, resourceVersion),
        ] where !text.isEmpty {
            try container.encode(text, forKey: key)
        }
        if generation != 0 { try container.encode(generation, forKey: .generation) }
        try container.encodeIfPresent(creationTimestamp, forKey: .creationTimestamp)
        try container.encodeIfPresent(deletionTimestamp, forKey: .deletionTimestamp)
        try container.encodeIfPresent(deletionGracePeriodSeconds, forKey: .deletionGracePeriodSeconds)
        try container.encode(labels, forKey: .labels)
        try container.encode(annotations, forKey: .annotations)
        try container.encode(ownerReferences, forKey: .ownerReferences)
        try container.encode(finalizers, forKey: .finalizers)
        try container.encodeIfPresent(generateName, forKey: .generateName)
    }
}
