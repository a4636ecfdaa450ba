// What has to be done about the pods of a ModelServer. They are told apart by replica number. A replica has one pod at a time,
// for NeuronCores are scarce, and while it is replaced two where the user allows a surge: their names have the template's hash.

internal import GanglionAPI
internal import KubernetesAPI
internal import Scheduling

/// Plans the pods of one ModelServer.
struct PodsPlan {
    let state: ModelServerState
    let template: PodTemplate
    let now: Duration
    let time: Timestamp

    var spec: ModelServerSpec { template.server.spec }

    /// What the replicas come to, one after the other.
    private struct Count {
        /// Replicas that do not serve.
        var unavailable = 0
        /// Replicas that have a pod of the present template beside one that serves.
        var surging = 0
        /// Pods of an older template that nobody is made for yet.
        var outdated: [(pod: PodInfo, replica: Int)] = []
        /// Pods of an older template whose successor finds no NeuronCores.
        var inTheWay: [(pod: PodInfo, successor: PodInfo)] = []
    }

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
        keepTogether(byReplica, &plan, &failures)
        var count = Count()
        for replica in 0..<spec.replicas {
            look(at: (byReplica[replica] ?? []).sorted(by: comesFirst), replica, &count, &plan, &failures)
        }
        // What is paused stays in the middle of a rollout, too.
        if !spec.paused { rollOut(&count, &plan) }
        // There may be two reasons for one pod to go.
        var going: Set<String> = []
        plan.actions.removeAll { action in
            guard case .deletePod(let pod, _, _) = action else { return false }
            return !going.insert(pod.uid).inserted
        }
    }

    /// - Parameter slot: the pods of a replica, the one that stays first.
    private func look(
        at slot: [PodInfo], _ replica: Int, _ count: inout Count, _ plan: inout ModelServerPlan,
        _ failures: inout FailureMemory
    ) {
        giveUpLost(slot, &plan)
        guard let pod = slot.first(where: { !$0.isTerminating }) else {
            count.unavailable += 1
            // What ends is waited for.
            if slot.isEmpty { plan.actions.append(.createPod(template.pod(replica: replica))) }
            return
        }
        let others = slot.filter { $0.uid != pod.uid && !$0.isTerminating }
        if !pod.isReady, !others.contains(where: \.isReady) { count.unavailable += 1 }
        let isCurrent = template.server.isCurrent(pod)
        var hasSuccessor = false
        for other in others {
            if !isCurrent, other.isTerminal, template.server.isCurrent(other) {
                // The successor failed, and what it was to replace serves on: it is tried again after a pause.
                hasSuccessor = true
                replaceEnded(other, replica, &plan, &failures)
            } else if other.isReady, !pod.isReady {
                // One that serves while the one that stays does not yet is all that the replica has.
                count.surging += 1
                if state.unschedulable[pod.uid] != nil { count.inTheWay.append((other, pod)) }
            } else {
                plan.actions.append(.deletePod(other, why: "replica \(replica) has the pod \(pod.key.name)"))
            }
        }
        // One of an older template says nothing of those that are to replace it.
        if pod.isReady, isCurrent, !breaksGang(pod) { failures.forget(replica: replica) }
        if pod.isTerminal {
            replaceEnded(pod, replica, &plan, &failures)
        } else if !isCurrent {
            if hasSuccessor { count.surging += 1 } else { count.outdated.append((pod, replica)) }
        }
    }

    /// A pod that has ended goes after a pause; the next plan makes another.
    private func replaceEnded(
        _ pod: PodInfo, _ replica: Int, _ plan: inout ModelServerPlan, _ failures: inout FailureMemory
    ) {
        let pause = failures.pause(for: pod, replica: replica, now: now)
        guard pause > .zero else {
            plan.actions.append(
                .deletePod(pod, why: "it has ended: \(pod.failure?.reason ?? pod.pod.phase.rawValue)"))
            return
        }
        plan.lookAgain(after: pause)
    }

    /// Pods that serve nobody go first. Of the others as many get a successor beside them as there may be more, and as many go
    /// for theirs as may be missing: first those whose successor waits for their NeuronCores.
    private func rollOut(_ count: inout Count, _ plan: inout ModelServerPlan) {
        let missing = spec.rollout.restartTogether ? Int.max : spec.rollout.maxUnavailable
        for (pod, successor) in count.inTheWay where count.unavailable < missing {
            count.unavailable += 1
            plan.actions.append(
                .deletePod(pod, why: "its successor \(successor.key.name) needs its NeuronCores"))
        }
        var going = count.outdated.filter { !$0.pod.isReady }
        for one in count.outdated where one.pod.isReady {
            if spec.gang, !isInGang(one.pod) {
                // The gang is placed as a whole, for which these are in the way.
                count.unavailable += 1
                going.append(one)
            } else if count.surging < spec.rollout.maxSurge {
                count.surging += 1
                plan.actions.append(.createPod(template.pod(replica: one.replica)))
            } else if count.unavailable < missing {
                count.unavailable += 1
                going.append(one)
            }
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
