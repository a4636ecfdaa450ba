// Pods of lower priority go so that a whole gang can be placed, or none goes: kube-scheduler's preemption for PodGroups
// (pkg/scheduler/framework/preemption/podgrouppreemption.go). Its domain is the cluster: all that may go are taken away; if the
// gang fits then, they come back, the most important first, as long as it still does.

internal import KubernetesAPI
internal import Placement

/// Pods that go all together or not at all: one pod, or a PodGroup that says so.
private struct PreemptionUnit {
    /// The most important first.
    var pods: [PodInfo]
    var isGroup: Bool

    var priority: Int { pods.first?.priority ?? .min }
    private var start: Int64 { pods.map(\.age).min() ?? .max }

    /// By kube-scheduler's order: priority, groups before single pods, the larger group, the earlier start (moreImportantVictim).
    func isMoreImportant(than other: PreemptionUnit) -> Bool {
        if priority != other.priority { return priority > other.priority }
        if isGroup != other.isGroup { return isGroup }
        if pods.count != other.pods.count { return pods.count > other.pods.count }
        if start != other.start { return start < other.start }
        guard let key = pods.first?.key, let otherKey = other.pods.first?.key else { return false }
        return key < otherKey
    }
}

extension PodScheduler {
    /// Looks for pods that may go for a gang that does not fit.
    mutating func preempt(gang key: GangKey) -> [Decision] {
        let members = (gangs[key]?.waiting ?? []).compactMap { pods[$0] }
        let rule = key.isPodGroup ? podGroups?[ObjectKey(namespace: key.namespace, name: key.name)] : nil
        guard !members.isEmpty, rule?.mayPreempt ?? true,
            members.allSatisfy({ $0.pod.spec.preemptionPolicy != "Never" && !postponed.contains($0.uid) })
        else { return [] }
        let kept = members.compactMap { nominations[$0.uid] }
        if !kept.isEmpty {
            guard kept.allSatisfy(isFreed) else { return [] }
            // They have gone, and yet it does not fit: somebody was faster.
            for member in members { withdraw(member.uid) }
        }
        // One that is not whole has nobody go.
        let waiters = members.compactMap { waiting[$0.uid] }
        guard case .success(let needed) = size(of: key, waiters),
            waiters.count + (gangs[key]?.placed.count ?? 0) >= needed
        else { return [] }
        let priority = rule?.priority ?? members.map(\.priority).min() ?? .min
        guard priority > leastPriority() else { return [] }
        let going = goingPods()
        var search = GangSearch(self, key, gone: going)
        guard let victims = search.victims(among: units(below: priority, for: members)) else { return [] }
        return nominate(search.plan, victims, going)
    }

    /// Pods that end already make room for whoever needs it.
    private func goingPods() -> [PodInfo] {
        let promised = nominations.values.reduce(into: Set<String>()) { $0.formUnion($1.victims) }
        return holders.values.flatMap(\.bound.values).filter {
            $0.isTerminating && !promised.contains($0.uid)
        }
    }

    /// Everything that may go, those first of which a budget holds one, the most important first among these and among the others.
    private func units(below priority: Int, for members: [PodInfo]) -> [PreemptionUnit] {
        let limit = max(Self.leastCandidates, places.count / 10)
        let wanted = Set(members.compactMap { waiting[$0.uid]?.shape }).map {
            allowed[shapes[$0].requirements]
        }
        let promised = nominations.values.reduce(into: Set<String>()) { $0.formUnion($1.victims) }
        var units: [PreemptionUnit] = []
        var seen: Set<String> = []
        var looked = 0
        for number in places.indices
        where places[number].lowest < priority && wanted.contains(where: { $0.contains(number) }) {
            guard looked < limit else { break }
            looked += 1
            for pod in holders[places[number].usage.node.name]?.bound.values ?? [:].values
            where pod.priority < priority && !pod.isTerminating && !seen.contains(pod.uid) {
                let all = companions(of: pod).filter { !$0.isTerminating }
                seen.formUnion(all.map(\.uid))
                guard all.allSatisfy({ $0.priority < priority && !promised.contains($0.uid) }) else {
                    continue
                }
                units.append(
                    PreemptionUnit(
                        pods: all.sorted { ($1.priority, $0.age, $0.key) < ($0.priority, $1.age, $1.key) },
                        isGroup: all.count > 1))
            }
        }
        units.sort { $0.isMoreImportant(than: $1) }
        let violating = Set(split(units.flatMap(\.pods)).violating.map(\.uid))
        let isHeld = { (unit: PreemptionUnit) in unit.pods.contains { violating.contains($0.uid) } }
        return units.filter(isHeld) + units.filter { !isHeld($0) }
    }

    /// Keeps the room for all members, and has the victims go.
    ///
    /// - Parameter going: pods that end already, which the plan counts on.
    private mutating func nominate(
        _ plan: [Decision], _ victims: [PodInfo], _ going: [PodInfo]
    ) -> [Decision] {
        var left = victims
        var decisions: [Decision] = []
        for case .bind(let pod, let node, let cores) in plan {
            let own = left.filter { $0.node == node }
            left.removeAll { $0.node == node }
            nominations[pod.uid] = Nomination(
                node: node, victims: Set((victims + going).lazy.filter { $0.node == node }.map(\.uid)),
                cores: cores)
            keep(pod, on: node, cores)
            decisions.append(.preempt(pod, node: node, victims: own))
        }
        // Companions on nodes that the gang does not go to.
        if !left.isEmpty, case .preempt(let pod, let node, let own)? = decisions.first {
            decisions[0] = .preempt(pod, node: node, victims: own + left)
        }
        return decisions
    }
}

/// The search for those that have to go for one gang.
private struct GangSearch {
    private let scheduler: PodScheduler
    private let key: GangKey
    /// Those that are gone in what was tried last with success.
    private var gone: [PodInfo]
    /// Where the gang goes then.
    private(set) var plan: [Decision] = []

    init(_ scheduler: PodScheduler, _ key: GangKey, gone: [PodInfo]) {
        self.scheduler = scheduler
        self.key = key
        self.gone = gone
    }

    /// The pods that have to go, the most important first; nil where the gang would not fit even without all of them.
    mutating func victims(among units: [PreemptionUnit]) -> [PodInfo]? {
        let going = gone
        gone = going + units.flatMap(\.pods)
        guard let all = attempt(without: gone) else { return nil }
        plan = all
        var victims: [PreemptionUnit] = []
        spare(units[...], &victims)
        victims.sort { $0.isMoreImportant(than: $1) }
        return victims.flatMap(\.pods)
    }

    /// Lets come back what may, in order. Whole stretches are tried first: most of a cluster's pods are in nobody's way.
    private mutating func spare(_ units: ArraySlice<PreemptionUnit>, _ victims: inout [PreemptionUnit]) {
        guard let first = units.first else { return }
        let back = Set(units.lazy.flatMap(\.pods).map(\.uid))
        let rest = gone.filter { !back.contains($0.uid) }
        if let plan = attempt(without: rest) {
            (gone, self.plan) = (rest, plan)
        } else if units.count == 1 {
            victims.append(first)
        } else {
            let middle = units.startIndex + units.count / 2
            spare(units[..<middle], &victims)
            spare(units[middle...], &victims)
        }
    }

    /// Where all of the gang would go; nil where it does not fit.
    private func attempt(without gone: [PodInfo]) -> [Decision]? {
        var trial = scheduler
        for pod in gone { trial.leave(pod) }
        trial.settle()
        guard case .bound(let decisions) = trial.attempt(gang: key), !decisions.isEmpty else { return nil }
        return decisions
    }
}
