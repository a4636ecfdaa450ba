// Where a container's environment comes from (core/v1 EnvVar, EnvFromSource).

/// One variable.
public struct EnvVar: Codable, Equatable, Sendable {
    /// The name.
    public var name: String
    /// The value; `$(NAME)` stands for variables before it.
    public var value: String?
    /// Where the value comes from instead.
    @Rare public var valueFrom: EnvVarSource?

    /// A variable with its value.
    public init(_ name: String, value: String? = nil, valueFrom: EnvVarSource? = nil) {
        self.name = name
        self.value = value
        self.valueFrom = valueFrom
    }
}

/// Where a value comes from: one of these.
public struct EnvVarSource: Codable, Hashable, Sendable {
    /// A field of the pod.
    public var fieldRef: ObjectFieldSelector?
    /// A resource of a container.
    public var resourceFieldRef: ResourceFieldSelector?
    /// A key of a ConfigMap.
    public var configMapKeyRef: KeySelector?
    /// A key of a Secret.
    public var secretKeyRef: KeySelector?

    /// A field of the pod, such as `status.podIP`.
    public init(field: String) { fieldRef = ObjectFieldSelector(fieldPath: field) }
}

/// A field of the pod.
public struct ObjectFieldSelector: Codable, Hashable, Sendable {
    /// The version that the path is of.
    public var apiVersion: String?
    /// The path, such as `metadata.name`.
    public var fieldPath: String

    /// A field by its path.
    public init(fieldPath: String) { self.fieldPath = fieldPath }
}

/// A resource of a container.
public struct ResourceFieldSelector: Codable, Hashable, Sendable {
    /// The container; absent for the one that asks.
    public var containerName: String?
    /// Such as `limits.cpu`.
    public var resource: String
    /// The unit that the value is given in; absent for 1.
    public var divisor: Quantity?
}

/// A key of a ConfigMap or a Secret.
public struct KeySelector: Codable, Hashable, Sendable {
    /// The object's name.
    public var name: String?
    /// The key.
    public var key: String
    /// Whether it may be missing.
    public var optional: Bool?
}

/// A whole object as environment: one of the two.
public struct EnvFromSource: Codable, Hashable, Sendable {
    /// What stands before each name.
    public var prefix: String?
    /// A ConfigMap.
    public var configMapRef: LocalReference?
    /// A Secret.
    public var secretRef: LocalReference?
}

/// An object of the same namespace, by name.
public struct LocalReference: Codable, Hashable, Sendable {
    /// The name.
    public var name: String?
    /// Whether it may be missing.
    public var optional: Bool?

    /// An object by name.
    public init(name: String) { self.name = name }
}
