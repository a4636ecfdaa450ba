// Decides: higher priority first, then older, then by name. What one decision takes, the next one does not find.

internal import KubernetesAPI
internal import Placement

extension PodScheduler {
    /// What has become of every pod that waits and about which something new can be said. A pod that is not among them waits
    /// as before.
    ///
    /// - Parameter limit: after so many decisions it ends, a gang's pods together: then `isUnfinished` says that it has to be
    ///   called again, before anything else is told or after.
    package mutating func decide(limit: Int = .max) -> [Decision] {
        settle()
        wake()
        var decisions: [Decision] = []
        isUnfinished = false
        // A pod that wants to be near others may fit once those are placed.
        repeat {
            isUnfinished = !decideOnce(&decisions, limit: limit)
        } while !isUnfinished && wakeRelated()
        // Why a pod waits is known when all that come before it have their nodes.
        guard !isUnfinished else { return decisions }
        for shape in shapes.indices where shapes[shape].tellsAgain || !shapes[shape].untold.isEmpty {
            decisions += tell(shape)
        }
        return decisions
    }

    /// - Returns: false where the limit was reached with pods left.
    private mutating func decideOnce(_ decisions: inout [Decision], limit: Int) -> Bool {
        var skipped = postponed.union(keptAway.keys)
        // The first ones of all shapes, the one that comes first at the end.
        var heads: [(place: QueuePlace, shape: Int)] = []
        for shape in shapes.indices where shapes[shape].isAwake || asksAboutOthers(shape) {
            if let place = shapes[shape].queue.first(notIn: skipped) { heads.append((place, shape)) }
        }
        heads.sort { $1.place < $0.place }
        while let (place, shape) = heads.popLast() {
            guard decisions.count < limit else { return false }
            guard let pod = pods[place.uid] else { continue }
            if !shapes[shape].isAwake {
                // It did not fit, and may only since others were placed in this very pass: its turn is here, not after them.
                guard moment.moves != lookedAt.moves else { continue }
                shapes[shape].isAwake = true
            }
            // One that has been placed with its gang needs no more.
            let attempt: Attempt = waiting[place.uid] == nil ? .bound([]) : attempt(pod, shape)
            if case .bound(let bound) = attempt { decisions += bound }
            // Of a gang that is large enough already, some may go on waiting.
            switch waiting[place.uid] != nil && attempt.isBound ? .nothing : attempt {
            case .bound: break
            case .keptAway:
                // Others of the shape, with other labels, may fit.
                keptAway[pod.uid] = shape
                skipped.insert(pod.uid)
            case .nothing:
                shapes[shape].isAwake = false
                // The others of its gang wait with it.
                if let others = pod.gang.flatMap({ gangs[$0]?.shapes }) {
                    for other in others { shapes[other].isAwake = false }
                    heads.removeAll { others.contains($0.shape) }
                }
                if preempts, let gang = pod.gang {
                    decisions += preempt(gang: gang)
                } else if preempts, shapes[shape].fault == nil, !hasVolumeFault(pod) {
                    decisions += preempt(for: shape)
                }
                continue
            }
            guard let next = shapes[shape].queue.first(notIn: skipped) else { continue }
            var (low, high) = (0, heads.count)
            while low < high {
                let middle = (low + high) / 2
                if next < heads[middle].place { low = middle + 1 } else { high = middle }
            }
            heads.insert((next, shape), at: low)
        }
        return true
    }

    /// Whether where other pods are decides about the pods of a shape, or about one that must be placed with them.
    private func asksAboutOthers(_ shape: Int) -> Bool {
        guard !shapes[shape].hasRelations else { return true }
        guard let gang = shapes[shape].example.gang else { return false }
        return gangs[gang]?.shapes.contains { shapes[$0].hasRelations } == true
    }

    /// What comes of trying to place a pod.
    private enum Attempt {
        case bound([Decision])
        /// Other pods keep it away from every node that could take it.
        case keptAway
        /// Nothing of its shape fits.
        case nothing

        var isBound: Bool { if case .bound = self { true } else { false } }
    }

