// Brings what decisions read up to what was observed: only nodes of which something has changed are worked out again.

internal import KubernetesAPI
internal import Placement

extension PodScheduler {
    /// Shapes and states that are kept although nobody may need them any more.
    private static let keptShapes = 4096
    private static let keptStates = 65_536

    mutating func settle() {
        let changes = nodeChanges
        nodeChanges = [:]
        let isAnotherSet = changes.contains { name, node in (numbers[name] == nil) != (node == nil) }
        if isAnotherSet {
            renumber(changes)
        } else {
            for (name, node) in changes {
                guard let node, let number = numbers[name] else { continue }
                replace(number, node)
            }
        }
        for name in unsettled {
            if let number = numbers[name] { workOut(number) }
            if let left = holders[name], left.bound.isEmpty, left.stopped.isEmpty, left.assumed.isEmpty,
                left.reserved.isEmpty
            {
                holders[name] = nil
            }
        }
        unsettled = []
        if shapes.count > Self.keptShapes { forgetShapes() }
        if states.count > Self.keptStates { forgetStates() }
    }

    /// What of a place other pods' chances depend on.
    private struct Room: Equatable {
        var free: CoreSet
        var requestedCores: Int
        var requested: ResourceAmounts
        var podCount: Int
        var hostPorts: [HostPort]
        var allocatable: ResourceAmounts
        var allocatableCores: Int
        var podLimit: Int

        init(_ usage: NodeUsage) {
            free = usage.free
            requestedCores = usage.requestedCores
            requested = usage.requested
            podCount = usage.podCount
            hostPorts = usage.hostPorts
            allocatable = usage.node.allocatable
            allocatableCores = usage.node.allocatableCores
            podLimit = usage.node.podLimit
        }
    }

    private func usage(of node: CandidateNode) -> NodeUsage {
        let holders = holders[node.name] ?? Holders()
        return NodeUsage(
            node: node, pods: Array(holders.bound.values), stopped: Array(holders.stopped.values),
            assumed: Array(holders.assumed.values) + Array(holders.reserved.values))
    }

    private func lowestPriority(on node: String) -> Int {
        holders[node]?.bound.values.map(\.priority).min() ?? .max
    }

    /// Works out anew what is taken on a node.
    mutating func workOut(_ number: Int) {
        let before = Room(places[number].usage)
        places[number].usage = usage(of: places[number].usage.node)
        let lowest = lowestPriority(on: places[number].usage.node.name)
        if lowest != places[number].lowest { lowestOfAll = nil }
        places[number].lowest = lowest
        guard Room(places[number].usage) != before else { return }
        move(number)
        relieve(number)
    }

    /// A node whose object, or whose agent's report, has changed.
    private mutating func replace(_ number: Int, _ node: CandidateNode) {
        let (old, before) = (places[number].usage.node, Room(places[number].usage))
        places[number].usage = usage(of: node)
        places[number].topology = topologyNumber(of: node)
        move(number)
        var gives = Room(places[number].usage) != before || old.topology != node.topology
        for (index, wanted) in requirements.enumerated() {
            let isAllowed = wanted.refusal(by: node) == nil
            if allowed[index].contains(number) != isAllowed {
                allowed[index].set(number, isAllowed)
                gives = true
            }
        }
        if gives {
            relieve(number)
            moment.nodes += 1
        }
        if old.labels != node.labels {
            relieve(number)
            recount()
        } else if old.node.spec != node.node.spec {
            moment.moves += 1
        }
    }

    /// A node may have room that it did not have.
    private mutating func relieve(_ number: Int) {
        moment.reliefs += 1
        for index in shapes.indices { shapes[index].blocked.remove(number) }
    }

    /// Puts a node where it stands by what is free on it.
    mutating func move(_ number: Int) {
        let place = places[number]
        let state = FreeState(topology: place.topology, free: place.usage.free)
        let id = stateNumber(of: state)
        guard id != place.state else { return }
        places[number].state = id
        for size in Array(indexes.keys) {
            indexes[size]?.remove(number, place.state)
            indexes[size]?.insert(number, id, state, topologies)
        }
    }

    private mutating func stateNumber(of state: FreeState) -> Int {
        if let known = stateNumbers[state] { return known }
        states.append(state)
        stateNumbers[state] = states.count - 1
        return states.count - 1
    }

