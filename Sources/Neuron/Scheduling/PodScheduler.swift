// Where pending pods go: no I/O, so that every case can be written down as a test. What is observed is told once and kept in
// the form in which decisions need it; a decision then costs what has changed since the one before, and is the same as if
// everything had been told anew.
//
//     observe, forget, assume ─▶ holders, by node ─▶ settle: usage of the nodes that changed
//                                                        │ which nodes are in which state
//     pods that wait ─▶ queues by shape: priority, age    ▼
//                          └──────────▶ decide ─▶ GroupIndex of the size ─▶ the first node that passes the filters
//                                          ├─ bind: assumed until a watch shows it
//                                          └─ unschedulable: its shape sleeps until something gives room

internal import KubernetesAPI
package import Placement

/// What becomes of a pending pod.
package enum Decision: Equatable, Sendable {
    /// POST the binding with these cores.
    case bind(PodInfo, node: String, cores: CoreSet)
    /// No node can take it now; the sentence goes into its events.
    case unschedulable(PodInfo, message: String)
    /// It can be placed once these have gone, the most important first; until then room is kept for it.
    case preempt(PodInfo, node: String, victims: [PodInfo])
}

/// Decides about pending pods.
package struct PodScheduler: Sendable {
    /// Who is on a node, by uid.
    struct Holders: Sendable {
        /// Those that have not ended.
        var bound: [String: PodInfo] = [:]
        /// Those that hold nothing any more.
        var stopped: [String: PodInfo] = [:]
        /// Bindings that no watch has shown yet.
        var assumed: [String: AssumedBinding] = [:]
        /// Room that is kept for pods until others have gone.
        var reserved: [String: AssumedBinding] = [:]
    }

    /// A node as decisions see it.
    struct Place: Sendable {
        var usage: NodeUsage
        /// The number of its topology; -1 where its chips are not known.
        var topology: Int
        /// The number of its state.
        var state = -1
        /// The lowest priority of the pods that could go from it; the largest number where there are none.
        var lowest = Int.max
    }

    // MARK: Nodes

    /// By name ascending: a node's number is its place here.
    var places: [Place] = []
    /// The lowest priority of all pods that could go; nil where that is not known.
    var lowestOfAll: Int?
    var numbers: [String: Int] = [:]
    var holders: [String: Holders] = [:]
    /// Nodes that were told of since the last decision; nil for those that are gone.
    var nodeChanges: [String: CandidateNode?] = [:]
    /// Nodes whose holders have changed since their usage was worked out.
    var unsettled: Set<String> = []

    // MARK: What is alike

    var topologies: [CoreTopology] = []
    var topologyNumbers: [CoreTopology: Int] = [:]
    var states: [FreeState] = []
    var stateNumbers: [FreeState: Int] = [:]
    var indexes: [Int: GroupIndex] = [:]
    var requirements: [NodeRequirements] = []
    var requirementNumbers: [NodeRequirements: Int] = [:]
    /// By number of the requirements, the nodes that fulfil them.
    var allowed: [NodeBits] = []
    var shapes: [ShapeState] = []
    var shapeNumbers: [PodShape: Int] = [:]

    // MARK: Pods

    /// What is known of each pod that waits or is on a node, by uid.
    var pods: [String: PodInfo] = [:]
    /// The nodes of the bindings that no watch has shown yet, by uid.
    var assumedNodes: [String: String] = [:]
    /// Pods that wait for a node, by uid.
    var waiting: [String: Waiting] = [:]
    /// Those that other pods' anti-affinity keeps away everywhere, which is a reason of their own.
    var keptAway: [String: Int] = [:]
    var gangs: [GangKey: Gang] = [:]
    var podGroups: [ObjectKey: PodGroupRule]?
    /// What has come of PodGroups and was not asked for yet.
    var groupNews: [ObjectKey: PodGroupNews] = [:]
    var nominations: [String: Nomination] = [:]
    var budgets: [PodDisruptionBudget] = []
    var placed = PlacedPods()
    var volumes = VolumeState()
    /// The shapes of pods that use claims.
    var claimShapes: [Int] = []
    var namespaces: [String: [String: String]] = [:]
    var moment = Moment()
    /// What had happened when sleeping shapes were looked at last.
    var lookedAt = Moment()

    /// Where a pod waits.
    struct Waiting: Sendable {
        var shape: Int
        var place: QueuePlace
    }

    /// Pods, by uid, that wait although nothing is decided about them now.
    package var postponed: Set<String> = []
    /// Whether the last decision came to its limit and left pods that it did not look at.
    package internal(set) var isUnfinished = false
    /// Whether pods go for those of higher priority.
    package var preempts = true

    /// Nothing is known.
    package init() {}

    /// What was last told of a pod that waits or is on a node; nil where there is none.
    package func pod(_ uid: String) -> PodInfo? { pods[uid] }

    // MARK: Observing

    /// A node is there, or has changed.
    package mutating func observe(_ node: CandidateNode) { nodeChanges[node.name] = .some(node) }

    /// A node is gone.
    package mutating func forget(node name: String) { nodeChanges[name] = .some(nil) }

    /// A pod is there, or has changed.
    package mutating func observe(_ pod: PodInfo) {
        let uid = pod.uid
        let old = pods[uid]
        if let old, !old.node.isEmpty, old.node != pod.node { removeHolder(old) }
        if !pod.node.isEmpty {
            stopWaiting(uid)
            withdraw(uid)
            unassume(uid, waits: false)
            place(pod, instead: old?.node == pod.node ? old : nil)
            pods[uid] = pod
        } else if pod.needsPlacement {
            pods[uid] = pod
            guard assumedNodes[uid] == nil else { return }
            wait(pod, instead: old)
        } else {
            // Ended or ending without a node: what was sent for it may still be carried out.
            stopWaiting(uid)
            withdraw(uid)
            pods[uid] = nil
        }
    }

    /// A pod is gone. A binding that is assumed for it stays, until `unassume`.
    package mutating func forget(pod uid: String) {
        if let old = pods.removeValue(forKey: uid), !old.node.isEmpty { removeHolder(old) }
        stopWaiting(uid)
        withdraw(uid)
    }

    /// A binding was sent that no watch shows yet. Those that `decide` decides are assumed already.
    package mutating func assume(_ binding: AssumedBinding) {
        let uid = binding.pod.uid
        // A watch may have been faster.
        if let pod = pods[uid], !pod.node.isEmpty { return }
        unassume(uid, waits: false)
        stopWaiting(uid)
        assumedNodes[uid] = binding.node
        holders[binding.node, default: Holders()].assumed[uid] = binding
        count(binding.pod, on: binding.node, 1)
        unsettled.insert(binding.node)
    }

    /// A binding came to nothing.
    package mutating func unassume(_ uid: String) { unassume(uid, waits: true) }

    /// The labels of all namespaces have become these.
    package mutating func observe(namespaces: [String: [String: String]]) {
        guard namespaces != self.namespaces else { return }
        self.namespaces = namespaces
        recount()
    }

    private mutating func unassume(_ uid: String, waits: Bool) {
        guard let node = assumedNodes.removeValue(forKey: uid) else { return }
        volumes.revert(uid)
        if let binding = holders[node]?.assumed.removeValue(forKey: uid) { count(binding.pod, on: node, -1) }
        unsettled.insert(node)
        if waits, let pod = pods[uid], pod.node.isEmpty { wait(pod, instead: nil) }
    }

    private mutating func place(_ pod: PodInfo, instead old: PodInfo?) {
        let uid = pod.uid
        if let old, old.isBound == pod.isBound, old.hasStopped == pod.hasStopped, pod.takesTheSame(as: old) {
            // The kubelet tells of every step of a container: it takes no more and no less for that.
            if pod.isBound { holders[pod.node]?.bound[uid] = pod }
            return
        }
        if let old { removeHolder(old) }
        if pod.isBound {
            holders[pod.node, default: Holders()].bound[uid] = pod
            count(pod, on: pod.node, 1)
        } else if pod.hasStopped {
            holders[pod.node, default: Holders()].stopped[uid] = pod
        }
        unsettled.insert(pod.node)
    }

    /// Takes a pod from its node as if it had ended.
    mutating func leave(_ pod: PodInfo) {
        removeHolder(pod)
        holders[pod.node, default: Holders()].stopped[pod.uid] = pod
    }

    private mutating func removeHolder(_ pod: PodInfo) {
        holders[pod.node]?.stopped[pod.uid] = nil
        if holders[pod.node]?.bound.removeValue(forKey: pod.uid) != nil { count(pod, on: pod.node, -1) }
        unsettled.insert(pod.node)
    }

    private mutating func count(_ pod: PodInfo, on node: String, _ change: Int) {
        moment.moves += 1
        if let gang = pod.gang { count(pod, in: gang, change) }
        if let claims = pod.claims { volumes.count(pod.uid, claims, change) }
        guard let number = numbers[node] else { return }
        placed.count(
            pod, on: places[number].usage.node, number: number, change: change, namespaces: namespaces)
    }

    /// What ends is replaced, and its gang waits for what replaces it.
    private mutating func count(_ pod: PodInfo, in key: GangKey, _ change: Int) {
        if change < 0 {
            gangs[key]?.placed.remove(pod.uid)
            if gangs[key]?.waiting.isEmpty == true, gangs[key]?.placed.isEmpty == true { gangs[key] = nil }
        } else if !pod.isTerminating {
            gangs[key, default: Gang()].placed.insert(pod.uid)
        }
    }

    private mutating func wait(_ pod: PodInfo, instead old: PodInfo?) {
        let uid = pod.uid
        if waiting[uid] != nil, let old {
            // Its status changes, of which nothing is read here.
            guard
                old.pod.spec != pod.pod.spec || old.pod.metadata.labels != pod.pod.metadata.labels
                    || old.pod.metadata.annotations != pod.pod.metadata.annotations
            else { return }
        }
        stopWaiting(uid)
        enqueue(pod)
    }

    mutating func enqueue(_ pod: PodInfo) {
        let shape = shapeNumber(of: pod)
        let place = QueuePlace(pod)
        waiting[pod.uid] = Waiting(shape: shape, place: place)
        if let key = pod.gang {
            gangs[key, default: Gang()].waiting.insert(pod.uid)
            gangs[key]?.shapes.insert(shape)
            // One more may be the one that was missing.
            for shape in gangs[key]?.shapes ?? [] { shapes[shape].isAwake = true }
        }
        shapes[shape].queue.insert(place)
        shapes[shape].untold.insert(pod.uid)
    }

    mutating func stopWaiting(_ uid: String) {
        guard let known = waiting.removeValue(forKey: uid) else { return }
        shapes[known.shape].queue.remove(known.place)
        shapes[known.shape].untold.remove(uid)
        keptAway[uid] = nil
        if let key = shapes[known.shape].example.gang {
            gangs[key]?.waiting.remove(uid)
            if gangs[key]?.waiting.isEmpty == true, gangs[key]?.placed.isEmpty == true { gangs[key] = nil }
        }
    }

    /// Has all that wait told again why, where that has changed: what was said is true of the time at which it was said.
    package mutating func tellAgain() {
        for index in shapes.indices where !shapes[index].queue.isEmpty { shapes[index].tellsAgain = true }
    }
}
