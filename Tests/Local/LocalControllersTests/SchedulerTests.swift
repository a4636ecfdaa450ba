import JSON
import Testing

@testable import LocalControllers

@Suite("Default scheduler")
struct SchedulerTests {
    private static let resource = "aws.amazon.com/neuroncore"

    private func node(_ name: String, cores: Int, _ spec: JSON = [:], labels: [String: String] = [:]) -> JSON
    {
        [
            "metadata": ["name": .string(name), "labels": JSON(labels)], "spec": spec,
            "status": [
                "allocatable": [
                    "cpu": "2", "pods": "10", "aws.amazon.com/neuroncore": .string(String(cores)),
                ]
            ],
        ]
    }

    private func pod(cores: Int, _ spec: JSON = [:], on node: String = "", phase: String = "Pending") -> JSON
    {
        var spec = spec
        spec.containers = [
            ["name": "a", "resources": ["requests": .object([Self.resource: .string(String(cores))])]]
        ]
        if !node.isEmpty { spec.nodeName = .string(node) }
        return ["spec": spec, "status": ["phase": .string(phase)]]
    }

    @Test("places a pod where it fits")
    func fits() {
        let decision = SchedulerRooms(nodes: [node("a", cores: 2), node("b", cores: 4)], pods: []).decide(
            pod(cores: 4))
        #expect(decision == SchedulerDecision(node: "b", message: ""))
    }

    @Test("counts what bound pods hold, and not what ended ones held")
    func taken() {
        let pods = [pod(cores: 2, on: "a", phase: "Running"), pod(cores: 2, on: "a", phase: "Succeeded")]
        #expect(SchedulerRooms(nodes: [node("a", cores: 4)], pods: pods).decide(pod(cores: 2)).node == "a")
        #expect(
            SchedulerRooms(nodes: [node("a", cores: 4)], pods: pods).decide(pod(cores: 3))
                == SchedulerDecision(
                    node: nil, message: "0/1 nodes are available: 1 Insufficient aws.amazon.com/neuroncore."))
    }

    @Test("says why no node fits, in kube-scheduler's words")
    func reasons() {
        let taint: JSON = ["taints": [["key": "dedicated", "value": "x", "effect": "NoSchedule"]]]
        let nodes = [
            node("a", cores: 1), node("b", cores: 8, taint), node("c", cores: 8, ["unschedulable": true]),
            node("d", cores: 8, labels: ["zone": "2"]),
        ]
        let pod = pod(cores: 2, ["nodeSelector": ["zone": "1"]])
        #expect(
            SchedulerRooms(nodes: nodes, pods: []).decide(pod).message
                == "0/4 nodes are available: 1 node(s) had untolerated taint(s) {dedicated: x}, 1 node(s) were"
                + " unschedulable, 2 node(s) didn't match Pod's node affinity/selector.")
        #expect(
            SchedulerRooms(nodes: [], pods: []).decide(pod).message
                == "no nodes available to schedule pods")
    }

    @Test("a toleration lets a pod onto a tainted node")
    func tolerates() {
        let taint: JSON = ["taints": [["key": "dedicated", "value": "x", "effect": "NoSchedule"]]]
        let pod = pod(cores: 1, ["tolerations": [["key": "dedicated", "operator": "Exists"]]])
        #expect(SchedulerRooms(nodes: [node("a", cores: 1, taint)], pods: []).decide(pod).node == "a")
    }
}
