// Volumes as far as this project makes or reads them; any other kind is kept as JSON (core/v1 Volume).

public import JSON

/// Where a volume appears in a container.
public struct VolumeMount: Codable, Hashable, Sendable {
    /// The volume's name in the pod.
    public var name: String
    /// The path in the container.
    public var mountPath: String
    /// Whether it cannot be written to.
    public var readOnly: Bool?
    /// A path in the volume.
    public var subPath: String?
    /// The same, with variables.
    public var subPathExpr: String?
    /// `None`, `HostToContainer` or `Bidirectional`.
    public var mountPropagation: String?

    /// A mount.
    public init(name: String, mountPath: String, readOnly: Bool? = nil) {
        self.name = name
        self.mountPath = mountPath
        self.readOnly = readOnly
    }
}

/// A volume: a name, and what it is.
public struct Volume: Equatable, Sendable {
    /// What a volume is made of.
    public enum Source: Equatable, Sendable {
        /// An empty directory; the medium may be `Memory`.
        case emptyDir(EmptyDirVolume)
        /// A path of the node.
        case hostPath(HostPathVolume)
        /// A file for each key of a ConfigMap.
        case configMap(ConfigMapVolume)
        /// A file for each key of a Secret.
        case secret(SecretVolume)
        /// What a claim of the pod's namespace is bound to.
        case persistentVolumeClaim(ClaimVolume)
        /// What a claim is bound to that is made for the pod and goes with it.
        case ephemeral(EphemeralVolume)
        /// Any other kind, by its field's name.
        case other(String, JSON)
    }

    /// Unique in the pod.
    public var name: String
    /// What it is.
    public var source: Source

    /// A volume.
    public init(name: String, source: Source) {
        self.name = name
        self.source = source
    }
}

/// An empty directory that lives as long as the pod.
public struct EmptyDirVolume: Codable, Hashable, Sendable {
    /// `Memory`, or absent for the node's disk.
    public var medium: String?
    /// How much fits.
    public var sizeLimit: Quantity?

    /// A directory on the node's disk.
    public init() {}
}

/// A path of the node.
public struct HostPathVolume: Codable, Hashable, Sendable {
    /// The path.
    public var path: String
    /// What must be there, such as `Directory`.
    public var type: String?

    /// A path.
    public init(path: String, type: String? = nil) {
        self.path = path
        self.type = type
    }
}

/// The keys of a ConfigMap as files.
public struct ConfigMapVolume: Codable, Hashable, Sendable {
    /// The ConfigMap.
    public var name: String?
    /// Whether it may be missing.
    public var optional: Bool?
    /// The files' mode.
    public var defaultMode: Int?
    /// Single keys with their paths; empty for all of them.
    public var items: [KeyToPath] = []

    /// All keys of a ConfigMap.
    public init(name: String) { self.name = name }
}

/// The keys of a Secret as files.
public struct SecretVolume: Codable, Hashable, Sendable {
    /// The Secret.
    public var secretName: String?
    /// Whether it may be missing.
    public var optional: Bool?
    /// The files' mode.
    public var defaultMode: Int?
    /// Single keys with their paths; empty for all of them.
    public var items: [KeyToPath] = []

    /// All keys of a Secret.
    public init(secretName: String) { self.secretName = secretName }
}

/// What a claim is bound to.
public struct ClaimVolume: Codable, Hashable, Sendable {
    /// The claim, in the pod's namespace.
    public var claimName: String
    /// Whether it is mounted so that nobody can write to it.
    public var readOnly: Bool?

    /// A claim's volume.
    public init(claimName: String, readOnly: Bool? = nil) {
        self.claimName = claimName
        self.readOnly = readOnly
    }
}

/// A volume whose claim is made for the pod: it is called `POD-VOLUME`, and goes with the pod.
public struct EphemeralVolume: Codable, Equatable, Sendable {
    /// What the claim is made from; absent in copies that keep only what placement reads.
    @Rare public var volumeClaimTemplate: ClaimTemplate?

    /// What a claim is made from.
    public struct ClaimTemplate: Codable, Equatable, Sendable {
        /// Labels and annotations of the claim.
        public var metadata = ObjectMetadata()
        /// What is wanted.
        public var spec: PersistentVolumeClaimSpec

        /// A template.
        public init(metadata: ObjectMetadata = ObjectMetadata(), spec: PersistentVolumeClaimSpec) {
            self.metadata = metadata
            self.spec = spec
        }
    }

    /// A volume.
    public init(volumeClaimTemplate: ClaimTemplate? = nil) {
        self.volumeClaimTemplate = volumeClaimTemplate
    }
}

/// One key of a ConfigMap or a Secret, as a file.
public struct KeyToPath: Codable, Hashable, Sendable {
    /// The key.
    public var key: String
    /// The file's path in the volume.
    public var path: String
    /// The file's mode.
    public var mode: Int?
}

extension Volume: Codable {
    private struct Field: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads a volume.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Field.self)
        name = try container.decode(String.self, forKey: Field("name"))
        if let source = try container.decodeIfPresent(EmptyDirVolume.self, forKey: Field("emptyDir")) {
            self.source = .emptyDir(source)
        } else if let source = try container.decodeIfPresent(HostPathVolume.self, forKey: Field("hostPath")) {
            self.source = .hostPath(source)
        } else if let source = try container.decodeIfPresent(
            ConfigMapVolume.self, forKey: Field("configMap"))
        {
            self.source = .configMap(source)
        } else if let source = try container.decodeIfPresent(SecretVolume.self, forKey: Field("secret")) {
            self.source = .secret(source)
        } else if let source = try container.decodeIfPresent(
            ClaimVolume.self, forKey: Field("persistentVolumeClaim"))
        {
            self.source = .persistentVolumeClaim(source)
        } else if let source = try container.decodeIfPresent(
            EphemeralVolume.self, forKey: Field("ephemeral"))
        {
            self.source = .ephemeral(source)
        } else if let field = container.allKeys.first(where: { $0.stringValue != "name" }) {
            source = .other(field.stringValue, try container.decode(JSON.self, forKey: field))
        } else {
            source = .emptyDir(EmptyDirVolume())  // what a volume without a source is (core/v1 defaults)
        }
    }

    /// As it was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Field.self)
        try container.encode(name, forKey: Field("name"))
        switch source {
        case .emptyDir(let source): try container.encode(source, forKey: Field("emptyDir"))
        case .hostPath(let source): try container.encode(source, forKey: Field("hostPath"))
        case .configMap(let source): try container.encode(source, forKey: Field("configMap"))
        case .secret(let source): try container.encode(source, forKey: Field("secret"))
        case .persistentVolumeClaim(let source):
            try container.encode(source, forKey: Field("persistentVolumeClaim"))
        case .ephemeral(let source): try container.encode(source, forKey: Field("ephemeral"))
        case .other(let field, let source): try container.encode(source, forKey: Field(field))
        }
    }
}