    private mutating func attempt(_ pod: PodInfo, _ shape: Int) -> Attempt {
        if let key = pod.gang {
            switch attempt(gang: key) {
            case .bound(let decisions): return .bound(decisions)
            case .nothing: return .nothing
            }
        }
        guard shapes[shape].fault == nil, case .success(let volumeRules) = volumeRules(for: pod) else {
            return .nothing
        }
        let rules = relationRules(for: pod)
        // What is kept for it is its own.
        let nomination = nominations[pod.uid]
        if let nomination { release(pod.uid, nomination) }
        if let number = find(pod, shape, rules: rules, volumes: volumeRules) {
            nominations[pod.uid] = nil
            return .bound([take(pod, number, volumes: volumeRules)])
        }
        if let nomination { keep(pod, on: nomination.node, nomination.cores) }
        guard pod.relations == nil, rules != nil else { return .nothing }
        return find(pod, shape, rules: nil, volumes: volumeRules) == nil ? .nothing : .keptAway
    }

    /// Keeps the room on again that a pod waits for.
    mutating func keep(_ pod: PodInfo, on node: String, _ cores: CoreSet) {
        holders[node, default: Holders()].reserved[pod.uid] = AssumedBinding(
            pod: pod, node: node, cores: cores)
        if let number = numbers[node] { workOut(number) }
    }

    /// Tells those of a shape why they wait that do not know it, or all of them where that is due.
    private mutating func tell(_ shape: Int) -> [Decision] {
        let tellsAgain = shapes[shape].tellsAgain
        let untold = shapes[shape].untold
        if tellsAgain || shapes[shape].isAwake { shapes[shape].message = nil }
        var decisions: [Decision] = []
        for place in shapes[shape].queue.all where !postponed.contains(place.uid) {
            guard tellsAgain || untold.contains(place.uid), let pod = pods[place.uid] else { continue }
            shapes[shape].untold.remove(place.uid)
            if keptAway[place.uid] != nil {
                let own = whyNot(pod, shape, rules: relationRules(for: pod))
                decisions.append(.unschedulable(pod, message: own))
                continue
            }
            if let gang = pod.gang, let failure = gangs[gang]?.failure {
                decisions.append(.unschedulable(pod, message: failure))
                continue
            }
            let shared = shapes[shape].message ?? whyNot(pod, shape, rules: relationRules(for: pod))
            shapes[shape].message = shared
            decisions.append(.unschedulable(pod, message: shared))
        }
        shapes[shape].tellsAgain = false
        return decisions
    }

    /// Wakes the shapes whose pods may fit now.
    private mutating func wake() {
        wakeForVolumes()
        let (isRelief, isMove) = (moment.reliefs != lookedAt.reliefs, moment != lookedAt)
        if moment.nodes != lookedAt.nodes { tellAgain() }
        lookedAt = moment
        guard isMove else { return }
        for shape in Set(keptAway.values) { shapes[shape].isAwake = true }
        keptAway = [:]
        for index in shapes.indices
        where !shapes[index].isAwake && (isRelief || asksAboutOthers(index)) {
            shapes[index].isAwake = true
            shapes[index].message = nil
        }
    }

    /// Wakes the shapes that ask about other pods, where pods were placed since they were tried.
    ///
    /// - Returns: whether there are any.
    private mutating func wakeRelated() -> Bool {
        guard moment.moves != lookedAt.moves else { return false }
        lookedAt.moves = moment.moves
        var isAny = false
        for index in shapes.indices
        where !shapes[index].isAwake && !shapes[index].queue.isEmpty && asksAboutOthers(index) {
            shapes[index].isAwake = true
            isAny = true
        }
        return isAny
    }

    /// What the placed pods mean for a pod; nil where they mean nothing.
    mutating func relationRules(for pod: PodInfo) -> RelationRules? {
        if let relations = pod.relations, placed.follow(relations, namespace: pod.key.namespace) {
            let moves = moment.moves
            recount()
            moment.moves = moves
        }
        guard pod.relations != nil || placed.hasAntiAffinity else { return nil }
        return RelationRules(
            pod, placed: placed, nodes: places.lazy.map(\.usage.node), namespaces: namespaces)
    }

