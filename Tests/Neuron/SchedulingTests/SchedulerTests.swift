// A scheduler that is kept and told what changes decides as one that is told everything anew.

import GanglionAPI
import JSON
import KubernetesAPI
import Placement
import SchedulingTestSupport
import Testing

@testable import Scheduling

/// The same numbers on every machine (SplitMix64).
struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// A cluster whose every detail a test may change, told to a scheduler as it changes.
struct ChangingCluster {
    var scheduler = PodScheduler()
    var pods: [String: PodInfo] = [:]
    var nodes: [String: CandidateNode] = [:]
    var assumed: [String: AssumedBinding] = [:]
    var number = 0

    init() { scheduler.preempts = false }

    var anew: SchedulingState {
        var state = SchedulingState(
            pods: Array(pods.values), nodes: Array(nodes.values), assumed: Array(assumed.values))
        // For whom room is kept, nobody can see who is told everything anew.
        state.preempts = false
        return state
    }

    mutating func set(_ pod: PodInfo) {
        pods[pod.uid] = pod
        if !pod.node.isEmpty { assumed[pod.uid] = nil }
        scheduler.observe(pod)
    }

    mutating func remove(pod uid: String) {
        pods[uid] = nil
        scheduler.forget(pod: uid)
        assumed[uid] = nil
        scheduler.unassume(uid)
    }

    mutating func set(_ node: CandidateNode) {
        nodes[node.name] = node
        scheduler.observe(node)
    }

    /// A watch shows what was assumed.
    mutating func show(_ binding: AssumedBinding) {
        var pod = binding.pod.pod
        pod.spec.nodeName = binding.node
        if !binding.cores.isEmpty {
            pod.metadata.annotations[WellKnown.coresAnnotation] = binding.cores.list
        }
        set(PodInfo(pod))
    }
}

@Suite("A scheduler that is kept")
struct SchedulerTests {
    private static let zones = ["x", "y", "z"]

    private func node(_ number: Int, _ dice: inout Dice) -> CandidateNode {
        let type = ["inf2.24xlarge", "trn1.32xlarge", "trn2.3xlarge", "inf2.xlarge"][number % 4]
        var held: [JSON] = []
        if Int.random(in: 0..<5, using: &dice) == 0 {
            held = [Make.held("stranger-\(number)", "0,1", uid: Bool.random(using: &dice) ? "" : nil)]
        }
        let isCordoned = Int.random(in: 0..<6, using: &dice) == 0
        let zone = Self.zones.randomElement(using: &dice) ?? "x"
        let cpu = Int.random(in: 4...12, using: &dice)
        return Make.node(
            "node-\(number)", type: type, unhealthy: Int.random(in: 0..<8, using: &dice) == 0 ? [0] : [],
            allocations: .array(held), isCurrent: Bool.random(using: &dice)
        ) {
            $0[path: ["metadata", "labels", "zone"]] = .string(zone)
            $0[path: ["metadata", "labels", "kubernetes.io/hostname"]] = .string("node-\(number)")
            $0[path: ["status", "allocatable", "cpu"]] = .string(String(cpu))
            if isCordoned { $0[path: ["spec", "unschedulable"]] = true }
        }
    }

