// Pods that are placed together or not at all: a server over several nodes that cannot start with half of its pods must not
// hold the cores of that half while it waits. A gang is named by annotations, or is a PodGroup of Kubernetes (KEP-4671).

internal import GanglionAPI
package import KubernetesAPI
internal import Placement

/// Which gang a pod belongs to.
package struct GangKey: Hashable, Sendable {
    /// The pods' namespace.
    package var namespace: String
    /// The annotation's value, or the PodGroup's name.
    package var name: String
    /// Whether it is a PodGroup.
    package var isPodGroup: Bool

    /// The gang of a pod; nil for pods that are placed each for itself.
    package init?(_ pod: Pod) {
        namespace = pod.metadata.namespace
        if let group = pod.spec.schedulingGroup?.podGroupName, !group.isEmpty {
            (name, isPodGroup) = (group, true)
        } else if let name = pod.metadata.annotations[WellKnown.gangAnnotation], !name.isEmpty {
            (self.name, isPodGroup) = (name, false)
        } else {
            return nil
        }
    }
}

/// What is known of a gang.
struct Gang: Sendable {
    /// Members that wait.
    var waiting: Set<String> = []
    /// Members that are on nodes and stay, assumed ones included.
    var placed: Set<String> = []
    /// The shapes of its members.
    var shapes: Set<Int> = []
    /// Why it could not be placed when that was tried last.
    var failure: String?
}

/// What a PodGroup says of its pods.
package struct PodGroupRule: Equatable, Sendable {
    /// At least so many are placed, or none; 0 where each is placed for itself.
    package var minCount = 0
    /// Whether they go all together where one has to go for another pod.
    package var goesTogether = false
    /// The priority of all of its pods together; nil where each has its own.
    package var priority: Int?
    /// Whether others may go for it.
    package var mayPreempt = true
    /// The field of its spec that this operator cannot place by; nil where there is none.
    package var unsupported: String?

    /// What a spec says.
    package init(_ spec: PodGroupSpec) {
        minCount = spec.schedulingPolicy.gang?.minCount ?? 0
        goesTogether = spec.disruptionMode?.all != nil
        priority = spec.priority
        mayPreempt = spec.preemptionPolicy != "Never"
        if spec.schedulingConstraints?.topology.isEmpty == false {
            unsupported = "schedulingConstraints.topology"
        } else if spec.parentCompositePodGroupName?.isEmpty == false {
            unsupported = "parentCompositePodGroupName"
        }
    }
}

/// What has come of placing a PodGroup.
package enum PodGroupNews: Equatable, Sendable {
    /// All pods that it needs have their places.
    case scheduled
    /// None has, for this reason.
    case unschedulable(String)
}

extension PodScheduler {
    /// What has come of placing PodGroups since this was asked last.
    package mutating func takeGroupNews() -> [ObjectKey: PodGroupNews] {
        defer { groupNews = [:] }
        return groupNews
    }

    /// Tries to place a gang, and keeps what has come of it for those who ask about PodGroups.
    mutating func attempt(gang key: GangKey) -> GangAttempt {
        let attempt = tryToPlace(key)
        guard key.isPodGroup else { return attempt }
        let group = ObjectKey(namespace: key.namespace, name: key.name)
        switch attempt {
        case .bound: groupNews[group] = .scheduled
        case .nothing: groupNews[group] = gangs[key]?.failure.map { .unschedulable($0) }
        }
        return attempt
    }

    /// The PodGroups have become these, by namespace and name; nil where the cluster does not know PodGroups.
    package mutating func observe(podGroups: [ObjectKey: PodGroupRule]?) {
        let old = self.podGroups
        self.podGroups = podGroups
        let isOtherCluster = (old == nil) != (podGroups == nil)
        for (key, gang) in gangs where key.isPodGroup {
            let group = ObjectKey(namespace: key.namespace, name: key.name)
            guard isOtherCluster || old?[group] != podGroups?[group] else { continue }
            for shape in gang.shapes {
                shapes[shape].isAwake = true
                shapes[shape].tellsAgain = true
            }
        }
    }

