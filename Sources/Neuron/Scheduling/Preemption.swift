// Pods of lower priority go so that one of higher priority can be placed: kube-scheduler's DefaultPreemption. Which node is
// chosen follows pickOneNodeForPreemption; what must become free is a group that the runtime can use, not a number of cores.

package import KubernetesAPI
internal import Placement

/// What pods would have to go from one node.
struct PreemptionCandidate {
    var number: Int
    /// The most important first.
    var victims: [PodInfo]
    /// How many of them a budget does not let go.
    var violations: Int

    /// By kube-scheduler's order: fewest broken budgets, then the lowest of the highest priorities, the lowest sum, the
    /// fewest victims, and the latest start of the most important; the first node by name.
    func isBetter(than other: PreemptionCandidate) -> Bool {
        if violations != other.violations { return violations < other.violations }
        let (highest, otherHighest) = (
            victims.first?.priority ?? .min, other.victims.first?.priority ?? .min
        )
        if highest != otherHighest { return highest < otherHighest }
        // Each victim weighs something, also one of a negative priority.
        func sum(_ victims: [PodInfo]) -> Int { victims.reduce(0) { $0 &+ $1.priority &+ (1 << 31) } }
        if sum(victims) != sum(other.victims) { return sum(victims) < sum(other.victims) }
        if victims.count != other.victims.count { return victims.count < other.victims.count }
        func start(_ victims: [PodInfo]) -> Int64 {
            victims.filter { $0.priority == victims.first?.priority }.map(\.age).min() ?? .max
        }
        if start(victims) != start(other.victims) { return start(victims) > start(other.victims) }
        return number < other.number
    }
}

extension PodInfo {
    /// When it was made: the earlier, the more important.
    var age: Int64 { pod.metadata.creationTimestamp?.microseconds ?? 0 }

    /// Whether it may have others go.
    var mayPreempt: Bool { pod.spec.preemptionPolicy != "Never" && gang == nil }
}

extension PodScheduler {
    /// At least so many nodes are looked at closely, and a tenth of all: as many as kube-scheduler's defaults have.
    static let leastCandidates = 100

    /// A node on which room is kept for a pod until others have gone.
    struct Nomination: Sendable {
        var node: String
        /// Those that go for it.
        var victims: Set<String>
        /// The group that it will have there.
        var cores: CoreSet
    }

    /// The budgets of disruptions have become these.
    package mutating func observe(budgets: [PodDisruptionBudget]) { self.budgets = budgets }

    /// A pod that was to go stays: its deletion was refused.
    package mutating func spare(_ uid: String) {
        for (pod, nomination) in nominations where nomination.victims.contains(uid) {
            withdraw(pod)
            // One that cannot be placed leaves its whole gang without places.
            for other in pods[pod]?.gang.flatMap({ gangs[$0]?.waiting }) ?? [] { withdraw(other) }
        }
        moment.reliefs += 1
    }

    /// Looks for pods that may go for the waiting pods of a shape, of which none fits.
    mutating func preempt(for shape: Int) -> [Decision] {
        var decisions: [Decision] = []
        let least = leastPriority()
        for place in shapes[shape].queue.all where !postponed.contains(place.uid) {
            guard let pod = pods[place.uid], pod.mayPreempt else { continue }
            if let nomination = nominations[pod.uid] {
                guard isFreed(nomination) else { continue }
                // They have gone, and yet it does not fit: somebody was faster.
                withdraw(pod.uid)
            }
            if let former = formerNomination(of: pod, shape) {
                decisions.append(nominate(pod, former))
                continue
            }
            // What one of the shape cannot have, one of no higher priority cannot have either.
            guard pod.priority > least, let candidate = bestCandidate(for: pod, shape) else { break }
            decisions.append(nominate(pod, candidate))
        }
        return decisions
    }

    /// The node on which an operator before this one has kept room for a pod, as the pod's status says: where it is enough that
    /// those go that go already, nobody else has to (PodEligibleToPreemptOthers).
    private func formerNomination(of pod: PodInfo, _ shape: Int) -> PreemptionCandidate? {
        guard let node = pod.pod.status.nominatedNodeName, let number = numbers[node],
            allowed[shapes[shape].requirements].contains(number)
        else { return nil }
        let going = lowerPods(than: pod, on: number).filter(\.isTerminating)
        guard !going.isEmpty, fits(pod, on: number, without: going) else { return nil }
        return PreemptionCandidate(number: number, victims: going, violations: 0)
    }

    /// The lowest priority of all pods that could go: most clusters have one priority, and nobody to go for anybody.
    mutating func leastPriority() -> Int {
        if let known = lowestOfAll { return known }
        var least = Int.max
        for number in places.indices { least = min(least, places[number].lowest) }
        lowestOfAll = least
        return least
    }

    /// Whether all have gone that were to go.
    func isFreed(_ nomination: Nomination) -> Bool {
        nomination.victims.allSatisfy { pods[$0]?.node != nomination.node || pods[$0]?.isBound == false }
    }

    private mutating func nominate(_ pod: PodInfo, _ candidate: PreemptionCandidate) -> Decision {
        let node = places[candidate.number].usage.node
        let usage = usage(on: candidate.number, without: candidate.victims, for: pod)
        let group = node.topology.flatMap { bestGroup(of: pod.cores, free: usage.free, topology: $0) }
        let cores = group.map { CoreSet($0.start..<$0.start + pod.cores) } ?? []
        nominations[pod.uid] = Nomination(
            node: node.name, victims: Set(candidate.victims.map(\.uid)), cores: cores)
        holders[node.name, default: Holders()].reserved[pod.uid] = AssumedBinding(
            pod: pod, node: node.name, cores: cores)
        workOut(candidate.number)
        // Those that end already need not be told.
        return .preempt(
            pod, node: node.name, victims: candidate.victims.filter { !$0.isTerminating })
    }

