// What the autoscaler wants and why, in the words that users see.

internal import GanglionAPI
internal import KubernetesAPI

/// Why the autoscaler wants what it wants; the raw values are those in the status.
enum ScalingReason: String, CaseIterable, Sendable {
    /// The load is that of the replicas that there are.
    case onTarget = "OnTarget"
    /// More are wanted, and come.
    case scalingUp = "ScalingUp"
    /// Fewer are wanted, and the others go.
    case scalingDown = "ScalingDown"
    /// More or fewer are wanted, but not for long enough yet.
    case stabilizing = "Stabilizing"
    /// More would be wanted than there may be.
    case atMaximum = "AtMaximum"
    /// Fewer would be wanted than there must be.
    case atMinimum = "AtMinimum"
    /// There is nothing to do, but not for long enough yet.
    case coolingDown = "CoolingDown"
    /// There was nothing to do, so nothing runs.
    case stopped = "Stopped"
    /// Somebody has asked for a replica.
    case woken = "Woken"
    /// No pod is ready yet.
    case noReadyPods = "NoReadyPods"
    /// No pod says what it has to do.
    case noMetrics = "MetricsUnavailable"
    /// `spec.replicas` is 0, which is less than there should be: somebody has stopped the server.
    case disabled = "ScalingDisabled"
    /// Somebody else sets `spec.replicas`, too.
    case contested = "Contested"

    /// Whether the number of replicas follows the load.
    var isActive: Bool {
        switch self {
        case .noMetrics, .disabled, .contested: false
        default: true
        }
    }
}

/// What the pods of one server have to do.
struct ServerLoad: Equatable, Sendable {
    /// Requests in the pods that said so.
    var inFlight = 0.0
    /// These pods.
    var measured = 0
    /// Those of them that are not ready.
    var starting = 0
    /// Pods that are ready and did not say.
    var silent = 0
    /// Whether a counter of requests has risen since the last time.
    var hasServed = false
    /// What was wrong with the first that did not say, after "pod NAME ".
    var fault: String?
}

/// What shall be.
struct ScalingDecision: Equatable, Sendable {
    /// Replicas now.
    var replicas: Int
    /// Replicas that are wanted now.
    var desired: Int
    /// Replicas for the load alone; nil where it is not known.
    var recommended: Int?
    /// Requests in flight, averaged; nil where nobody knows.
    var inFlight: Double?
    /// Why.
    var reason: ScalingReason

    /// A decision to leave things as they are.
    static func keep(_ replicas: Int, _ reason: ScalingReason) -> ScalingDecision {
        ScalingDecision(replicas: replicas, desired: replicas, reason: reason)
    }

    /// Why, in one sentence.
    ///
    /// - Parameter inFlight: what is said of the load.
    func sentence(_ rules: Autoscaling, load: ServerLoad, inFlight: Int?) -> String {
        let pods = load.measured == 1 ? "1 pod" : "\(load.measured) pods"
        let seen = "\(inFlight ?? 0) requests in flight in \(pods), \(rules.targetInFlight) wanted in each"
        let silent = load.silent > 0 ? load.fault.map { "; pod \($0)" } ?? "" : ""
        let wanted = recommended ?? desired
        return switch reason {
        case .onTarget: "\(seen): \(desired) are enough\(silent)"
        case .scalingUp, .scalingDown:
            "\(seen): from \(replicas) replicas to \(desired)"
                + (wanted == desired ? "" : ", of \(wanted) in the end") + silent
        case .stabilizing:
            "\(seen): \(wanted) replicas when that has been so for \(window(rules)) s\(silent)"
        case .atMaximum:
            "\(seen): that is more than maxReplicas, which is \(rules.maxReplicas), can serve\(silent)"
        case .atMinimum: "\(seen): minReplicas is \(rules.minReplicas)\(silent)"
        case .coolingDown:
            "no request: the last replica goes when that has been so for \(rules.cooldownSeconds) s"
        case .stopped:
            "stopped after \(rules.cooldownSeconds) s without a request: set spec.replicas or the annotation "
                + "\(WellKnown.wakeAnnotation) to start it"
        case .woken: "the annotation \(WellKnown.wakeAnnotation) asks for a replica"
        case .noReadyPods: "no pod is ready, so nobody counts requests"
        case .noMetrics: "pod \(load.fault ?? "metrics are missing")"
        case .disabled:
            "spec.replicas is 0 and minReplicas \(rules.minReplicas): set spec.replicas to be scaled again"
        case .contested:
            "somebody else sets spec.replicas, too: remove the HorizontalPodAutoscaler or spec.autoscaling"
        }
    }

    private func window(_ rules: Autoscaling) -> Int {
        (recommended ?? desired) > replicas
            ? rules.scaleUp.stabilizationWindowSeconds : rules.scaleDown.stabilizationWindowSeconds
    }
}
