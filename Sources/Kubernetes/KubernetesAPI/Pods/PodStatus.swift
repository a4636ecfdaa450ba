// What has become of a pod (core/v1 PodStatus).

/// How far a pod has come.
package struct PodPhase: OpenEnumeration {
    package let rawValue: String
    /// Any word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Not all containers have been started yet.
    package static let pending = PodPhase(rawValue: "Pending")
    /// All containers have been started, one still runs or is started again.
    package static let running = PodPhase(rawValue: "Running")
    /// All containers have ended well and stay so.
    package static let succeeded = PodPhase(rawValue: "Succeeded")
    /// All containers have ended, one of them badly.
    package static let failed = PodPhase(rawValue: "Failed")
    /// The node does not answer.
    package static let unknown = PodPhase(rawValue: "Unknown")
}

/// A pod's status.
package struct PodStatus: Codable, Equatable, Sendable, DefaultInitializable {
    /// How far it has come; absent means Pending.
    package var phase: PodPhase?
    /// Ready, PodScheduled and more.
    package var conditions: [Condition] = []
    /// The containers.
    package var containerStatuses: [ContainerStatus] = []
    /// The init containers and sidecars.
    package var initContainerStatuses: [ContainerStatus] = []
    /// Its address.
    package var podIP: String?
    /// Its addresses.
    package var podIPs: [HostAddress] = []
    /// The node's address.
    package var hostIP: String?
    /// The node's addresses.
    package var hostIPs: [HostAddress] = []
    /// When the kubelet saw it first.
    package var startTime: Timestamp?
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    package var qosClass: String?
    /// Why it is in its phase, for machines.
    @Rare package var reason: String?
    /// Why it is in its phase, for people.
    @Rare package var message: String?
    /// The node that preemption makes room on.
    @Rare package var nominatedNodeName: String?
    /// The generation that the status is about.
    package var observedGeneration: Int?

    /// Nothing is known.
    package init() {}
}

/// An address in a list.
package struct HostAddress: Codable, Hashable, Sendable {
    /// The address.
    package var ip: String?

    /// An address.
    package init(ip: String) { self.ip = ip }
}

/// What has become of a container.
package struct ContainerStatus: Codable, Equatable, Sendable {
    /// The container's name.
    package var name: String
    /// Its state.
    package var state: ContainerState
    /// How it ended before it was started again.
    package var lastState: ContainerState
    /// Whether its readiness probe has succeeded.
    package var ready: Bool?
    /// Whether its startup probe has succeeded.
    package var started: Bool?
    /// How often it was started again.
    package var restartCount: Int?
    /// The image that runs.
    package var image: String?
    /// The image's digest.
    package var imageID: String?
    /// `RUNTIME://ID`.
    package var containerID: String?
    /// What it has by now (KEP-1287).
    @Rare package var resources: ResourceRequirements?
    /// What it has been promised by the node (KEP-1287).
    package var allocatedResources: [String: Quantity] = [:]
    /// Devices and their health (KEP-4680).
    package var allocatedResourcesStatus: [ResourceStatus] = []

    /// A container's status.
    package init(name: String, state: ContainerState = ContainerState()) {
        self.name = name
        self.state = state
        lastState = ContainerState()
    }
}

/// The state of a container: one of the three, none of them means waiting.
package struct ContainerState: Codable, Equatable, Sendable, DefaultInitializable {
    /// It has not been started.
    @Rare package var waiting: Waiting?
    /// It runs.
    @Rare package var running: Running?
    /// It has ended.
    @Rare package var terminated: Terminated?

    /// Nothing is known.
    package init() {}

    /// It waits.
    package init(waiting reason: String, message: String? = nil) {
        waiting = Waiting(reason: reason, message: message)
    }

    /// It runs.
    package init(runningSince startedAt: Timestamp?) { running = Running(startedAt: startedAt) }

    /// It has ended.
    package init(_ terminated: Terminated) { self.terminated = terminated }

    /// What a container waits for.
    package struct Waiting: Codable, Hashable, Sendable {
        /// Why, for machines.
        package var reason: String?
        /// Why, for people.
        package var message: String?
    }

    /// Since when a container runs.
    package struct Running: Codable, Hashable, Sendable {
        /// Since when.
        package var startedAt: Timestamp?
    }

    /// How a container ended.
    package struct Terminated: Codable, Hashable, Sendable {
        /// The exit code; 128 and more for signals.
        package var exitCode: Int
        /// The signal that ended it.
        package var signal: Int?
        /// Why, for machines.
        package var reason: String?
        /// Why, for people.
        package var message: String?
        /// When it was started.
        package var startedAt: Timestamp?
        /// When it ended.
        package var finishedAt: Timestamp?
        /// `RUNTIME://ID`.
        package var containerID: String?

        /// An end.
        package init(
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
package struct ResourceStatus: Codable, Hashable, Sendable {
    /// The resource.
    package var name: String
    /// The devices.
    package var resources: [ResourceHealth]

    /// The devices of a resource.
    package init(name: String, resources: [ResourceHealth]) {
        self.name = name
        self.resources = resources
    }
}

/// One device.
package struct ResourceHealth: Codable, Hashable, Sendable {
    /// The device's id.
    package var resourceID: String
    /// `Healthy`, `Unhealthy` or `Unknown`.
    package var health: String?

    /// A device.
    package init(resourceID: String, health: String?) {
        self.resourceID = resourceID
        self.health = health
    }
}
