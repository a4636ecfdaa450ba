// Volumes as far as this project makes or reads them; any other kind is kept as JSON (core/v1 Volume).

package import JSON

/// Where a volume appears in a container.
package struct VolumeMount: Codable, Hashable, Sendable {
    /// The volume's name in the pod.
    package var name: String
    /// The path in the container.
    package var mountPath: String
    /// Whether it cannot be written to.
    package var readOnly: Bool?
    /// A path in the volume.
    package var subPath: String?
    /// The same, with variables.
    package var subPathExpr: String?
    /// `None`, `HostToContainer` or `Bidirectional`.
    package var mountPropagation: String?

    /// A mount.
    package init(name: String, mountPath: String, readOnly: Bool? = nil) {
        self.name = name
        self.mountPath = mountPath
        self.readOnly = readOnly
    }
}

/// A volume: a name, and what it is.
package struct Volume: Equatable, Sendable {
    /// What a volume is made of.
    package enum Source: Equatable, Sendable {
        /// An empty directory; the medium may be `Memory`.
        case emptyDir(EmptyDirVolume)
        /// A path of the node.
        case hostPath(HostPathVolume)
        /// Any other kind, by its field's name.
        case other(String, JSON)
    }

    /// Unique in the pod.
    package var name: String
    /// What it is.
    package var source: Source

    /// A volume.
    package init(name: String, source: Source) {
        self.name = name
        self.source = source
    }
}

/// An empty directory that lives as long as the pod.
package struct EmptyDirVolume: Codable, Hashable, Sendable {
    /// `Memory`, or absent for the node's disk.
    package var medium: String?
    /// How much fits.
    package var sizeLimit: Quantity?

    /// A directory on the node's disk.
    package init() {}
}

/// A path of the node.
package struct HostPathVolume: Codable, Hashable, Sendable {
    /// The path.
    package var path: String
    /// What must be there, such as `Directory`.
    package var type: String?

    /// A path.
    package init(path: String, type: String? = nil) {
        self.path = path
        self.type = type
    }
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
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Field.self)
        name = try container.decode(String.self, forKey: Field("name"))
        if let source = try container.decodeIfPresent(EmptyDirVolume.self, forKey: Field("emptyDir")) {
            self.source = .emptyDir(source)
        } else if let source = try container.decodeIfPresent(HostPathVolume.self, forKey: Field("hostPath")) {
            self.source = .hostPath(source)
        } else if let field = container.allKeys.first(where: { $0.stringValue != "name" }) {
            source = .other(field.stringValue, try container.decode(JSON.self, forKey: field))
        } else {
            source = .emptyDir(EmptyDirVolume())  // what a volume without a source is (core/v1 defaults)
        }
    }

    /// As it was read.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Field.self)
        try container.encode(name, forKey: Field("name"))
        switch source {
        case .emptyDir(let source): try container.encode(source, forKey: Field("emptyDir"))
        case .hostPath(let source): try container.encode(source, forKey: Field("hostPath"))
        case .other(let field, let source): try container.encode(source, forKey: Field(field))
        }
    }
}