    private mutating func topologyNumber(of node: CandidateNode) -> Int {
        guard let topology = node.topology else { return -1 }
        if let known = topologyNumbers[topology] { return known }
        topologies.append(topology)
        topologyNumbers[topology] = topologies.count - 1
        return topologies.count - 1
    }

    /// Nodes have come or gone: all get their numbers anew.
    private mutating func renumber(_ changes: [String: CandidateNode?]) {
        var nodes = Dictionary(
            places.map { ($0.usage.node.name, $0.usage.node) }, uniquingKeysWith: { first, _ in first })
        for (name, node) in changes { nodes[name] = node }
        var usages = Dictionary(
            places.map { ($0.usage.node.name, $0.usage) }, uniquingKeysWith: { first, _ in first })
        for name in changes.keys { usages[name] = nil }
        places = nodes.values.sorted { $0.name < $1.name }.map { node in
            Place(
                usage: usages[node.name] ?? usage(of: node), topology: topologyNumber(of: node),
                lowest: lowestPriority(on: node.name))
        }
        numbers = Dictionary(
            places.enumerated().map { ($1.usage.node.name, $0) }, uniquingKeysWith: { first, _ in first })
        indexes = [:]
        lowestOfAll = nil
        for number in places.indices {
            places[number].state = stateNumber(
                of: FreeState(topology: places[number].topology, free: places[number].usage.free))
        }
        allowed = requirements.map(nodes(fulfilling:))
        for index in shapes.indices { shapes[index].blocked = NodeBits(count: places.count) }
        moment.reliefs += 1
        moment.nodes += 1
        recount()
    }

    /// Counts all placed pods anew for whoever asks about them.
    mutating func recount() {
        moment.moves += 1
        placed = placed.questions > 1024 ? PlacedPods() : placed.emptied()
        for (number, place) in places.enumerated() {
            guard let holders = holders[place.usage.node.name] else { continue }
            for pod in holders.bound.values + holders.assumed.values.map(\.pod) {
                placed.count(
                    pod, on: place.usage.node, number: number, change: 1, namespaces: namespaces)
            }
        }
    }

    // MARK: What is alike

    /// The index of a size, made where there is none.
    mutating func makeIndex(of size: Int) {
        guard indexes[size] == nil else { return }
        // One pod of every size there can be is no reason to follow every size for ever.
        if indexes.count >= 128 { indexes = [:] }
        var index = GroupIndex(size: size, nodeCount: places.count)
        for (number, place) in places.enumerated() {
            index.insert(number, place.state, states[place.state], topologies)
        }
        indexes[size] = index
    }

    mutating func shapeNumber(of pod: PodInfo) -> Int {
        let shape = PodShape(pod)
        if let known = shapeNumbers[shape] { return known }
        shapes.append(
            ShapeState(
                example: pod, requirements: requirementsNumber(of: NodeRequirements(pod.pod.spec)),
                fault: shape.fault,
                blocked: NodeBits(count: places.count)))
        shapeNumbers[shape] = shapes.count - 1
        if pod.claims != nil { claimShapes.append(shapes.count - 1) }
        return shapes.count - 1
    }

    private mutating func requirementsNumber(of wanted: NodeRequirements) -> Int {
        if let known = requirementNumbers[wanted] { return known }
        requirements.append(wanted)
        requirementNumbers[wanted] = requirements.count - 1
        allowed.append(nodes(fulfilling: wanted))
        return requirements.count - 1
    }

    private func nodes(fulfilling wanted: NodeRequirements) -> NodeBits {
        var bits = NodeBits(count: places.count)
        for (number, place) in places.enumerated() where wanted.refusal(by: place.usage.node) == nil {
            bits.insert(number)
        }
        return bits
    }

    private mutating func forgetShapes() {
        (shapes, shapeNumbers, requirements, requirementNumbers, allowed) = ([], [:], [], [:], [])
        keptAway = [:]
        claimShapes = []
        for key in gangs.keys { gangs[key]?.shapes = [] }
        let uids = Array(waiting.keys)
        waiting = [:]
        for uid in uids { if let pod = pods[uid] { enqueue(pod) } }
    }

    private mutating func forgetStates() {
        (states, stateNumbers, indexes) = ([], [:], [:])
        for number in places.indices {
            places[number].state = stateNumber(
                of: FreeState(topology: places[number].topology, free: places[number].usage.free))
        }
    }
}
