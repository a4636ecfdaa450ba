// Why a pod does not run, from what the kubelet says of its containers.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

extension PodInfo {
    /// A failure of a pod or of one of its containers.
    struct Failure: Equatable, Sendable {
        /// The container, such as `init container fetch`; nil where it is the pod's, or its only container's that serves.
        var place: String?
        /// A word for machines.
        var reason: String
        /// What the container or the kubelet said.
        var message: String
        /// nil where nothing has ended.
        var exitCode: Int?
    }

    /// Why it does not run, nil where nothing has failed. Init containers come first, in their order: nothing else runs before
    /// they have ended, or, as sidecars, have started.
    var failure: Failure? {
        let status = pod.status
        let statuses =
            status.initContainerStatuses.map { ("init container \($0.name)" as String?, $0) }
            + status.containerStatuses.map {
                ($0.name == WellKnown.servingContainer ? nil : "container \($0.name)", $0)
            }
        if pod.phase == .failed {
            // The pod's own words are the kubelet's, as of an eviction; a pod whose containers ended has none.
            if let reason = status.reason {
                return Failure(reason: reason, message: status.message ?? "", exitCode: nil)
            }
            for (place, container) in statuses {
                guard let ended = container.state.terminated, ended.exitCode != 0 else { continue }
                return Failure(place, ended)
            }
            return Failure(reason: "PodFailed", message: status.message ?? "", exitCode: nil)
        }
        for (place, container) in statuses where container.ready != true {
            let ended = container.state.terminated ?? container.lastState.terminated
            let waiting = container.state.waiting
            let reason = waiting?.reason ?? ended?.reason ?? ""
            let isHarmless = ["", "ContainerCreating", "PodInitializing"].contains(reason)
            guard !isHarmless || (container.restartCount ?? 0) > 0 else { continue }
            return Failure(
                place: place, reason: reason.isEmpty ? "Restarted" : reason,
                message: ended?.message ?? waiting?.message ?? "", exitCode: ended?.exitCode)
        }
        return nil
    }
}

extension PodInfo.Failure {
    /// A container that has ended.
    fileprivate init(_ place: String?, _ ended: ContainerState.Terminated) {
        self.init(
            place: place, reason: ended.reason ?? "PodFailed", message: ended.message ?? "",
            exitCode: ended.exitCode)
    }
}
