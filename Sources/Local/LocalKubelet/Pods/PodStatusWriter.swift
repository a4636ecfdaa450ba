// The API server hears of a pod's status only when it has changed, in order, and as the newest there is: what
// was not yet sent when something newer comes is never sent. A pod that has ended is deleted after its last
// status.

internal import JSON
internal import SystemIO

/// Keeps the API server's idea of our pods true.
actor PodStatusWriter: LoopActor {
    nonisolated let loop: EventLoop

    private struct Entry {
        var pod: Pod
        /// What the API server is to have; nil where nothing is to be sent.
        var wanted: JSON?
        var sent: JSON?
        /// Delete the object once the status has been sent.
        var isFinal = false
        var isBusy = false
    }

    private let backend: any KubeletBackend
    private let retry: Duration
    private var entries: [String: Entry] = [:]

    init(backend: any KubeletBackend, retry: Duration, loop: EventLoop) {
        self.backend = backend
        self.retry = retry
        self.loop = loop
    }

    /// A pod's newest status.
    func set(_ pod: Pod, _ status: JSON) {
        var entry = entries[pod.uid] ?? Entry(pod: pod, wanted: nil, sent: Self.comparable(pod.status))
        guard !entry.isFinal else { return }
        entry.pod = pod
        entry.wanted = Self.comparable(status) == entry.sent ? nil : status
        entries[pod.uid] = entry
        work(pod.uid)
    }

    /// Deletes the object once its last status is out.
    func finish(_ pod: Pod) {
        entries[pod.uid, default: Entry(pod: pod)].isFinal = true
        work(pod.uid)
    }

    /// The object is gone: nothing more is to be said of it.
    func forget(_ uid: String) { entries[uid] = nil }

    private func work(_ uid: String) {
        guard entries[uid]?.isBusy == false else { return }
        entries[uid]?.isBusy = true
        Task { await self.send(uid) }
    }

    private func send(_ uid: String) async {
        while let entry = entries[uid] {
            do throws(BackendError) {
                if let wanted = entry.wanted {
                    let patch: JSON = ["metadata": ["uid": .string(uid)], "status": wanted]
                    _ = try await backend.patch(Self.path(entry.pod) + "/status", patch, .strategic)
                    entries[uid]?.sent = Self.comparable(wanted)
                    if entries[uid]?.wanted == wanted { entries[uid]?.wanted = nil }
                } else if entry.isFinal {
                    try await backend.delete(
                        Self.path(entry.pod),
                        options: [
                            "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0,
                            "preconditions": ["uid": .string(uid)],
                        ])
                    forget(uid)
                } else {
                    entries[uid]?.isBusy = false
                    return
                }
            } catch {
                if error.isWorthRetrying {
                    try? await Task.sleep(for: retry)
                } else if error.status == 404 || error.status == 409 || entry.isFinal {
                    forget(uid)  // another pod of that name by now, or none
                } else {
                    if entries[uid]?.wanted == entry.wanted { entries[uid]?.wanted = nil }
                }
            }
        }
    }

    private static func path(_ pod: Pod) -> String { "/api/v1/namespaces/\(pod.namespace)/pods/\(pod.name)" }

    /// The status without what the API server adds, so that our own words are recognised in it.
    private static func comparable(_ status: JSON) -> JSON {
        var status = status
        let conditions = status.conditions?.array ?? []
        status.conditions = .array(conditions.sorted { ($0.type?.string ?? "") < ($1.type?.string ?? "") })
        status.resources = nil
        for list in ["containerStatuses", "initContainerStatuses"] {
            guard let containers = status[list]?.array else { continue }
            status[list] = .array(
                containers.map { container in
                    var container = container
                    container.resources = nil
                    return container
                })
        }
        return status
    }
}
