// What a pod is to be (core/v1 PodSpec).

/// A pod's spec.
package struct PodSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// What runs side by side.
    package var containers: [Container] = []
    /// What runs before, one after the other; sidecars stay.
    package var initContainers: [Container] = []
    /// The volumes.
    package var volumes: [Volume] = []
    /// The node, absent while the pod waits for one.
    package var nodeName: String?
    /// Who places the pod.
    package var schedulerName: String?
    /// Labels that the node must have.
    package var nodeSelector: [String: String] = [:]
    /// Taints that the pod stands.
    package var tolerations: [Toleration] = []
    /// Where it wants to be.
    @Rare package var affinity: Affinity?
    /// How evenly it is spread.
    package var topologySpreadConstraints: [TopologySpreadConstraint] = []
    /// Whoever named these has not yet let it be placed.
    package var schedulingGates: [SchedulingGate] = []
    /// Higher ones are placed first.
    package var priority: Int?
    /// Where the priority comes from.
    package var priorityClassName: String?
    /// `PreemptLowerPriority` or `Never`.
    package var preemptionPolicy: String?
    /// What the pod as a whole asks for (KEP-2837).
    @Rare package var resources: ResourceRequirements?
    /// What running the pod costs beyond its containers.
    package var overhead: [String: Quantity] = [:]
    /// DRA: the claims that containers refer to.
    package var resourceClaims: [PodResourceClaim] = []
    /// When containers are started again.
    package var restartPolicy: RestartPolicy?
    /// Seconds from SIGTERM to SIGKILL; 30 where it is absent.
    package var terminationGracePeriodSeconds: Int?
    /// Seconds that it may run.
    package var activeDeadlineSeconds: Int?
    /// Conditions that must be true besides for it to be ready.
    package var readinessGates: [ReadinessGate] = []
    /// Who it is towards the API server.
    package var serviceAccountName: String?
    /// Whether a token is mounted.
    package var automountServiceAccountToken: Bool?
    /// `ClusterFirst` and the like.
    package var dnsPolicy: String?
    /// Whether services become variables.
    package var enableServiceLinks: Bool?
    /// Whether it shares the node's network.
    package var hostNetwork: Bool?
    /// Whether it shares the node's processes.
    package var hostPID: Bool?
    /// Whether it shares the node's shared memory.
    package var hostIPC: Bool?
    /// Whether containers see each other's processes.
    package var shareProcessNamespace: Bool?
    /// Rights of all containers.
    @Rare package var securityContext: PodSecurityContext?
    /// Secrets for registries.
    package var imagePullSecrets: [LocalReference] = []
    /// Its name in the network.
    @Rare package var hostname: String?
    /// The service that makes the domain.
    @Rare package var subdomain: String?
    /// More lines of its hosts file.
    package var hostAliases: [HostAlias] = []
    /// How it is run.
    @Rare package var runtimeClassName: String?

    /// Nothing.
    package init() {}

    /// Containers and nothing else.
    package init(containers: [Container], initContainers: [Container] = []) {
        self.containers = containers
        self.initContainers = initContainers
    }
}

/// A name that keeps a pod from being placed.
package struct SchedulingGate: Codable, Hashable, Sendable {
    /// The gate's name.
    package var name: String

    /// A gate.
    package init(name: String) { self.name = name }
}

/// A condition that readiness waits for.
package struct ReadinessGate: Codable, Hashable, Sendable {
    /// The condition's type.
    package var conditionType: String
}

/// A claim that the pod uses (DRA): one of the two names.
package struct PodResourceClaim: Codable, Hashable, Sendable {
    /// The name in the pod.
    package var name: String
    /// A claim that exists.
    package var resourceClaimName: String?
    /// A template that a claim is made from.
    package var resourceClaimTemplateName: String?
}

/// A line of the hosts file.
package struct HostAlias: Codable, Hashable, Sendable {
    /// The address.
    package var ip: String
    /// Its names.
    package var hostnames: [String]
}
