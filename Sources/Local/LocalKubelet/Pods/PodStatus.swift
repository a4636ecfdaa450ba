// The status of a pod follows from the states of its containers; nothing of it is remembered but the times at
// which a condition changed. Rules as in the kubelet's `getPhase` and `status/generate.go`.

internal import JSON
internal import SystemIO

/// What a pod's status is made from.
struct PodStatus {
    var pod: Pod
    var states: [String: ContainerState]
    /// Empty before the pod has its directory and address.
    var podIP = ""
    var hostIP = "127.0.0.1"
    /// When the kubelet saw the pod first, RFC 3339.
    var startTime = ""
    /// The pod was stopped and all its containers have ended: the phase becomes terminal.
    var stopped = false
    /// A pod that was refused: reason and message.
    var rejection: (reason: String, message: String)?
    /// RFC 3339.
    var now = WallClock.timestamp()

    private func state(_ container: Container) -> ContainerState {
        states[container.name] ?? ContainerState()
    }

    /// Whether a sidecar was ever started: those after it wait for the first time only.
    private func hasStarted(_ state: ContainerState) -> Bool {
        state.started || state.termination != nil || state.last != nil
    }

    /// Pending, Running, Succeeded or Failed.
    var phase: String {
        if rejection != nil { return "Failed" }
        let policy = pod.restartPolicy
        for container in pod.initContainers {
            let state = state(container)
            if container.kind == .sidecar {
                if !hasStarted(state), !stopped { return "Pending" }
                continue
            }
            guard let end = state.termination ?? (stopped ? nil : state.last) else {
                return stopped ? "Failed" : "Pending"
            }
            if end.exitCode != 0 { return policy == .never || stopped ? "Failed" : "Pending" }
        }
        let ends = pod.mainContainers.map { state($0).termination }
        if stopped { return ends.allSatisfy { $0?.exitCode == 0 } ? "Succeeded" : "Failed" }
        let waiting = pod.mainContainers.contains { container in
            let state = state(container)
            return !state.isRunning && state.termination == nil && state.last == nil
        }
        if waiting { return "Pending" }
        let ended = ends.compactMap { $0 }
        guard ended.count == pod.mainContainers.count, !ended.isEmpty else { return "Running" }
        if policy == .always { return "Running" }
        if ended.allSatisfy({ $0.exitCode == 0 }) { return "Succeeded" }
        return policy == .never ? "Failed" : "Running"
    }

    /// The whole status; conditions of others and their transition times are kept.
    var json: JSON {
        let phase = phase
        var status: JSON = [
            "phase": .string(phase), "qosClass": .string(pod.qualityOfService), "hostIP": .string(hostIP),
            "hostIPs": [["ip": .string(hostIP)]], "startTime": .string(startTime),
        ]
        if let generation = pod.json.metadata?.generation { status.observedGeneration = generation }
        if !podIP.isEmpty {
            status.podIP = .string(podIP)
            status.podIPs = [["ip": .string(podIP)]]
        }
        if let rejection {
            status.reason = .string(rejection.reason)
            status.message = .string("Pod was rejected: " + rejection.message)
        } else {
            if !pod.initContainers.isEmpty {
                status.initContainerStatuses = .array(pod.initContainers.map { initStatus($0) })
            }
            status.containerStatuses = .array(pod.mainContainers.map { state($0).json($0) })
        }
        status.conditions = .array(conditions(phase))
        return status
    }

    /// An init container that has completed is "ready".
    private func initStatus(_ container: Container) -> JSON {
        var state = state(container)
        if container.kind == .initial { state.ready = state.termination?.exitCode == 0 }
        return state.json(container)
    }

    private func conditions(_ phase: String) -> [JSON] {
        var owned: [(type: String, status: Bool, reason: String?, message: String?)] = []
        let terminal: String? = phase == "Succeeded" ? "PodCompleted" : phase == "Failed" ? "PodFailed" : nil
        owned.append(("PodReadyToStartContainers", !podIP.isEmpty && terminal == nil, nil, nil))
        let unready = pod.initContainers.filter { container in
            let state = state(container)
            return container.kind == .sidecar ? !hasStarted(state) : state.termination?.exitCode != 0
        }.map(\.name)
        if unready.isEmpty || terminal == "PodCompleted" {
            owned.append(("Initialized", true, terminal == "PodCompleted" ? terminal : nil, nil))
        } else {
            owned.append(
                (
                    "Initialized", false, terminal ?? "ContainersNotInitialized",
                    "containers with incomplete status: [\(unready.joined(separator: " "))]"
                ))
        }
        let restartable = pod.mainContainers + pod.initContainers.filter { $0.kind == .sidecar }
        let notReady = restartable.filter { !state($0).ready }.map(\.name)
        let gates = (pod.spec.readinessGates?.array ?? []).compactMap { $0.conditionType?.string }
        let closed = gates.filter { gate in condition(gate)?.status?.string != "True" }
        let message =
            notReady.isEmpty ? nil : "containers with unready status: [\(notReady.joined(separator: " "))]"
        let containersReady = terminal == nil && notReady.isEmpty
        let reason = terminal ?? (notReady.isEmpty ? nil : "ContainersNotReady")
        if containersReady, !closed.isEmpty {
            let sentence = closed.map { "the status of pod readiness gate \"\($0)\" is not \"True\"" }
            owned.append(("Ready", false, "ReadinessGatesNotReady", sentence.joined(separator: ", ")))
        } else {
            owned.append(("Ready", containersReady, reason, terminal == nil ? message : nil))
        }
        owned.append(("ContainersReady", containersReady, reason, terminal == nil ? message : nil))
        let types = owned.map(\.type)
        let foreign = (pod.status.conditions?.array ?? []).filter { !types.contains($0.type?.string ?? "") }
        return owned.map { transition($0.type, $0.status, $0.reason, $0.message) } + foreign
    }

    private func condition(_ type: String) -> JSON? {
        pod.status.conditions?.array?.first { $0.type?.string == type }
    }

    private func transition(_ type: String, _ status: Bool, _ reason: String?, _ message: String?) -> JSON {
        let before = condition(type)
        let text = status ? "True" : "False"
        let unchanged = before?.status?.string == text
        let time = unchanged ? before?.lastTransitionTime?.string ?? now : now
        var json: JSON = [
            "type": .string(type), "status": .string(text), "lastProbeTime": .null,
            "lastTransitionTime": .string(time),
        ]
        if let generation = pod.json.metadata?.generation { json.observedGeneration = generation }
        json.reason = reason.map { .string($0) }
        json.message = message.map { .string($0) }
        return json
    }
}
