// A container's state as the pod's status tells it.

internal import JSON
internal import SystemIO

/// How one run of a container ended.
struct Termination: Equatable, Sendable {
    var exitCode: Int
    var signal: Int?
    var reason: String
    var message: String?
    /// Nanoseconds since 1970; nil where it never ran.
    var startedAt: Int64?
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

    var json: JSON {
        var json: JSON = [
            "exitCode": JSON(exitCode), "reason": .string(reason), "containerID": .string(containerID),
            "finishedAt": .string(WallClock.timestamp(finishedAt)),
            "startedAt": startedAt.map { .string(WallClock.timestamp($0)) } ?? .null,
        ]
        json.signal = signal.map { JSON($0) }
        json.message = message.map { .string($0) }
        return json
    }
}

/// One container's state.
struct ContainerState: Equatable, Sendable {
    enum Phase: Equatable, Sendable {
        case waiting(reason: String, message: String?)
        /// Since when, in nanoseconds since 1970.
        case running(startedAt: Int64)
        case terminated(Termination)
    }

    var phase: Phase = .waiting(reason: "PodInitializing", message: nil)
    var last: Termination?
    var restartCount = 0
    /// The readiness probe's word; containers without one are ready while they run.
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
    func json(_ container: Container) -> JSON {
        let state: JSON
        switch phase {
        case .waiting(let reason, let message):
            var waiting: JSON = ["reason": .string(reason)]
            waiting.message = message.map { .string($0) }
            state = ["waiting": waiting]
        case .running(let startedAt):
            state = ["running": ["startedAt": .string(WallClock.timestamp(startedAt))]]
        case .terminated(let termination): state = ["terminated": termination.json]
        }
        var json: JSON = [
            "name": .string(container.name), "image": .string(container.image), "imageID": .string(imageID),
            "restartCount": JSON(restartCount), "ready": .bool(ready), "started": .bool(started && isRunning),
            "state": state, "lastState": last.map { ["terminated": $0.json] } ?? [:],
        ]
        if !containerID.isEmpty { json.containerID = .string(containerID) }
        if !devices.isEmpty {
            json.allocatedResourcesStatus = .array(
                devices.sorted { $0.key < $1.key }.map { resource, ids in
                    let entries = ids.sorted { $0.key < $1.key }.map { id, healthy -> JSON in
                        ["resourceID": .string(id), "health": healthy ? "Healthy" : "Unhealthy"]
                    }
                    return ["name": .string(resource), "resources": .array(entries)]
                })
        }
        return json
    }
}
