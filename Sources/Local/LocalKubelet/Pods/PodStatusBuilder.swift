// The status of a pod follows from the states of its containers; nothing of it is remembered but the times at which a
// condition changed. Rules as in the kubelet's `getPhase` and `status/generate.go`.

internal import KubernetesAPI

/// What a pod's status is made from.
struct PodStatusBuilder {
    var pod: Pod
    var states: [String: ContainerRunState]
    /// Empty before the pod has its directory and address.
    var podIP = ""
    var hostIP = "127.0.0.1"
    /// When the kubelet saw the pod first.
    var startTime: Timestamp?
    /// The pod was stopped and all its containers have ended: the phase becomes terminal.
    var stopped = false
    /// A pod that was refused.
    var rejection: AdmissionRejection?
    var now = Timestamp.now

    /// - Parameter states: the containers' states by name.
    init(pod: Pod, states: [String: ContainerRunState]) {
        self.pod = pod
        self.states = states
    }

    private func state(_ container: PodContainer) -> ContainerRunState {
        states[container.name] ?? ContainerRunState()
    }

    /// Whether a sidecar was ever started: those after it wait for the first time only.
    private func hasStarted(_ state: ContainerRunState) -> Bool {
        state.started || state.termination != nil || state.last != nil
    }

    /// Pending, Running, Succeeded or Failed.
    var phase: PodPhase {
        if rejection != nil { return .failed }
        let policy = pod.restartPolicy
        for container in pod.initContainers {
            let state = state(container)
            if container.kind == .sidecar {
                if !hasStarted(state), !stopped { return .pending }
                continue
            }
            guard let end = state.termination ?? (stopped ? nil : state.last) else {
                return stopped ? .failed : .pending
            }
            if end.exitCode != 0 { return policy == .never || stopped ? .failed : .pending }
        }
        let ends = pod.mainContainers.map { state($0).termination }
        if stopped { return ends.allSatisfy { $0?.exitCode == 0 } ? .succeeded : .failed }
        let isWaiting = pod.mainContainers.contains { container in
            let state = state(container)
            return !state.isRunning && state.termination == nil && state.last == nil
        }
        if isWaiting { return .pending }
        let ended = ends.compactMap { $0 }
        guard ended.count == pod.mainContainers.count, !ended.isEmpty else { return .running }
        if policy == .always { return .running }
        if ended.allSatisfy({ $0.exitCode == 0 }) { return .succeeded }
        return policy == .never ? .failed : .running
    }

    /// The whole status; conditions of others and their transition times are kept.
    var status: PodStatus {
        let phase = phase
        var status = PodStatus()
        status.phase = phase
        status.qosClass = pod.spec.qualityOfService.rawValue
        status.hostIP = hostIP
        status.hostIPs = [HostAddress(ip: hostIP)]
        status.startTime = startTime
        status.observedGeneration = generation
        if !podIP.isEmpty {
            status.podIP = podIP
            status.podIPs = [HostAddress(ip: podIP)]
        }
        if let rejection {
            status.reason = rejection.reason
            status.message = "Pod was rejected: " + rejection.message
        } else {
            status.initContainerStatuses = pod.initContainers.map { initStatus($0) }
            status.containerStatuses = pod.mainContainers.map { state($0).status(of: $0) }
        }
        let own = conditions(phase)
        let types = Set(own.map(\.type))
        status.conditions =
            own.merged(with: pod.status.conditions, now: now)
            + pod.status.conditions.filter { !types.contains($0.type) }
        return status
    }

    private var generation: Int? { pod.metadata.generation == 0 ? nil : pod.metadata.generation }

    /// An init container that has completed is "ready".
    private func initStatus(_ container: PodContainer) -> ContainerStatus {
        var state = state(container)
        if container.kind == .initial { state.ready = state.termination?.exitCode == 0 }
        return state.status(of: container)
    }

    /// The kubelet's own conditions.
    private func conditions(_ phase: PodPhase) -> [Condition] {
        let terminal: String? = phase == .succeeded ? "PodCompleted" : phase == .failed ? "PodFailed" : nil
        var own = [condition("PodReadyToStartContainers", !podIP.isEmpty && terminal == nil)]
        let uninitialized = pod.initContainers.filter { container in
            let state = state(container)
            return container.kind == .sidecar ? !hasStarted(state) : state.termination?.exitCode != 0
        }.map(\.name)
        if uninitialized.isEmpty || terminal == "PodCompleted" {
            own.append(condition("Initialized", true, terminal == "PodCompleted" ? terminal : nil))
        } else {
            own.append(
                condition(
                    "Initialized", false, terminal ?? "ContainersNotInitialized",
                    "containers with incomplete status: [\(uninitialized.joined(separator: " "))]"))
        }
        let restartable = pod.mainContainers + pod.initContainers.filter { $0.kind == .sidecar }
        let unready = restartable.filter { !state($0).ready }.map(\.name)
        let isReady = terminal == nil && unready.isEmpty
        let reason = terminal ?? (unready.isEmpty ? nil : "ContainersNotReady")
        let message =
            terminal != nil || unready.isEmpty
            ? nil : "containers with unready status: [\(unready.joined(separator: " "))]"
        let closed = pod.spec.readinessGates.map(\.conditionType)
            .filter { !pod.status.conditions.isTrue($0) }
        if isReady, !closed.isEmpty {
            let sentences = closed.map { "the status of pod readiness gate \"\($0)\" is not \"True\"" }
            own.append(
                condition("Ready", false, "ReadinessGatesNotReady", sentences.joined(separator: ", ")))
        } else {
            own.append(condition("Ready", isReady, reason, message))
        }
        own.append(condition("ContainersReady", isReady, reason, message))
        return own
    }

    private func condition(
        _ type: String, _ status: Bool, _ reason: String? = nil, _ message: String? = nil
    ) -> Condition {
        Condition(
            type: type, status: ConditionStatus(status), reason: reason, message: message,
            observedGeneration: generation)
    }
}
