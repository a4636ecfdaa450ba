// Where a container's environment comes from (core/v1 EnvVar, EnvFromSource).

/// One variable.
package struct EnvVar: Codable, Equatable, Sendable {
    /// The name.
    package var name: String
    /// The value; `$(NAME)` stands for variables before it.
    package var value: String?
    /// Where the value comes from instead.
    @Rare package var valueFrom: EnvVarSource?

    /// A variable with its value.
    package init(_ name: String, value: String? = nil, valueFrom: EnvVarSource? = nil) {
        self.name = name
        self.value = value
        self.valueFrom = valueFrom
    }
}

/// Where a value comes from: one of these.
package struct EnvVarSource: Codable, Hashable, Sendable {
    /// A field of the pod.
    package var fieldRef: ObjectFieldSelector?
    /// A resource of a container.
    package var resourceFieldRef: ResourceFieldSelector?
    /// A key of a ConfigMap.
    package var configMapKeyRef: KeySelector?
    /// A key of a Secret.
    package var secretKeyRef: KeySelector?

    /// A field of the pod, such as `status.podIP`.
    package init(field: String) { fieldRef = ObjectFieldSelector(fieldPath: field) }
}

/// A field of the pod.
package struct ObjectFieldSelector: Codable, Hashable, Sendable {
    /// The version that the path is of.
    package var apiVersion: String?
    /// The path, such as `metadata.name`.
    package var fieldPath: String

    /// A field by its path.
    package init(fieldPath: String) { self.fieldPath = fieldPath }
}

/// A resource of a container.
package struct ResourceFieldSelector: Codable, Hashable, Sendable {
    /// The container; absent for the one that asks.
    package var containerName: String?
    /// Such as `limits.cpu`.
    package var resource: String
    /// The unit that the value is given in; absent for 1.
    package var divisor: Quantity?
}

/// A key of a ConfigMap or a Secret.
package struct KeySelector: Codable, Hashable, Sendable {
    /// The object's name.
    package var name: String?
    /// The key.
    package var key: String
    /// Whether it may be missing.
    package var optional: Bool?
}

/// A whole object as environment: one of the two.
package struct EnvFromSource: Codable, Hashable, Sendable {
    /// What stands before each name.
    package var prefix: String?
    /// A ConfigMap.
    package var configMapRef: LocalReference?
    /// A Secret.
    package var secretRef: LocalReference?
}

/// An object of the same namespace, by name.
package struct LocalReference: Codable, Hashable, Sendable {
    /// The name.
    package var name: String?
    /// Whether it may be missing.
    package var optional: Bool?

    /// An object by name.
    package init(name: String) { self.name = name }
}