    private func pod(_ number: Int, _ dice: inout Dice) -> PodInfo {
        let cores = [0, 1, 1, 2, 2, 4, 6, 8, 16].randomElement(using: &dice) ?? 1
        let app = ["a", "b"].randomElement(using: &dice) ?? "a"
        var container: JSON = [
            "name": "c", "resources": ["requests": ["cpu": "1"]],
        ]
        if cores > 0 {
            container[path: ["resources", "limits"]] = [WellKnown.neuronCore: .string(String(cores))]
        }
        if Int.random(in: 0..<6, using: &dice) == 0 {
            container["ports"] = [["containerPort": 80, "hostPort": 80]]
        }
        var extra: JSON = [
            "containers": [container], "priority": JSON(Int.random(in: 0..<3, using: &dice)),
        ]
        let term: JSON = [
            "topologyKey": "kubernetes.io/hostname", "labelSelector": ["matchLabels": ["app": .string(app)]],
        ]
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        switch Int.random(in: 0..<10, using: &dice) {
        case 0: extra["nodeSelector"] = ["zone": .string(Self.zones.randomElement(using: &dice) ?? "x")]
        case 1: extra["affinity"] = ["podAntiAffinity": [required: [term]]]
        case 2: extra["affinity"] = ["podAffinity": [required: [term]]]
        case 3:
            extra["topologySpreadConstraints"] = [
                [
                    "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": .string(app)]],
                ]
            ]
        default: break
        }
        var info = Make.pod(
            "p\(number)", cores: cores, created: Int.random(in: 0..<10, using: &dice), extra: extra
        ).pod
        info.metadata.labels = ["app": app]
        if Int.random(in: 0..<4, using: &dice) == 0 {
            info.metadata.annotations[WellKnown.gangAnnotation] = ["g", "h", "i"].randomElement(using: &dice)
            info.metadata.annotations[WellKnown.gangSizeAnnotation] = String(
                Int.random(in: 2...3, using: &dice))
        }
        return PodInfo(info)
    }

    private func change(_ cluster: inout ChangingCluster, _ dice: inout Dice) {
        func anyPod(_ condition: (PodInfo) -> Bool) -> PodInfo? {
            cluster.pods.values.filter(condition).sorted { $0.uid < $1.uid }.randomElement(using: &dice)
        }
        switch Int.random(in: 0..<12, using: &dice) {
        case 0...3:
            cluster.number += 1
            cluster.set(pod(cluster.number, &dice))
        case 4...6:
            let bindings = cluster.assumed.values.sorted { $0.pod.uid < $1.pod.uid }
            if let binding = bindings.randomElement(using: &dice) { cluster.show(binding) }
        case 7: if let pod = anyPod({ _ in true }) { cluster.remove(pod: pod.uid) }
        case 8:
            // It ends; some containers may go on for a while.
            guard var pod = anyPod(\.isBound)?.pod else { return }
            pod.status.phase = .succeeded
            cluster.set(PodInfo(pod))
        case 9: cluster.set(node(Int.random(in: 0..<12, using: &dice), &dice))
        case 10:
            if Int.random(in: 0..<4, using: &dice) == 0,
                let name = cluster.nodes.keys.sorted().randomElement(
                    using: &dice)
            {
                cluster.nodes[name] = nil
                cluster.scheduler.forget(node: name)
            } else {
                // Another scheduler's pod, whose cores nobody has said.
                guard let name = cluster.nodes.keys.sorted().randomElement(using: &dice) else { return }
                cluster.number += 1
                cluster.set(
                    Make.pod(
                        "f\(cluster.number)", cores: 2, node: name, scheduler: "default-scheduler"))
            }
        default:
            let bindings = cluster.assumed.values.sorted { $0.pod.uid < $1.pod.uid }
            guard let uid = bindings.randomElement(using: &dice)?.pod.uid else { return }
            cluster.assumed[uid] = nil
            cluster.scheduler.unassume(uid)
        }
    }

    @Test("decides after any events as one that is told everything anew", arguments: 0..<40)
    func sameAsAnew(seed: Int) {
        var dice = Dice(state: UInt64(seed))
        var cluster = ChangingCluster()
        for number in 0..<8 { cluster.set(node(number, &dice)) }
        for step in 0..<60 {
            for _ in 0..<Int.random(in: 1...4, using: &dice) { change(&cluster, &dice) }
            let expected = cluster.anew.decisions()
            let decisions = cluster.scheduler.decide()
            func bindings(_ decisions: [Decision]) -> [AssumedBinding] {
                decisions.compactMap {
                    if case .bind(let pod, let node, let cores) = $0 {
                        AssumedBinding(pod: pod, node: node, cores: cores)
                    } else {
                        nil
                    }
                }
            }
            let own = bindings(decisions)
            guard own == bindings(expected) else {
                Issue.record(
                    "seed \(seed) step \(step): \(own.map { "\($0.pod.key.name) \($0.node) \($0.cores)" }) instead of \(bindings(expected).map { "\($0.pod.key.name) \($0.node) \($0.cores)" })"
                )
                return
            }
            let waiting = expected.compactMap {
                if case .unschedulable(let pod, _) = $0 { pod.uid } else { nil }
            }
            #expect(Set(cluster.scheduler.waiting.keys) == Set(waiting), "seed \(seed) step \(step)")
            for binding in own { cluster.assumed[binding.pod.uid] = binding }
        }
    }

    @Test("places the same pods in slices, and says why others wait in the last", arguments: [1, 2, 7, 256])
    func slices(limit: Int) {
        func told() -> PodScheduler {
            var scheduler = PodScheduler()
            var dice = Dice(state: 7)
            for number in 0..<8 { scheduler.observe(node(number, &dice)) }
            for number in 0..<300 { scheduler.observe(Make.pod("p\(number)", cores: 1 + number % 4)) }
            return scheduler
        }
        var whole = told()
        let expected = whole.decide()
        #expect(!whole.isUnfinished)
        var sliced = told()
        var decisions = sliced.decide(limit: limit)
        while sliced.isUnfinished {
            #expect(decisions.allSatisfy { if case .bind = $0 { true } else { false } })
            decisions += sliced.decide(limit: limit)
        }
        #expect(decisions == expected)
        #expect(expected.contains { if case .unschedulable = $0 { true } else { false } })
    }
}
