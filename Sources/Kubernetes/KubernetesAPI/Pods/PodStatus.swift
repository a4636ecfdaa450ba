// What has become of a pod (core/v1 PodStatus).

/// How far a pod has come.
public struct PodPhase: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Not all containers have been started yet.
    public static let pending = PodPhase(rawValue: "Pending")
    /// All containers have been started, one still runs or is started again.
    public static let running = PodPhase(rawValue: "Running")
    /// All containers have ended well and stay so.
    public static let succeeded = PodPhase(rawValue: "Succeeded")
    /// All containers have ended, one of them badly.
    public static let failed = PodPhase(rawValue: "Failed")
    /// The node does not answer.
    public static let unknown = PodPhase(rawValue: "Unknown")
}

/// A pod's status.
public struct PodStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// How far it has come; absent means Pending.
    public var phase: PodPhase?
    /// Ready, PodScheduled and more.
    public var conditions: [Condition] = []
    /// The containers.
    public var containerStatuses: [ContainerStatus] = []
    /// The init containers and sidecars.
    public var initContainerStatuses: [ContainerStatus] = []
    /// Its address.
    public var podIP: String?
    /// Its addresses.
    public var podIPs: [HostAddress] = []
    /// The node's address.
    public var hostIP: String?
    /// The node's addresses.
    public var hostIPs: [HostAddress] = []
    /// When the kubelet saw it first.
    public var startTime: Timestamp?
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    public var qosClass: String?
    /// Why it is in its phase, for machines.
    @Rare public var reason: String?
    /// Why it is in its phase, for people.
    @Rare public var message: String?
    /// The node that preemption makes room on.
    @Rare public var nominatedNodeName: String?
    /// The generation that the status is about.
    public var observedGeneration: Int?

    /// Nothing is known.
    public init() {}
}

/// An address in a list.
public struct HostAddress: Codable, Hashable, Sendable {
    /// The address.
    public var ip: String?

    /// An address.
    public init(ip: String) { self.ip = ip }
}

/// What has become of a container.
public struct ContainerStatus: Codable, Equatable, Sendable {
    /// The container's name.
    public var name: String
    /// Its state.
    public var state: ContainerState
    /// How it ended before it was started again.
    public var lastState: ContainerState
    /// Whether its readiness probe has succeeded.
    public var ready: Bool?
    /// Whether its startup probe has succeeded.
    public var started: Bool?
    /// How often it was started again.
    public var restartCount: Int?
    /// The image that runs.
    public var image: String?
    /// The image's digest.
    public var imageID: String?
    /// `RUNTIME://ID`.
    public var containerID: String?
    /// What it has by now (KEP-1287).
    @Rare public var resources: ResourceRequirements?
    /// What it has been promised by the node (KEP-1287).
    public var allocatedResources: [String: Quantity] = [:]
    /// Devices and their health (KEP-4680).
    public var allocatedResourcesStatus: [ResourceStatus] = []

    /// A container's status.
    public init(name: String, state: ContainerState = ContainerState()) {
        self.name = name
        self.state = state
        lastState = ContainerState()
    }
}

/// The state of a container: one of the three, none of them means waiting.
public struct ContainerState: Codable, Equatable, Sendable, DefaultInitializable {
    /// It has not been started.
    @Rare public var waiting: Waiting?
    /// It runs.
    @Rare public var running: Running?
    /// It has ended.
    @Rare public var terminated: Terminated?

    /// Nothing is known.
    public init() {}

    /// It waits.
    public init(waiting reason: String, message: String? = nil) {
        waiting = Waiting(reason: reason, message: message)
    }

    /// It runs.
    public init(runningSince startedAt: Timestamp?) { running = Running(startedAt: startedAt) }

    /// It has ended.
    public init(_ terminated: Terminated) { self.terminated = terminated }

    /// What a container waits for.
    public struct Waiting: Codable, Hashable, Sendable {
        /// Why, for machines.
        public var reason: String?
        /// Why, for people.
        public var message: String?
    }

    /// Since when a container runs.
    public struct Running: Codable, Hashable, Sendable {
        /// Since when.
        public var startedAt: Timestamp?
    }

    /// How a container ended.
    public struct Terminated: Codable, Hashable, Sendable {
        /// The exit code; 128 and more for signals.
        public var exitCode: Int
        /// The signal that ended it.
        public var signal: Int?
        /// Why, for machines.
        public var reason: String?
        /// Why, for people.
        public var message: String?
        /// When it was started.
        public var startedAt: Timestamp?
        /// When it ended.
        public var finishedAt: Timestamp?
        /// `RUNTIME://ID`.
        public var containerID: String?

        /// An end.
        public init(
            exitCode: Int, signal: Int? = nil, reason: String? = nil, message: String? = nil,
            startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil, containerID: String? = nil
        ) {
            self.exitCode = exitCode
            self.signal = signal
            self.reason = reason
            self.message = message
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.containerID = containerID
        }
    }
}

/// The devices of one resource that a container has.
public struct ResourceStatus: Codable, Hashable, Sendable {
    /// The resource.
    public var name: String
    /// The devices.
    public var resources: [ResourceHealth]

    /// The devices of a resource.
    public init(name: String, resources: [ResourceHealth]) {
        self.name = name
        self.resources = resources
    }
}

/// One device.
public struct ResourceHealth: Codable, Hashable, Sendable {
    /// The device's id.
    public var resourceID: String
    /// `Healthy`, `Unhealthy` or `Unknown`.
    public var health: String?

    /// A device.
    public init(resourceID: String, health: String?) {
        self.resourceID = resourceID
        self.health = health
    }
}
