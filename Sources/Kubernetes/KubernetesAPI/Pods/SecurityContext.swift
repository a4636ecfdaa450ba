// Rights of pods and containers (core/v1 PodSecurityContext, SecurityContext), as far as they are checked or shown.

public import JSON

/// Rights of a container.
public struct SecurityContext: Codable, Equatable, Sendable {
    /// Whether it may do everything on the node.
    public var privileged: Bool?
    /// Whether it may gain more rights than it starts with.
    public var allowPrivilegeEscalation: Bool?
    /// Whether its own file system cannot be written to.
    public var readOnlyRootFilesystem: Bool?
    /// Whether root is refused.
    public var runAsNonRoot: Bool?
    /// The user's number.
    public var runAsUser: Int?
    /// The group's number.
    public var runAsGroup: Int?
    /// Single rights more or less.
    public var capabilities: Capabilities?
    /// `{type: RuntimeDefault}` and the like, unread.
    public var seccompProfile: JSON?
}

/// Linux capabilities.
public struct Capabilities: Codable, Hashable, Sendable {
    /// Capabilities given beyond the runtime's own, without `CAP_`.
    public var add: [String]
    /// Capabilities taken away; `ALL` takes every one.
    public var drop: [String]
}

/// Rights of all containers of a pod.
public struct PodSecurityContext: Codable, Equatable, Sendable, DefaultInitializable {
    /// Whether root is refused.
    public var runAsNonRoot: Bool?
    /// The user's number.
    public var runAsUser: Int?
    /// The group's number.
    public var runAsGroup: Int?
    /// The group that owns volumes.
    public var fsGroup: Int?
    /// More groups.
    public var supplementalGroups: [Int] = []
    /// `{type: RuntimeDefault}` and the like, unread.
    public var seccompProfile: JSON?

    /// No rights are said.
    public init() {}
}
