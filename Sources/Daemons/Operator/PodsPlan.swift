// What has to be done about the pods of a ModelServer. They are told apart by replica number; a replica has one pod at a
// time, for NeuronCores are too scarce to hold two.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

/// Plans the pods of one ModelServer.
struct PodsPlan {
    let state: ModelServerState
    let template: PodTemplate
    let now: Duration
    let time: Timestamp

    private var spec: ModelServerSpec { template.server.spec }

    /// Adds what has to be done.
    func work(_ plan: inout ModelServerPlan, failures: inout FailureMemory) {
        var byReplica = Dictionary(grouping: state.pods) { $0.replica ?? -1 }
        for (replica, surplus) in byReplica.sorted(by: { $0.key < $1.key })
        where replica < 0 || replica >= spec.replicas {
            for pod in surplus.sorted(by: { $0.key < $1.key }) where !pod.isTerminating {
                plan.actions.append(.deletePod(pod, why: "the server has \(spec.replicas) replicas"))
            }
            byReplica[replica] = nil
        }
        var unavailable = 0
        var outdated: [(pod: PodInfo, replica: Int)] = []
        for replica in 0..<spec.replicas {
            let slot = (byReplica[replica] ?? []).sorted(by: comesFirst)
            giveUpLost(slot, &plan)
            guard let pod = slot.first(where: { !$0.isTerminating }) else {
                unavailable += 1
                // What ends is waited for.
                if slot.isEmpty { plan.actions.append(.createPod(template.pod(replica: replica))) }
                continue
            }
            // One that serves while the one that stays does not yet is all that the replica has.
            for other in slot where other.uid != pod.uid && !other.isTerminating {
                guard !other.isReady || pod.isReady else { continue }
                plan.actions.append(.deletePod(other, why: "replica \(replica) has the pod \(pod.key.name)"))
            }
            if pod.isReady { failures.forget(replica: replica) } else { unavailable += 1 }
            if pod.isTerminal {
                let pause = failures.pause(for: pod, replica: replica, now: now)
                guard pause > .zero else {
                    plan.actions.append(
                        .deletePod(pod, why: "it has ended: \(pod.failure?.reason ?? pod.pod.phase.rawValue)")
                    )
                    continue
                }
                plan.lookAgain(after: pause)
            } else if !template.server.isCurrent(pod) {
                outdated.append((pod, replica))
            }
        }
        // Pods that serve nobody go first; of the others as many as may be missing.
        var going = outdated.filter { !$0.pod.isReady }
        for one in outdated where one.pod.isReady && unavailable < spec.rollout.maxUnavailable {
            unavailable += 1
            going.append(one)
        }
        if let first = going.first {
            plan.actions.append(.tryPod(template.pod(replica: first.replica), replacing: first.pod))
        }
        for (pod, _) in going { plan.actions.append(.deletePod(pod, why: "the template has changed")) }
    }

    /// Of several pods of one replica, the one that stays comes first: one that runs, of the present template, that serves,
    /// the oldest.
    private func comesFirst(_ left: PodInfo, _ right: PodInfo) -> Bool {
        func rank(_ pod: PodInfo) -> (Int, Int, Int, Int64) {
            (
                pod.isTerminating || pod.isTerminal ? 1 : 0, template.server.isCurrent(pod) ? 0 : 1,
                pod.isReady ? 0 : 1, pod.pod.metadata.creationTimestamp?.microseconds ?? 0
            )
        }
        let (first, second) = (rank(left), rank(right))
        return first == second ? left.key < right.key : first < second
    }

    /// A pod whose node does not answer never ends by itself. Where the user has said for how long that is waited for, its
    /// object goes by force, and its name is free.
    private func giveUpLost(_ slot: [PodInfo], _ plan: inout ModelServerPlan) {
        guard let limit = spec.rollout.replaceLostAfterSeconds else { return }
        for pod in slot where !pod.isTerminal {
            guard let node = state.lostNodes[pod.node], let since = node.since else { continue }
            let left = Int64(limit) - (time.seconds - since.seconds)
            guard left <= 0 else {
                plan.lookAgain(after: .seconds(left))
                continue
            }
            plan.actions.append(
                .deletePod(pod, why: "its node \(pod.node) \(node.words)", byForce: true))
        }
    }
}

extension ModelServerPlan {
    /// Look again at that time, if not earlier.
    mutating func lookAgain(after pause: Duration) { lookAgainAfter = min(pause, lookAgainAfter ?? pause) }
}