    /// The best node for a pod; nil where none can take it.
    mutating func find(
        _ pod: PodInfo, _ shape: Int, rules: RelationRules?, volumes: VolumeRules?
    ) -> Int? {
        makeIndex(of: pod.cores)
        guard let index = indexes[pod.cores] else { return nil }
        let (allowed, blocked) = (allowed[shapes[shape].requirements], shapes[shape].blocked)
        var found: Int?
        var lacking: [Int] = []
        _ = index.search(in: allowed, notIn: blocked) { number in
            guard places[number].usage.fits(pod) else {
                lacking.append(number)
                return false
            }
            if let rules, rules.refusal(by: places[number].usage.node) != nil { return false }
            if let volumes, refusal(of: pod, volumes, on: number) != nil { return false }
            found = number
            return true
        }
        for number in lacking { shapes[shape].blocked.insert(number) }
        return found
    }

    mutating func take(_ pod: PodInfo, _ number: Int, volumes rules: VolumeRules?) -> Decision {
        let uid = pod.uid
        let node = places[number].usage.node.name
        let cores = indexes[pod.cores]?.cores(of: places[number].state) ?? []
        stopWaiting(uid)
        assumedNodes[uid] = node
        holders[node, default: Holders()].assumed[uid] = AssumedBinding(pod: pod, node: node, cores: cores)
        places[number].usage.add(pod, cores: cores)
        moment.moves += 1
        if let rules, let claims = pod.claims {
            volumes.count(uid, claims, 1)
            volumes.assume(rules.plan(on: places[number].usage.node), of: uid)
        }
        if let gang = pod.gang { gangs[gang, default: Gang()].placed.insert(uid) }
        placed.count(
            pod, on: places[number].usage.node, number: number, change: 1, namespaces: namespaces)
        move(number)
        // What is guessed of pods that the kubelet has not spoken of may come out otherwise beside this one.
        unsettled.insert(node)
        return .bind(pod, node: node, cores: cores)
    }

    /// Why no node will do: the nodes that could not hold the group, and those that were not asked.
    func whyNot(_ pod: PodInfo, _ shape: Int, rules: RelationRules?) -> String {
        if let fault = shapes[shape].fault { return "spec.\(fault.field) \(fault.words)" }
        let volumeRules: VolumeRules?
        switch self.volumeRules(for: pod) {
        case .success(let rules): volumeRules = rules
        case .failure(let fault): return "0/\(places.count) nodes can take the pod: \(fault.words)"
        }
        let wanted = requirements[shapes[shape].requirements]
        var refusals: [(node: String, reason: String)] = []
        var asked: [NoPlacement.Refusal] = []
        var reasons: [Int: NoPlacement.Reason] = [:]
        let allowed = allowed[shapes[shape].requirements]
        for (number, place) in places.enumerated() {
            let node = place.usage.node
            if let reason = (allowed.contains(number) ? nil : wanted.refusal(by: node))
                ?? place.usage.shortage(for: pod) ?? rules?.refusal(by: node)
                ?? volumeRules.flatMap({ refusal(of: pod, $0, on: number)?.words })
            {
                refusals.append((node.name, reason))
            } else if let topology = node.topology {
                let reason =
                    reasons[place.state]
                    ?? NoPlacement.Reason(size: pod.cores, free: place.usage.free, topology: topology)
                reasons[place.state] = reason
                asked.append(.init(node: node.name, reason: reason))
            }
        }
        guard pod.cores > 0 else {
            return "0/\(places.count) nodes can take the pod: \(grouped(byReason: refusals))"
        }
        let error = NoPlacement(size: pod.cores, refusals: asked)
        guard !refusals.isEmpty else { return error.description }
        guard !asked.isEmpty else {
            return
                "0/\(refusals.count) nodes can hold a group of \(pod.cores) NeuronCores: \(grouped(byReason: refusals))"
        }
        return "\(error.description); not asked: \(grouped(byReason: refusals))"
    }
}
