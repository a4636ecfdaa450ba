// What has to be done about the pods of a ModelServer that are placed together. Everything is seen from the pods as they are:
// an operator that starts anew in the middle of a restart goes on with it.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

extension ResolvedServer {
    /// The gang of its pods. No pod of the user's own is in it: a gang that a user names has no such prefix.
    var gangName: String { "modelserver/\(server.metadata.name)" }
}

extension PodInfo {
    /// How many pods its gang had when it was made.
    fileprivate var gangSize: Int? {
        pod.metadata.annotations[WellKnown.gangSizeAnnotation].flatMap { Int($0) }
    }

    /// A container that was restarted; nil where there is none.
    fileprivate var restartedContainer: String? {
        (pod.status.initContainerStatuses + pod.status.containerStatuses)
            .first { ($0.restartCount ?? 0) > 0 }?.name
    }
}

extension PodsPlan {
    /// Whether a pod is in the gang that the server has now: those of before it had one are not.
    func isInGang(_ pod: PodInfo) -> Bool { pod.gang?.name == template.server.gangName }

    /// Whether a pod is a reason to make the whole gang anew, although it may serve again by itself.
    func breaksGang(_ pod: PodInfo) -> Bool {
        spec.gang && spec.rollout.restartTogether && pod.restartedContainer != nil
    }

    /// What only gangs need.
    func keepTogether(
        _ byReplica: [Int: [PodInfo]], _ plan: inout ModelServerPlan, _ failures: inout FailureMemory
    ) {
        guard spec.gang else { return }
        let members = (0..<spec.replicas).flatMap { byReplica[$0] ?? [] }.filter(isInGang)
        // Those that wait would wait for pods that do not come any more, or go without those that come.
        for pod in members where pod.node.isEmpty && !pod.isTerminating && pod.gangSize != spec.replicas {
            plan.actions.append(.deletePod(pod, why: "its gang has \(spec.replicas) pods now"))
        }
        guard spec.rollout.restartTogether,
            let why = breach(byReplica, members, &plan, &failures)
        else { return }
        // Those that are on no node yet are of the next start already.
        for pod in members where !pod.node.isEmpty && !pod.isTerminating && !pod.isTerminal {
            plan.actions.append(.deletePod(pod, why: why))
        }
    }

    /// Why the whole gang has to be made anew; nil where it does not.
    private func breach(
        _ byReplica: [Int: [PodInfo]], _ members: [PodInfo], _ plan: inout ModelServerPlan,
        _ failures: inout FailureMemory
    ) -> String? {
        for replica in 0..<spec.replicas {
            let slot = (byReplica[replica] ?? []).filter(isInGang)
            guard !slot.isEmpty else {
                if members.contains(where: { !$0.node.isEmpty }) {
                    return "replica \(replica) of its gang has gone"
                }
                continue
            }
            for pod in slot where !pod.node.isEmpty {
                if pod.isTerminating { return "pod \(pod.key.name) of its gang goes" }
                if !pod.isTerminal, pod.gangSize != spec.replicas {
                    return "its gang has \(spec.replicas) pods now"
                }
                let container = pod.restartedContainer
                guard pod.isTerminal || container != nil else { continue }
                // What fails again and again must not be started again and again.
                let pause = failures.pause(for: pod, replica: replica, now: now)
                guard pause <= .zero else {
                    plan.lookAgain(after: pause)
                    continue
                }
                return container.map { "container \($0) of pod \(pod.key.name) of its gang was restarted" }
                    ?? "pod \(pod.key.name) of its gang has ended"
            }
        }
        return nil
    }
}