    /// Room is no longer kept for a pod.
    mutating func withdraw(_ uid: String) {
        guard let nomination = nominations.removeValue(forKey: uid) else { return }
        release(uid, nomination)
    }

    /// Gives back the room that is kept for a pod, so that it can take it.
    mutating func release(_ uid: String, _ nomination: Nomination) {
        holders[nomination.node]?.reserved[uid] = nil
        if let number = numbers[nomination.node] { workOut(number) }
    }

    private mutating func bestCandidate(for pod: PodInfo, _ shape: Int) -> PreemptionCandidate? {
        let limit = max(Self.leastCandidates, places.count / 10)
        var best: PreemptionCandidate?
        var looked = 0
        // Its priority is in its spec, a copy of which for each node would be most of the work.
        let priority = pod.priority
        for number in places.indices
        where places[number].lowest < priority
            && allowed[shapes[shape].requirements].contains(number)
        {
            guard looked < limit else { break }
            let lower = lowerPods(than: pod, on: number)
            guard !lower.isEmpty, fits(pod, on: number, without: lower) else { continue }
            looked += 1
            var candidate = spareAsMany(lower, for: pod, on: number)
            candidate.victims = withCompanions(candidate.victims)
            if let best, !candidate.isBetter(than: best) { continue }
            best = candidate
        }
        return best
    }

    private func lowerPods(than pod: PodInfo, on number: Int) -> [PodInfo] {
        // Those that go for another are no help.
        (holders[places[number].usage.node.name]?.bound.values.filter { victim in
            victim.priority < pod.priority
                && !nominations.values.contains { $0.victims.contains(victim.uid) }
                && companions(of: victim).allSatisfy { $0.priority < pod.priority }
        } ?? []).sorted { left, right in
            if left.priority != right.priority { return left.priority > right.priority }
            return (left.age, left.key) < (right.age, right.key)
        }
    }

    /// Victims with those, on whatever node, that go with them.
    private func withCompanions(_ victims: [PodInfo]) -> [PodInfo] {
        var all: [PodInfo] = []
        var uids: Set<String> = []
        for pod in victims.flatMap(companions) where uids.insert(pod.uid).inserted { all.append(pod) }
        guard all.count > victims.count else { return victims }
        return all.sorted { ($1.priority, $0.age, $0.key) < ($0.priority, $1.age, $1.key) }
    }

    /// Of all that could go, those that must: each one stays with which the pod still fits, those that a budget holds first.
    private func spareAsMany(_ lower: [PodInfo], for pod: PodInfo, on number: Int) -> PreemptionCandidate {
        let (violating, others) = split(lower)
        var gone = lower
        var violations = 0
        for (list, violates) in [(violating, true), (others, false)] {
            for victim in list {
                let rest = gone.filter { $0.uid != victim.uid }
                if fits(pod, on: number, without: rest) { gone = rest } else if violates { violations += 1 }
            }
        }
        return PreemptionCandidate(number: number, victims: gone, violations: violations)
    }

    /// Which of the pods no budget lets go, counted in their order (filterPodsWithPDBViolation).
    func split(_ pods: [PodInfo]) -> (violating: [PodInfo], others: [PodInfo]) {
        var allowed = budgets.map { $0.status.disruptionsAllowed ?? 0 }
        var (violating, others): ([PodInfo], [PodInfo]) = ([], [])
        for pod in pods {
            var violates = false
            for (index, budget) in budgets.enumerated()
            where budget.metadata.namespace == pod.key.namespace && !pod.pod.metadata.labels.isEmpty {
                guard let selector = budget.spec.selector, !selector.isEmpty,
                    selector.matches(pod.pod.metadata.labels),
                    budget.status.disruptedPods[pod.key.name] == nil
                else { continue }
                allowed[index] -= 1
                if allowed[index] < 0 { violates = true }
            }
            if violates { violating.append(pod) } else { others.append(pod) }
        }
        return (violating, others)
    }

    /// What would be taken on a node. Room that is kept for pods of lower priority does not count.
    private func usage(on number: Int, without gone: [PodInfo], for pod: PodInfo) -> NodeUsage {
        let node = places[number].usage.node
        let holders = holders[node.name] ?? Holders()
        let uids = Set(gone.map(\.uid))
        return NodeUsage(
            node: node, pods: holders.bound.values.filter { !uids.contains($0.uid) },
            stopped: Array(holders.stopped.values) + gone,
            assumed: Array(holders.assumed.values)
                + holders.reserved.values.filter { $0.pod.uid != pod.uid })
    }

    private func fits(_ pod: PodInfo, on number: Int, without gone: [PodInfo]) -> Bool {
        let usage = usage(on: number, without: gone, for: pod)
        guard usage.fits(pod) else { return false }
        if pod.cores > 0 {
            guard let topology = usage.node.topology,
                bestGroup(of: pod.cores, free: usage.free, topology: topology) != nil
            else { return false }
        }
        switch volumeRules(for: pod) {
        case .success(nil): break
        case .success(let rules?):
            let gone = Set(gone.map(\.uid))
            guard refusal(of: pod, rules, on: number, without: gone) == nil else { return false }
        case .failure: return false
        }
        guard pod.relations != nil || placed.hasAntiAffinity else { return true }
        var placed = placed
        for pod in gone {
            placed.count(pod, on: usage.node, number: number, change: -1, namespaces: namespaces)
        }
        let rules = RelationRules(
            pod, placed: placed, nodes: places.lazy.map(\.usage.node), namespaces: namespaces)
        return rules?.refusal(by: usage.node) == nil
    }
}
