// Probes: what to ask, how often, and how many answers in a row count. The asking itself is a closure, so that the rule is
// tested without a socket.

internal import KubernetesAPI

/// One probe of a container, with Kubernetes' defaults filled in.
struct ContainerProbe: Equatable, Sendable {
    enum Action: Equatable, Sendable {
        case http(port: UInt16, path: String, host: String?, headers: [String: String])
        case tcp(port: UInt16, host: String?)
        case exec([String])
    }

    enum Kind: String, Sendable {
        case startup = "Startup"
        case liveness = "Liveness"
        case readiness = "Readiness"
    }

    var kind: Kind
    var action: Action
    var initialDelay: Duration
    var period: Duration
    var timeout: Duration
    var successThreshold: Int
    var failureThreshold: Int

    /// nil where the container has no such probe, or one of a kind that is not supported (grpc).
    init?(_ kind: Kind, of container: PodContainer) {
        let found =
            switch kind {
            case .startup: container.spec.startupProbe
            case .liveness: container.spec.livenessProbe
            case .readiness: container.spec.readinessProbe
            }
        guard let probe = found, let action = Self.action(of: probe, container) else { return nil }
        self.kind = kind
        self.action = action
        initialDelay = .seconds(probe.initialDelaySeconds ?? 0)
        period = .seconds(max(1, probe.periodSeconds ?? 10))
        timeout = .seconds(max(1, probe.timeoutSeconds ?? 1))
        successThreshold = max(1, probe.successThreshold ?? 1)
        failureThreshold = max(1, probe.failureThreshold ?? 3)
    }

    private static func action(of probe: Probe, _ container: PodContainer) -> Action? {
        if let http = probe.httpGet, let port = container.port(http.port) {
            let headers = http.httpHeaders.map { ($0.name, $0.value) }
            return .http(
                port: port, path: http.path ?? "/", host: http.host,
                headers: Dictionary(headers, uniquingKeysWith: { _, last in last }))
        }
        if let tcp = probe.tcpSocket, let port = container.port(tcp.port) {
            return .tcp(port: port, host: tcp.host)
        }
        guard let command = probe.exec?.command, !command.isEmpty else { return nil }
        return .exec(command)
    }
}

/// What a probe found.
enum ProbeResult: Equatable, Sendable {
    case success
    /// Why, as `describe` shows it.
    case failure(String)
}

/// Counts results of a probe: so many in a row decide.
struct ProbeCounter: Equatable {
    var successThreshold: Int
    var failureThreshold: Int
    private var last: Bool?
    private var run = 0

    init(successThreshold: Int, failureThreshold: Int) {
        self.successThreshold = successThreshold
        self.failureThreshold = failureThreshold
    }

    /// A result came.
    ///
    /// - Returns: whether the container is healthy if there are enough results in a row, else nil.
    mutating func receive(_ success: Bool) -> Bool? {
        run = last == success ? run + 1 : 1
        last = success
        return run >= (success ? successThreshold : failureThreshold) ? success : nil
    }
}

/// Asks a container how it is.
protocol Prober: Sendable {
    /// - Parameters:
    ///   - address: the pod's.
    ///   - environment: the container's, for exec.
    ///   - directory: the working directory, for exec.
    func check(
        _ probe: ContainerProbe, address: String, environment: [String: String], directory: String
    ) async -> ProbeResult
}
