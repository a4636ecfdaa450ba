// How many decisions a second the operator's scheduler makes in one process, with no API server: 5,000 nodes of three families
// and 10,000 pods of mixed sizes, all at once, one after the other as they come, and on a full cluster where pods come and go.

import GanglionAPI
import Glibc
import JSON
import KubernetesAPI
import Placement
import Scheduling
import SchedulingTestSupport

if CommandLine.arguments.dropFirst().first == "fragmentation" {
    try studyFragmentation(output: CommandLine.arguments.dropFirst(2).first)
    exit(0)
}
let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let nodeCount = arguments.first ?? 5000
let podCount = arguments.dropFirst().first ?? 10_000
let types = ["inf2.48xlarge", "trn1.32xlarge", "trn2.48xlarge"]
let sizes = [1, 1, 2, 2, 4, 4, 8, 8, 12, 16, 32]

/// A node of each type, read once: the others are copies with a name of their own.
let exampleNodes: [(node: Node, report: NeuronNode)] = types.map { type in
    var object = Make.nodeObject("example", type: type)
    object[path: ["status", "allocatable", "cpu"]] = "192"
    object[path: ["status", "allocatable", "memory"]] = "512Gi"
    return (object.typed(), Make.report("example", type: type).typed())
}

let nodes = (0..<nodeCount).map { number in
    var (node, report) = exampleNodes[number % types.count]
    node.metadata.name = "node-\(100_000 + number)"
    node.metadata.labels["kubernetes.io/hostname"] = node.metadata.name
    node.metadata.labels["topology.kubernetes.io/zone"] = "z\(number % 3)"
    report.metadata.name = node.metadata.name
    return CandidateNode(node, neuronNode: report)
}

func pod(_ number: Int, cores: Int? = nil) -> PodInfo {
    let cores = cores ?? sizes[number &* 7919 % sizes.count]
    var container = Container(name: "c")
    container.resources.requests = ["cpu": Quantity(milli: 500), "memory": Quantity(1 << 30)]
    container.resources.limits = [WellKnown.neuronCore: Quantity(cores)]
    var spec = PodSpec(containers: [container])
    spec.schedulerName = WellKnown.scheduler
    // Every third pod asks for a family, every fifth has a toleration of its own: several shapes of each size.
    if number % 3 == 0, cores <= 12 {
        spec.nodeSelector = [WellKnown.instanceTypeLabel: types[number / 3 % types.count]]
    }
    if number % 5 == 0 { spec.tolerations = [Toleration(key: "t", operator: .exists)] }
    var metadata = ObjectMetadata(name: "p-\(100_000 + number)", namespace: "n")
    metadata.uid = "uid-\(metadata.name)"
    return PodInfo(Pod(metadata, spec: spec))
}

let pods = (0..<podCount).map { pod($0) }

/// Seconds that a piece of work takes.
func seconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let duration = clock.measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

func report(_ name: String, _ count: Int, _ time: Double) {
    let rate = Int(Double(count) / time)
    print("\(name): \(count) decisions in \(Int(time * 1000)) ms, \(rate) a second")
}

func placed(_ decisions: [Decision]) -> Int {
    decisions.count { if case .bind = $0 { true } else { false } }
}

// Everything is told once, which is what an operator does when it starts.
var scheduler = PodScheduler()
var decisions: [Decision] = []
let startTime = seconds {
    scheduler = SchedulingState(pods: pods, nodes: nodes).scheduler
    decisions = scheduler.decide()
}
report("all at once, from nothing", decisions.count, startTime)
print("  placed \(placed(decisions))")

scheduler = SchedulingState(pods: [], nodes: nodes).scheduler
_ = scheduler.decide()
for pod in pods { scheduler.observe(pod) }
report("all at once, nodes known", pods.count, seconds { decisions = scheduler.decide() })

scheduler = SchedulingState(pods: [], nodes: nodes).scheduler
_ = scheduler.decide()
var count = 0
let single = seconds {
    for pod in pods {
        scheduler.observe(pod)
        count += placed(scheduler.decide())
    }
}
report("one pass for each pod", pods.count, single)
print("  placed \(count)")

// A full cluster: each pod that goes makes room, and another comes.
var bound: [PodInfo] = []
for case .bind(let pod, let node, let cores) in decisions {
    var object = pod.pod
    object.spec.nodeName = node
    object.metadata.annotations[WellKnown.coresAnnotation] = cores.list
    bound.append(PodInfo(object))
}
for number in 0..<(nodeCount * 16) {
    scheduler.observe(pod(podCount + number, cores: number % 2 == 0 ? 8 : 4))
}
let full = scheduler.decide()
print("filled with \(placed(full)) pods more, \(full.count - placed(full)) wait")
for pod in bound { scheduler.observe(pod) }
_ = scheduler.decide()
count = 0
let churn = seconds {
    for pod in bound {
        scheduler.forget(pod: pod.uid)
        count += scheduler.decide().count
    }
}
report("one pass for each pod that goes from a full cluster", count, churn)
