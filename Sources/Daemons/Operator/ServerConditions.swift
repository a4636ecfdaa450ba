// The conditions of a ModelServer by their names, and the status of one whose spec cannot be carried out.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

/// What is observed of a ModelServer; the raw values are the types in `status.conditions`.
enum ServerCondition: String, CaseIterable, Sendable {
    /// Every replica has its NeuronCores.
    case placed = "Placed"
    /// Every replica has loaded every model.
    case modelsLoaded = "ModelsLoaded"
    /// Every replica answers.
    case ready = "Ready"
    /// Pods are being replaced or started.
    case progressing = "Progressing"
    /// Something has failed.
    case degraded = "Degraded"
    /// The replicas follow the load; only of servers that have `spec.autoscaling`.
    case scalingActive = "ScalingActive"
}

extension Condition {
    /// An observation of a ModelServer, without its times.
    init(_ type: ServerCondition, _ status: ConditionStatus, _ reason: String, _ message: String) {
        self.init(type: type.rawValue, status: status, reason: reason, message: message)
    }
}

extension ModelServerState {
    /// Pods that have not ended and do not end.
    var livingPods: [PodInfo] { pods.filter { !$0.isTerminating && !$0.isTerminal } }

    /// A pod that finds no NeuronCores while the one that it replaces serves; nil where there is none.
    var surgeWithoutCores: PodInfo? {
        let serving = Set(livingPods.filter(\.isReady).map(\.replica))
        return livingPods.sorted { $0.key < $1.key }
            .first { unschedulable[$0.uid] != nil && serving.contains($0.replica) }
    }

    /// What the status says of the autoscaler: what it says now, else, as after the operator's start, what it said last.
    var seenByAutoscaler: ModelServerStatus.AutoscalingStatus? {
        server.spec?.autoscaling == nil ? nil : autoscaling ?? server.status?.autoscaling
    }

    /// Whether the replicas follow the load; nil where they are not to.
    var scalingActive: Condition? {
        guard server.spec?.autoscaling != nil else { return nil }
        guard let seen = seenByAutoscaler, let reason = ScalingReason(rawValue: seen.reason) else {
            return Condition(.scalingActive, .unknown, "NotMeasured", "the load has not been measured yet")
        }
        return Condition(
            .scalingActive, reason.isActive ? .true : .false, reason.rawValue, seen.message)
    }

    /// Conditions with the times of their last change and the generation that they are about.
    func conditions(_ conditions: [Condition], now: Timestamp) -> [Condition] {
        conditions.map { condition in
            var condition = condition
            condition.observedGeneration = server.metadata.generation
            return condition
        }.merged(with: server.status?.conditions ?? [], now: now)
    }

    /// The status of a server whose spec cannot be carried out: what runs goes on and is still counted.
    func invalidStatus(_ fault: InvalidSpec, now: Timestamp) -> ModelServerStatus {
        let reason = "InvalidSpec"
        var status = server.status ?? ModelServerStatus()
        status.observedGeneration = server.metadata.generation
        status.replicas = livingPods.count
        status.readyReplicas = livingPods.filter(\.isReady).count
        status.modelStatus = ModelServerStatus.ModelStatus(
            .invalidSpec,
            lastFailureInfo: .init(location: "spec", reason: reason, message: fault.description))
        var observations: [(ServerCondition, ConditionStatus)] = [
            (.placed, .false), (.modelsLoaded, .unknown), (.ready, .false), (.progressing, .false),
            (.degraded, .true),
        ]
        if server.spec?.autoscaling == nil {
            status.autoscaling = nil
        } else {
            observations.append((.scalingActive, .false))
        }
        status.conditions = conditions(
            observations.map { Condition($0, $1, reason, fault.description) }, now: now)
        return status
    }
}