    /// The pods on nodes that go with a pod where that has to go for another, itself among them.
    func companions(of pod: PodInfo) -> [PodInfo] {
        guard let key = pod.gang, key.isPodGroup,
            podGroups?[ObjectKey(namespace: key.namespace, name: key.name)]?.goesTogether == true
        else { return [pod] }
        return (gangs[key]?.placed ?? []).union([pod.uid]).compactMap { pods[$0] }.filter(\.isBound)
    }

    /// What comes of trying to place a gang.
    enum GangAttempt {
        case bound([Decision])
        /// It must wait as a whole.
        case nothing
    }

    /// Places all of a gang that wait, or none.
    private mutating func tryToPlace(_ key: GangKey) -> GangAttempt {
        guard let gang = gangs[key] else { return .nothing }
        let members = gang.waiting.compactMap { waiting[$0] }.sorted { $0.place < $1.place }
        let present = members.count + gang.placed.count
        let needed: Int
        switch size(of: key, members) {
        case .success(let size): needed = size
        case .failure(let fault):
            gangs[key]?.failure = fault.words
            return .nothing
        }
        guard present >= needed else {
            gangs[key]?.failure = "its gang \(key.name) has \(present) of \(needed) pods yet"
            return .nothing
        }
        let (before, changes) = (moment, volumes.changes)
        // What is kept for its members is their own.
        let kept = members.compactMap { member in
            nominations[member.place.uid].map { (uid: member.place.uid, nomination: $0) }
        }
        for (uid, nomination) in kept { release(uid, nomination) }
        var decisions: [Decision] = []
        var failure: String?
        for member in members {
            guard let pod = pods[member.place.uid], !postponed.contains(pod.uid) else { continue }
            let rules = shapes[member.shape].fault == nil ? relationRules(for: pod) : nil
            if shapes[member.shape].fault == nil, case .success(let volumeRules) = volumeRules(for: pod),
                let number = find(pod, member.shape, rules: rules, volumes: volumeRules)
            {
                decisions.append(take(pod, number, volumes: volumeRules))
            } else if failure == nil {
                failure = "\(pod.key.name): \(whyNot(pod, member.shape, rules: rules))"
            }
        }
        guard gang.placed.count + decisions.count < needed else {
            gangs[key]?.failure = failure
            for (uid, _) in kept { nominations[uid] = nil }
            return .bound(decisions)
        }
        for case .bind(let pod, let node, _) in decisions {
            unassume(pod.uid)
            if let number = numbers[node] { workOut(number) }
        }
        for (uid, nomination) in kept {
            if let pod = pods[uid] { keep(pod, on: nomination.node, nomination.cores) }
        }
        // That it came and went is no news; what is guessed on its nodes may come out otherwise now.
        moment.moves = before.moves
        volumes.changes = changes
        gangs[key]?.failure =
            "its gang \(key.name) of \(needed) pods cannot be placed as a whole: \(failure ?? "some wait")"
        return .nothing
    }

    /// Why a gang cannot be placed by what is said of it.
    struct GangFault: Error {
        var words: String
    }

    /// How many pods a gang has at least.
    func size(of key: GangKey, _ members: [Waiting]) -> Result<Int, GangFault> {
        if key.isPodGroup {
            guard let podGroups else {
                return .failure(
                    GangFault(
                        words:
                            "spec.schedulingGroup is nothing that ganglion-operator can place by in this cluster: name the gang by the annotations \(WellKnown.gangAnnotation) and \(WellKnown.gangSizeAnnotation)"
                    ))
            }
            guard let rule = podGroups[ObjectKey(namespace: key.namespace, name: key.name)] else {
                return .failure(GangFault(words: "its PodGroup \(key.name) does not exist"))
            }
            if let field = rule.unsupported {
                return .failure(
                    GangFault(
                        words:
                            "its PodGroup \(key.name) has spec.\(field), which is nothing that ganglion-operator can place by yet: take it out"
                    ))
            }
            return .success(rule.minCount)
        }
        // Of members that differ, the largest is meant: a gang that has grown.
        let sizes = members.compactMap {
            pods[$0.place.uid]?.pod.metadata.annotations[WellKnown.gangSizeAnnotation].flatMap { Int($0) }
        }
        guard let size = sizes.max(), size > 0 else {
            return .failure(
                GangFault(
                    words:
                        "its gang \(key.name) has no size: say with the annotation \(WellKnown.gangSizeAnnotation) how many pods it has"
                ))
        }
        return .success(size)
    }
}
