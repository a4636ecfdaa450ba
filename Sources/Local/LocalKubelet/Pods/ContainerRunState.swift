// A container's state, from which its entry in the pod's status is made.

internal import KubernetesAPI
internal import SystemIO

/// How one run of a container ended.
struct Termination: Equatable, Sendable {
    var exitCode: Int
    var signal: Int?
    var reason: String
    var message: String?
    /// Nanoseconds since 1970; nil where it never ran.
    var startedAt: Int64?
    /// Nanoseconds since 1970.
    var finishedAt: Int64
    var containerID: String

    /// - Parameter exit: what the shim recorded.
    init(_ exit: ExitRecord, startedAt: Int64?, containerID: String) {
        exitCode = exit.code
        signal = exit.signal
        reason = exit.reason ?? (exit.code == 0 ? "Completed" : "Error")
        message = exit.message
        self.startedAt = startedAt
        finishedAt = exit.finishedAt
        self.containerID = containerID
    }

    /// As the status has it.
    var state: ContainerState {
        ContainerState(
            ContainerState.Terminated(
                exitCode: exitCode, signal: signal, reason: reason, message: message,
                startedAt: startedAt.map { Timestamp(nanoseconds: $0) },
                finishedAt: Timestamp(nanoseconds: finishedAt), containerID: containerID))
    }
}

/// One container's state.
struct ContainerRunState: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case waiting(reason: String, message: String?)
        /// Since when, in nanoseconds since 1970.
        case running(startedAt: Int64)
        case terminated(Termination)
    }

    var phase: Phase = .waiting(reason: "PodInitializing", message: nil)
    var last: Termination?
    var restartCount = 0
    /// The readiness probe's result; containers without one are ready while they run.
    var ready = false
    /// Whether the startup probe has passed.
    var started = false
    var containerID = ""
    var imageID = ""
    /// Resource to device ids with their health.
    var devices: [String: [String: Bool]] = [:]

    var isRunning: Bool { if case .running = phase { true } else { false } }
    var termination: Termination? {
        if case .terminated(let termination) = phase { termination } else { nil }
    }

    /// The entry of `containerStatuses`.
    func status(of container: PodContainer) -> ContainerStatus {
        let state =
            switch phase {
            case .waiting(let reason, let message): ContainerState(waiting: reason, message: message)
            case .running(let startedAt): ContainerState(runningSince: Timestamp(nanoseconds: startedAt))
            case .terminated(let termination): termination.state
            }
        var status = ContainerStatus(name: container.name, state: state)
        status.image = container.image
        status.imageID = imageID
        status.restartCount = restartCount
        status.ready = ready
        status.started = started && isRunning
        if let last { status.lastState = last.state }
        status.containerID = containerID.isEmpty ? nil : containerID
        status.allocatedResourcesStatus = devices.sorted { $0.key < $1.key }.map { resource, ids in
            ResourceStatus(
                name: resource,
                resources: ids.sorted { $0.key < $1.key }.map { id, isHealthy in
                    ResourceHealth(resourceID: id, health: isHealthy ? "Healthy" : "Unhealthy")
                })
        }
        return status
    }
}

extension Timestamp {
    /// A moment by its nanoseconds since 1970.
    init(nanoseconds: Int64) { self.init(microseconds: nanoseconds / 1000) }
}
