// The status of a ModelServer: what is, in the words of Kubernetes' API conventions. Conditions are observations, all of
// them are always there, and their times move only when their status does.

internal import GanglionAPI
internal import KubernetesAPI
internal import Placement
internal import Scheduling

/// What a ModelServer's status is made from.
struct ModelServerObservation: Sendable {
    /// What is there.
    let state: ModelServerState
    /// What shall be there.
    let resolved: ResolvedServer
    /// Another owner has the Service's name.
    let serviceConflict: String?
    /// Another owner has the PodDisruptionBudget's name.
    let budgetConflict: String?
    private let models: ModelObservation

    init(
        state: ModelServerState, resolved: ResolvedServer, serviceConflict: String?, budgetConflict: String?
    ) {
        self.state = state
        self.resolved = resolved
        self.serviceConflict = serviceConflict
        self.budgetConflict = budgetConflict
        models = ModelObservation(state, models: resolved.spec.models)
    }

    private var living: [PodInfo] { state.livingPods }

    /// The whole status.
    func status(now: Timestamp) -> ModelServerStatus {
        let living = living
        // While a replica is replaced it may have two pods.
        let ready = Set(living.filter(\.isReady).map(\.replica)).count
        let updated = holdsEdit ? 0 : Set(living.filter(resolved.isCurrent).map(\.replica)).count
        var status = ModelServerStatus()
        status.observedGeneration = state.server.metadata.generation
        status.replicas = living.count
        status.readyReplicas = ready
        status.updatedReplicas = updated
        status.coresPerReplica = resolved.cores
        status.coresPerChip = resolved.coresPerChip
        status.selector = "\(WellKnown.serverLabel)=\(state.server.metadata.name)"
        status.url = resolved.url
        status.metrics = metrics
        status.autoscaling = state.seenByAutoscaler
        status.groups = groups
        status.revisions = state.revisions(resolved)
        // kubectl's columns take one value each, and the first of many would look like all of them.
        let nodes = Set(status.groups.compactMap(\.node)).sorted()
        status.nodes = nodes.count > 1 ? "\(nodes.count) nodes" : nodes.first
        let held = status.groups.compactMap(\.cores)
        status.neuronCores = held.count > 1 ? "\(held.count) groups" : held.first
        status.modelStatus = modelStatus(ready: ready)
        status.conditions = state.conditions(
            conditionList(desired: spec.replicas, living: living, ready: ready, updated: updated), now: now)
        return status
    }

    /// Where an autoscaler finds the load of a pod, and by which names.
    private var metrics: ModelServerStatus.Metrics? {
        resolved.runtime.profile.metrics.map { source in
            ModelServerStatus.Metrics(
                port: source.port ?? resolved.runtime.port, path: source.path, running: source.running,
                waiting: source.waiting)
        }
    }

    private var groups: [ModelServerStatus.Group] {
        let pods = state.pods.sorted { ($0.replica ?? .max, $0.key) < ($1.replica ?? .max, $1.key) }
        return pods.flatMap { pod -> [ModelServerStatus.Group] in
            var group = ModelServerStatus.Group(pod: pod.key.name, phase: phase(of: pod))
            guard !pod.node.isEmpty else { return [group] }
            group.node = pod.node
            let cores = Array(state.cores[pod.uid] ?? [])
            guard !cores.isEmpty else { return [group] }
            return stride(from: 0, to: cores.count, by: resolved.groupSize).map { start in
                group.cores = CoreSet(cores.dropFirst(start).prefix(resolved.groupSize)).list
                return group
            }
        }
    }

    private func phase(of pod: PodInfo) -> ModelServerStatus.Phase {
        if pod.isTerminating { return .terminating }
        if pod.isTerminal || pod.failure != nil { return .failed }
        if pod.isReady { return .ready }
        return pod.node.isEmpty ? .pending : .loading
    }

    private var failure: (pod: PodInfo, failure: PodInfo.Failure)? {
        for pod in state.pods where !pod.isTerminating {
            if let failure = pod.failure { return (pod, failure) }
        }
        return nil
    }

    private func modelStatus(ready: Int) -> ModelServerStatus.ModelStatus {
        let withFailedModel = models.failedPods
        let failed = state.pods.filter { pod in
            !pod.isTerminating && (pod.failure != nil || withFailedModel.contains(pod.uid))
        }.count
        let isComplete = ready >= spec.replicas
        var status = ModelServerStatus.ModelStatus(
            isComplete ? .upToDate : failed > 0 ? .blockedByFailedLoad : .inProgress,
            copies: .init(total: ready * resolved.copies, failed: failed * resolved.copies),
            models: models.entries(replicas: spec.replicas) { model in
                resolved.runtime.preset.path(ofModel: model).map { resolved.url + $0 }
            })
        if let (pod, failure) = failure {
            status.lastFailureInfo = .init(
                location: pod.key.name, reason: failure.reason,
                message: String(failure.message.prefix(1024)), exitCode: failure.exitCode)
        } else if let fault = models.fault {
            status.lastFailureInfo = .init(
                location: fault.pod, reason: fault.reason, message: fault.sentence)
        }
        return status
    }

    private var spec: ModelServerSpec { resolved.spec }

    private func conditionList(
        desired: Int, living: [PodInfo], ready: Int, updated: Int
    ) -> [Condition] {
        [
            placed(desired: desired, living: living), loaded(desired: desired, living: living, ready: ready),
            readiness(desired: desired, ready: ready),
            progress(desired: desired, living: living.count, ready: ready, updated: updated), degraded,
        ] + [state.scalingActive].compactMap { $0 }
    }

