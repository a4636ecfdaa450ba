// Probes: what to ask, how often, and how many answers in a row count. The asking itself is a closure, so that the rule is
// tested without a socket.

internal import KubernetesAPI

/// One probe of a container, with Kubernetes' defaults filled in.
struct ContainerProbe: Equatable, Sendable {
    enum Kind: String, Sendable {
        case startup = "Startup"
        case liveness = "Liveness"
        case readiness = "Readiness"
    }

    var kind: Kind
    var action: ContainerAction
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
        guard let probe = found,
            let action = ContainerAction(probe.httpGet, probe.tcpSocket, probe.exec, container)
        else { return nil }
        self.kind = kind
        self.action = action
        initialDelay = .seconds(probe.initialDelaySeconds ?? 0)
        period = .seconds(max(1, probe.periodSeconds ?? 10))
        timeout = .seconds(max(1, probe.timeoutSeconds ?? 1))
        successThreshold = max(1, probe.successThreshold ?? 1)
        failureThreshold = max(1, probe.failureThreshold ?? 3)
    }
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
