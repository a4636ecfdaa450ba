// What the operator's copy of a pod costs in memory, for each octet that the API server has sent: of the pods of others, which
// are most of a cluster, and of its own. Heap in use is counted, not the size of a process: no time and no luck is in it.

import CAllocationCounter
import Glibc
import JSON
import KubernetesAPI
import KubernetesClient
import Operator

/// A pod as clusters have them: two containers with an environment, annotations, managed fields and a status.
func podText(_ number: Int) -> String {
    func text(_ seed: Int, _ count: Int) -> JSON {
        .string(
            String((0..<count).map { Character(Unicode.Scalar(UInt8(97 + (seed &* 31 &+ $0 &* 7) % 26))) }))
    }
    let containers = (0..<2).map { index -> JSON in
        [
            "name": .string("c\(index)"), "image": "registry.example/team/app:1.2.3",
            "env": .array((0..<25).map { ["name": .string("VAR_\($0)"), "value": text(number + $0, 80)] }),
            "resources": ["requests": ["cpu": "1m", "memory": "1Mi"]],
        ]
    }
    let annotations = (0..<8).map { ("example.com/k\($0)", text(number + $0, 300)) }
    let fields = (0..<80).map { ("f:field\($0)", ["f:inner": [:]] as JSON) }
    let pod: JSON = [
        "metadata": [
            "name": .string("web-\(number)"), "namespace": "many",
            "uid": .string("uid-\(number)-of-a-usual-length"),
            "resourceVersion": .string(String(number)),
            "labels": ["app": "web", "pod-template-hash": text(number, 10)],
            "annotations": .object(Dictionary(uniqueKeysWithValues: annotations)),
            "managedFields": [
                ["manager": "kubelet", "fieldsV1": .object(Dictionary(uniqueKeysWithValues: fields))]
            ],
        ],
        "spec": [
            "nodeName": .string("node-\(number % 100)"), "schedulerName": "default-scheduler",
            "containers": .array(containers),
        ],
        "status": [
            "phase": "Running", "podIP": "10.0.0.1", "conditions": [["type": "Ready", "status": "True"]],
            "containerStatuses": [
                ["name": "c0", "ready": true, "state": ["running": [:]], "lastState": [:]]
            ],
        ],
    ]
    return (["type": "ADDED", "object": pod] as JSON).text() + "\n"
}

/// Heap in use for each octet of JSON after `count` pods have come through a watch.
func cost(of count: Int, keeping keep: (Pod) -> Pod) throws -> Double {
    let before = allocation_held()
    var index = ObjectIndex<Pod>()
    var octets = 0
    var decoder = WatchDecoder<Pod>()
    for number in 0..<count {
        let line = Array(podText(number).utf8)
        octets += line.count
        for case .added(let pod) in try decoder.receive(line) { _ = index.apply(.upsert(keep(pod))) }
    }
    decoder = WatchDecoder()
    return withExtendedLifetime(index) { Double(allocation_held() - before) / Double(octets) }
}

let whole = try cost(of: 2000) { $0 }
let reduced = try cost(of: 2000) { $0.reducedToPlacement() }
func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }
print(
    "octets of memory for an octet of JSON: \(rounded(reduced)) for pods of others, \(rounded(whole)) for whole pods"
)
// 10,000 pods of 13 KiB in the 256 MiB of the chart, beside everything else, need less than 1.
guard reduced < 0.4 else {
    print("pods of others cost more than 0.4: what of them is kept that nobody reads?")
    exit(1)
}
