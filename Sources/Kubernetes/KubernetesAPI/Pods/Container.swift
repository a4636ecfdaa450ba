// A container of a pod's spec (core/v1 Container).

/// What a container asks for and may use at most.
package struct ResourceRequirements: Codable, Equatable, Sendable, DefaultInitializable {
    /// At least, by resource. What is missing here and limited is asked for as limited.
    package var requests: [String: Quantity] = [:]
    /// At most, by resource.
    package var limits: [String: Quantity] = [:]
    /// Names of the pod's resource claims that the container uses.
    package var claims: [ResourceClaimReference] = []

    /// Nothing.
    package init() {}

    /// Requests and limits.
    package init(requests: [String: Quantity] = [:], limits: [String: Quantity] = [:]) {
        self.requests = requests
        self.limits = limits
    }
}

/// The use of a resource claim (DRA) by a container.
package struct ResourceClaimReference: Codable, Hashable, Sendable {
    /// The claim's name in the pod.
    package var name: String
    /// The request in the claim; absent for all of them.
    package var request: String?
}

/// A port that a container listens on.
package struct ContainerPort: Codable, Hashable, Sendable {
    /// The number, 1 to 65535.
    package var containerPort: Int
    /// A name for services and probes.
    package var name: String?
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String?
    /// The port on the node.
    package var hostPort: Int?
    /// The node's address to listen on.
    package var hostIP: String?

    /// A port; TCP unless it says otherwise.
    package init(_ containerPort: Int, name: String? = nil, protocol: String? = nil) {
        self.containerPort = containerPort
        self.name = name
        self.protocol = `protocol`
    }
}

/// When a container is started again.
package struct RestartPolicy: OpenEnumeration {
    package let rawValue: String
    /// Any word.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// Whenever it ends; an init container with this policy is a sidecar.
    package static let always = RestartPolicy(rawValue: "Always")
    /// When it fails.
    package static let onFailure = RestartPolicy(rawValue: "OnFailure")
    /// Not at all.
    package static let never = RestartPolicy(rawValue: "Never")
}

/// A program that runs in a pod.
package struct Container: Codable, Equatable, Sendable {
    /// Unique in the pod, a DNS label.
    package var name: String
    /// The image; absent only where something fills it in.
    package var image: String?
    /// The program and its first arguments; empty for the image's own.
    package var command: [String] = []
    /// The arguments; empty for the image's own.
    package var args: [String] = []
    /// The environment.
    package var env: [EnvVar] = []
    /// Whole objects as environment.
    package var envFrom: [EnvFromSource] = []
    /// What it listens on.
    package var ports: [ContainerPort] = []
    /// What it asks for.
    package var resources = ResourceRequirements()
    /// Where volumes appear.
    package var volumeMounts: [VolumeMount] = []
    /// Init containers only: `Always` makes a sidecar.
    package var restartPolicy: RestartPolicy?
    /// `Always`, `IfNotPresent` or `Never`.
    package var imagePullPolicy: String?
    /// Whether it is ready for requests.
    @Rare package var readinessProbe: Probe?
    /// Whether it has to be started again.
    @Rare package var livenessProbe: Probe?
    /// Whether it has started; other probes wait for it.
    @Rare package var startupProbe: Probe?
    /// What happens after the start and before the end.
    @Rare package var lifecycle: Lifecycle?
    /// Rights.
    @Rare package var securityContext: SecurityContext?
    /// The file that the last words are read from.
    package var terminationMessagePath: String?
    /// `File` or `FallbackToLogsOnError`.
    package var terminationMessagePolicy: String?
    /// The working directory; absent for the image's own.
    package var workingDir: String?
    /// Whether standard input stays open.
    package var stdin: Bool?
    /// Whether it has a terminal.
    package var tty: Bool?

    /// A container.
    package init(
        name: String, image: String? = nil, command: [String] = [], args: [String] = [], env: [EnvVar] = [],
        ports: [ContainerPort] = [], resources: ResourceRequirements = ResourceRequirements(),
        restartPolicy: RestartPolicy? = nil
    ) {
        self.name = name
        self.image = image
        self.command = command
        self.args = args
        self.env = env
        self.ports = ports
        self.resources = resources
        self.restartPolicy = restartPolicy
    }

    /// Whether it is a sidecar, as an init container of a pod: it is started in its turn and stays (KEP-753).
    package var isSidecar: Bool { restartPolicy == .always }
}
