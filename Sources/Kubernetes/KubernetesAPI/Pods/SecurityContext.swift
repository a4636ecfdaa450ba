// Rights of pods and containers (core/v1 PodSecurityContext, SecurityContext), as far as they are checked or shown.

package import JSON

/// Rights of a container.
package struct SecurityContext: Codable, Equatable, Sendable {
    /// Whether it may do everything on the node.
    package var privileged: Bool?
    /// Whether it may gain more rights than it starts with.
    package var allowPrivilegeEscalation: Bool?
    /// Whether its own file system cannot be written to.
    package var readOnlyRootFilesystem: Bool?
    /// Whether root is refused.
    package var runAsNonRoot: Bool?
    /// The user's number.
    package var runAsUser: Int?
    /// The group's number.
    package var runAsGroup: Int?
    /// Single rights more or less.
    package var capabilities: Capabilities?
    /// `{type: RuntimeDefault}` and the like, unread.
    package var seccompProfile: JSON?
}

/// Linux capabilities.
package struct Capabilities: Codable, Hashable, Sendable {
    /// More.
    package var add: [String]
    /// Less.
    package var drop: [String]
}

/// Rights of all containers of a pod.
package struct PodSecurityContext: Codable, Equatable, Sendable, DefaultInitializable {
    /// Whether root is refused.
    package var runAsNonRoot: Bool?
    /// The user's number.
    package var runAsUser: Int?
    /// The group's number.
    package var runAsGroup: Int?
    /// The group that owns volumes.
    package var fsGroup: Int?
    /// More groups.
    package var supplementalGroups: [Int] = []
    /// `{type: RuntimeDefault}` and the like, unread.
    package var seccompProfile: JSON?

    /// No rights are said.
    package init() {}
}
