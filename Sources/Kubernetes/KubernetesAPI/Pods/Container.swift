// A container of a pod's spec (core/v1 Container).

/// What a container asks for and may use at most.
public struct ResourceRequirements: Codable, Equatable, Sendable, DefaultInitializable {
    /// At least, by resource. What is missing here and limited is asked for as limited.
    public var requests: [String: Quantity] = [:]
    /// At most, by resource.
    public var limits: [String: Quantity] = [:]
    /// Names of the pod's resource claims that the container uses.
    public var claims: [ResourceClaimReference] = []

    /// A container with no field set.
    public init() {}

    /// Requests and limits.
    public init(requests: [String: Quantity] = [:], limits: [String: Quantity] = [:]) {
        self.requests = requests
        self.limits = limits
    }
}

/// The use of a resource claim (DRA) by a container.
public struct ResourceClaimReference: Codable, Hashable, Sendable {
    /// The claim's name in the pod.
    public var name: String
    /// The request in the claim; absent for all of them.
    public var request: String?
}

/// A port that a container listens on.
public struct ContainerPort: Codable, Hashable, Sendable {
    /// The number, 1 to 65535.
    public var containerPort: Int
    /// A name for services and probes.
    public var name: String?
    /// `TCP`, `UDP` or `SCTP`.
    public var `protocol`: String?
    /// The port on the node.
    public var hostPort: Int?
    /// The node's address to listen on.
    public var hostIP: String?

    /// A port; TCP unless it says otherwise.
    public init(_ containerPort: Int, name: String? = nil, protocol: String? = nil) {
        self.containerPort = containerPort
        self.name = name
        self.protocol = `protocol`
    }
}

/// When a container is started again.
public struct RestartPolicy: OpenEnumeration {
    /// As Kubernetes writes it.
    public let rawValue: String
    /// Any word.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Whenever it ends; an init container with this policy is a sidecar.
    public static let always = RestartPolicy(rawValue: "Always")
    /// When it fails.
    public static let onFailure = RestartPolicy(rawValue: "OnFailure")
    /// Not at all.
    public static let never = RestartPolicy(rawValue: "Never")
}

/// A program that runs in a pod.
public struct Container: Codable, Equatable, Sendable {
    /// Unique in the pod, a DNS label.
    public var name: String
    /// The image; absent only where something fills it in.
    public var image: String?
    /// The program and its first arguments; empty for the image's own.
    public var command: [String] = []
    /// The arguments; empty for the image's own.
    public var args: [String] = []
    /// The environment.
    public var env: [EnvVar] = []
    /// Whole objects as environment.
    public var envFrom: [EnvFromSource] = []
    /// What it listens on.
    public var ports: [ContainerPort] = []
    /// What it asks for.
    public var resources = ResourceRequirements()
    /// Where volumes appear.
    public var volumeMounts: [VolumeMount] = []
    /// Init containers only: `Always` makes a sidecar.
    public var restartPolicy: RestartPolicy?
    /// `Always`, `IfNotPresent` or `Never`.
    public var imagePullPolicy: String?
    /// Whether it is ready for requests.
    @Rare public var readinessProbe: Probe?
    /// Whether it has to be started again.
    @Rare public var livenessProbe: Probe?
    /// Whether it has started; other probes wait for it.
    @Rare public var startupProbe: Probe?
    /// What happens after the start and before the end.
    @Rare public var lifecycle: Lifecycle?
    /// What the processes may do; it wins over the pod's.
    @Rare public var securityContext: SecurityContext?
    /// The file that the last words are read from.
    public var terminationMessagePath: String?
    /// `File` or `FallbackToLogsOnError`.
    public var terminationMessagePolicy: String?
    /// The working directory; absent for the image's own.
    public var workingDir: String?
    /// Whether standard input stays open.
    public var stdin: Bool?
    /// Whether it has a terminal.
    public var tty: Bool?

    /// A container.
    public init(
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
    public var isSidecar: Bool { restartPolicy == .always }
}
