// What a pod is to be (core/v1 PodSpec).

/// A pod's spec.
public struct PodSpec: Codable, Equatable, Sendable, DefaultInitializable {
    /// What runs side by side.
    public var containers: [Container] = []
    /// What runs before, one after the other; sidecars stay.
    public var initContainers: [Container] = []
    /// The volumes.
    public var volumes: [Volume] = []
    /// The node, absent while the pod waits for one.
    public var nodeName: String?
    /// Who places the pod.
    public var schedulerName: String?
    /// Labels that the node must have.
    public var nodeSelector: [String: String] = [:]
    /// Taints that the pod stands.
    public var tolerations: [Toleration] = []
    /// Where it wants to be.
    @Rare public var affinity: Affinity?
    /// How evenly it is spread.
    public var topologySpreadConstraints: [TopologySpreadConstraint] = []
    /// Whoever named these has not yet let it be placed.
    public var schedulingGates: [SchedulingGate] = []
    /// Higher ones are placed first.
    public var priority: Int?
    /// Where the priority comes from.
    public var priorityClassName: String?
    /// `PreemptLowerPriority` or `Never`.
    public var preemptionPolicy: String?
    /// The pods that it starts together with (KEP-4671).
    @Rare public var schedulingGroup: PodSchedulingGroup?
    /// What the pod as a whole asks for (KEP-2837).
    @Rare public var resources: ResourceRequirements?
    /// What running the pod costs beyond its containers.
    public var overhead: [String: Quantity] = [:]
    /// DRA: the claims that containers refer to.
    public var resourceClaims: [PodResourceClaim] = []
    /// When containers are started again.
    public var restartPolicy: RestartPolicy?
    /// Seconds from SIGTERM to SIGKILL; 30 where it is absent.
    public var terminationGracePeriodSeconds: Int?
    /// Seconds that it may run.
    public var activeDeadlineSeconds: Int?
    /// Conditions that must be true besides for it to be ready.
    public var readinessGates: [ReadinessGate] = []
    /// Who it is towards the API server.
    public var serviceAccountName: String?
    /// Whether a token is mounted.
    public var automountServiceAccountToken: Bool?
    /// `ClusterFirst` and the like.
    public var dnsPolicy: String?
    /// Whether services become variables.
    public var enableServiceLinks: Bool?
    /// Whether it shares the node's network.
    public var hostNetwork: Bool?
    /// Whether it shares the node's processes.
    public var hostPID: Bool?
    /// Whether it shares the node's shared memory.
    public var hostIPC: Bool?
    /// Whether containers see each other's processes.
    public var shareProcessNamespace: Bool?
    /// Rights of all containers.
    @Rare public var securityContext: PodSecurityContext?
    /// Secrets for registries.
    public var imagePullSecrets: [LocalReference] = []
    /// Its name in the network.
    @Rare public var hostname: String?
    /// The service that makes the domain.
    @Rare public var subdomain: String?
    /// More lines of its hosts file.
    public var hostAliases: [HostAlias] = []
    /// How it is run.
    @Rare public var runtimeClassName: String?

    /// A specification with no field set.
    public init() {}

    /// Containers and nothing else.
    public init(containers: [Container], initContainers: [Container] = []) {
        self.containers = containers
        self.initContainers = initContainers
    }
}

/// A name that keeps a pod from being placed.
public struct SchedulingGate: Codable, Hashable, Sendable {
    /// The gate's name.
    public var name: String

    /// A gate.
    public init(name: String) { self.name = name }
}

/// A condition that readiness waits for.
public struct ReadinessGate: Codable, Hashable, Sendable {
    /// The condition's type.
    public var conditionType: String
}

/// A claim that the pod uses (DRA): one of the two names.
public struct PodResourceClaim: Codable, Hashable, Sendable {
    /// The name in the pod.
    public var name: String
    /// A claim that exists.
    public var resourceClaimName: String?
    /// A template that a claim is made from.
    public var resourceClaimTemplateName: String?
}

/// A line of the hosts file.
public struct HostAlias: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String
    /// Its names.
    public var hostnames: [String]
}
