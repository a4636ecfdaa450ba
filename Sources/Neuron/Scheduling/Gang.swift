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
    /// Members that are on nodes, assumed ones included.
    var placed = 0
    /// The shapes of its members.
    var shapes: Set<Int> = []
    /// Why it could not be placed when that was tried last.
    var failure: String?
}

extension PodScheduler {
    /// How many pods each PodGroup needs at least, 0 for those that are no gangs, by namespace and name; nil where the cluster
    /// does not know PodGroups.
    package mutating func observe(podGroups: [ObjectKey: Int]?) {
        self.podGroups = podGroups
        moment.reliefs += 1
    }

    /// What comes of trying to place a gang.
    enum GangAttempt {
        case bound([Decision])
        /// It must wait as a whole.
        case nothing
    }

    /// Places all of a gang that wait, or none.
    mutating func attempt(gang key: GangKey) -> GangAttempt {
        guard let gang = gangs[key] else { return .nothing }
        let members = gang.waiting.compactMap { waiting[$0] }.sorted { $0.place < $1.place }
        let present = members.count + gang.placed
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
        let before = moment
        var decisions: [Decision] = []
        var failure: String?
        for member in members {
            guard let pod = pods[member.place.uid], !postponed.contains(pod.uid) else { continue }
            let rules = shapes[member.shape].fault == nil ? relationRules(for: pod) : nil
            if shapes[member.shape].fault == nil, let number = find(pod, member.shape, rules: rules) {
                decisions.append(take(pod, number))
            } else if failure == nil {
                failure = "\(pod.key.name): \(whyNot(pod, member.shape, rules: rules))"
            }
        }
        guard gang.placed + decisions.count < needed else {
            gangs[key]?.failure = failure
            return .bound(decisions)
        }
        for case .bind(let pod, let node, _) in decisions {
            unassume(pod.uid)
            if let number = numbers[node] { workOut(number) }
        }
        // That it came and went is no news; what is guessed on its nodes may come out otherwise now.
        moment.moves = before.moves
        gangs[key]?.failure =
            "its gang \(key.name) of \(needed) pods cannot be placed as a whole: \(failure ?? "some wait")"
        return .nothing
    }

    private struct GangFault: Error {
        var words: String
    }

    /// How many pods a gang has at least.
    private func size(of key: GangKey, _ members: [Waiting]) -> Result<Int, GangFault> {
        if key.isPodGroup {
            guard let podGroups else {
                return .failure(
                    GangFault(
                        words:
                            "spec.schedulingGroup is nothing that ganglion-operator can place by in this cluster: name the gang by the annotations \(WellKnown.gangAnnotation) and \(WellKnown.gangSizeAnnotation)"
                    ))
            }
            guard let size = podGroups[ObjectKey(namespace: key.namespace, name: key.name)] else {
                return .failure(GangFault(words: "its PodGroup \(key.name) does not exist"))
            }
            return .success(size)
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