    /// Whether there is an edit that waits for the end of a pause.
    private var holdsEdit: Bool { state.server.spec?.podPart != spec.podPart }

    private func progress(desired: Int, living: Int, ready: Int, updated: Int) -> Condition {
        if spec.paused, updated < desired {
            return Condition(
                .progressing, .unknown, "Paused",
                "\(updated) of \(desired) replicas are up to date: spec.paused holds back the others")
        }
        if let pod = state.surgeWithoutCores {
            return Condition(
                .progressing, .true, "WaitingForCores",
                "\(updated) of \(desired) replicas are up to date; pod \(pod.key.name) waits beside the one that it replaces: "
                    + (state.unschedulable[pod.uid] ?? ""))
        }
        if updated < desired || living > desired {
            return Condition(
                .progressing, .true, "ReplacingPods", "\(updated) of \(desired) replicas are up to date")
        }
        if ready < desired, failure == nil {
            return Condition(.progressing, .true, "StartingPods", "\(ready) of \(desired) replicas are ready")
        }
        return Condition(.progressing, .false, "Complete", "every replica is up to date")
    }

    private func placed(desired: Int, living: [PodInfo]) -> Condition {
        let bound = Set(living.filter { !$0.node.isEmpty }.map(\.replica)).count
        if desired == 0 { return Condition(.placed, .true, "ScaledToZero", "no replica is wanted") }
        if bound >= desired {
            return Condition(
                .placed, .true, "AllPlaced", "\(bound) of \(desired) replicas have their NeuronCores")
        }
        let messages = living.sorted { $0.key < $1.key }.compactMap { state.unschedulable[$0.uid] }
        if let message = messages.first {
            return Condition(.placed, .false, "Unschedulable", message)
        }
        if let loss = state.loss { return Condition(.placed, .false, "NodeLost", loss) }
        if let refusal = state.refusal { return Condition(.placed, .false, "Refused", refusal) }
        return Condition(.placed, .false, "Placing", "\(bound) of \(desired) replicas have their NeuronCores")
    }

    private func loaded(desired: Int, living: [PodInfo], ready: Int) -> Condition {
        if desired == 0 { return Condition(.modelsLoaded, .false, "ScaledToZero", "no replica is wanted") }
        if ready >= desired {
            return Condition(
                .modelsLoaded, .true, "AllLoaded", "every group of \(ready) replicas has loaded its models")
        }
        if let (pod, failure) = failure {
            return Condition(.modelsLoaded, .false, "LoadFailed", Self.sentence(pod, failure))
        }
        if let fault = models.fault, fault.isFailure {
            return Condition(.modelsLoaded, .false, "LoadFailed", fault.sentence)
        }
        if living.contains(where: { !$0.node.isEmpty && !$0.isReady }) {
            return Condition(
                .modelsLoaded, .false, "Loading",
                "\(ready) of \(desired) replicas have loaded their models"
                    + (models.progress.map { "; \($0)" } ?? ""))
        }
        return Condition(
            .modelsLoaded, .false, "NotPlaced", "\(ready) of \(desired) replicas have loaded their models")
    }

    private func readiness(desired: Int, ready: Int) -> Condition {
        let message = "\(ready) of \(desired) replicas are ready"
        if desired == 0 { return Condition(.ready, .true, "ScaledToZero", "no replica is wanted") }
        if ready >= desired { return Condition(.ready, .true, "AllReady", message) }
        if let (pod, failure) = failure, ready == 0 {
            return Condition(.ready, .false, "LoadFailed", Self.sentence(pod, failure))
        }
        if let refusal = state.refusal, ready == 0 { return Condition(.ready, .false, "Refused", refusal) }
        if let loss = state.loss, ready == 0 { return Condition(.ready, .false, "NodeLost", loss) }
        if ready == 0, living.allSatisfy(\.node.isEmpty),
            living.contains(where: { state.unschedulable[$0.uid] != nil })
        {
            return Condition(.ready, .false, "Unschedulable", message)
        }
        return Condition(.ready, .false, ready > 0 ? "PartlyReady" : "NotReady", message)
    }

    private var degraded: Condition {
        if let serviceConflict { return Condition(.degraded, .true, "ServiceConflict", serviceConflict) }
        if let refusal = state.refusal { return Condition(.degraded, .true, "Refused", refusal) }
        if let budgetConflict {
            return Condition(.degraded, .true, "DisruptionBudgetConflict", budgetConflict)
        }
        if let loss = state.loss { return Condition(.degraded, .true, "NodeLost", loss) }
        if let (pod, failure) = failure {
            return Condition(.degraded, .true, "PodFailed", Self.sentence(pod, failure))
        }
        if let fault = models.fault { return Condition(.degraded, .true, fault.reason, fault.sentence) }
        return Condition(.degraded, .false, "AsExpected", "nothing has failed")
    }

    /// What to do about a failure whose own words name no way out that is open to a pod's owner.
    private static func advice(_ text: String) -> String {
        guard text.contains("this runtime computes on the fake device only") else { return "" }
        return
            "; the pod's chips are real, and preset ganglion cannot compute on them: set spec.runtime.preset to a server of the Neuron SDK (vllm, djl-lmi, triton, torchserve or custom)"
    }

    private static func sentence(_ pod: PodInfo, _ failure: PodInfo.Failure) -> String {
        let code = failure.exitCode.map { " (exit code \($0))" } ?? ""
        // It may be the end of a log: many lines, of which the last say most.
        let text = failure.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        let message = text.isEmpty ? "" : ": \(text.suffix(900))\(advice(text))"
        let place = failure.place.map { "\($0): " } ?? ""
        return "pod \(pod.key.name): \(place)\(failure.reason)\(code)\(message)"
    }
}
