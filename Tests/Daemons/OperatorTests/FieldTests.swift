// A field that the definition takes and nothing reads is a promise that is not kept: each field of a ModelServer's spec, set to
// two values, makes two different plans.

import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Placement
import SystemIO
import Testing

@testable import Operator

@Suite("Fields of a ModelServer")
struct FieldTests {
    private static let fields: [(path: String, values: [JSON])] = [
        ("replicas", [1, 2]),
        ("neuron.cores", [2, 4]),
        ("neuron.chips", [1, 2]),
        ("neuron.tensorParallelDegree", [1, 2]),
        ("neuron.processesPerReplica", [1, 2]),
        ("neuron.instanceTypes", [["inf2.xlarge"], ["trn1.2xlarge"]]),
        ("runtime.preset", ["vllm", "torchserve"]),
        ("runtime.port", [9000, 9001]),
        ("runtime.readinessPath", ["/a", "/b"]),
        ("runtime.livenessPath", ["/a", "/b"]),
        ("runtime.startupTimeoutSeconds", [60, 120]),
        ("models[].name", ["a", "b"]),
        ("models[].uri", ["/a", "/b"]),
        ("batching.maxBatchSize", [1, 2]),
        ("queue.maxLength", [1, 2]),
        ("rollout.maxUnavailable", [1, 2]),
        ("template.metadata.labels", [["k": "a"], ["k": "b"]]),
        ("template.metadata.annotations", [["k": "a"], ["k": "b"]]),
        ("template.spec", [["hostNetwork": true], ["hostNetwork": false]]),
    ]

    /// What is done, without the hash of what was written: that changes with everything.
    private func work(_ spec: JSON, pods: [PodView]) throws -> [JSON] {
        var failures = FailureMemory()
        let state = ModelServerState(
            server: Make.server(spec: spec), pods: pods, service: nil, cores: [:], verdicts: [:],
            coresPerChip: [2], image: "image")
        let plan = state.plan(failures: &failures, now: .zero, time: Timestamp(microseconds: 0))
        try #require(plan.status["modelStatus"]?["transitionStatus"] != "InvalidSpec")
        return plan.actions.map { action in
            switch action {
            case .createPod(var pod):
                pod[path: ["metadata", "name"]] = nil
                pod[path: ["metadata", "labels", Names.hashLabel]] = nil
                return pod
            case .deletePod(let pod, _): return .string(pod.key.name)
            case .applyService(let service): return service
            }
        } + [plan.status["groups"] ?? .null]
    }

    @Test("each is read", arguments: fields.map(\.path))
    func isRead(path: String) throws {
        let values = try #require(Self.fields.first { $0.path == path }?.values)
        // Three pods of an older template: how many of them go at a time is a field as well.
        let pods = (0..<3).map { replica in
            PodView([
                "metadata": [
                    "name": .string("old-\(replica)"), "namespace": "n", "uid": .string("uid-\(replica)"),
                    "labels": [Names.replicaLabel: .string(String(replica)), Names.hashLabel: "old"],
                ],
                "spec": ["nodeName": "a"],
                "status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]],
            ])
        }
        let works = try values.map { value in
            var spec = Make.spec(replicas: path.hasPrefix("rollout") ? 3 : 1, cores: 2)
            if path == "neuron.chips" { spec["neuron"] = [:] }
            if path.hasPrefix("models[]") {
                var model: JSON = ["name": "mini", "uri": "/mini"]
                model[String(path.dropFirst("models[].".count))] = value
                spec["models"] = [model]
            } else {
                spec[path: path.split(separator: ".").map(String.init)] = value
            }
            return try work(spec, pods: path.hasPrefix("rollout") ? pods : [])
        }
        #expect(works[0] != works[1])
    }

    @Test("the definition has these and no others")
    func complete() throws {
        let file = "\(LiveCluster.root)/charts/ganglion/crds/modelservers.yaml"
        let definition = try YAMLReader.read(try Files.read(file))
        let schema = definition["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"]
        func leaves(_ schema: JSON, _ path: String) -> [String] {
            if let properties = schema["properties"]?.object {
                return properties.flatMap { leaves($1, path.isEmpty ? $0 : "\(path).\($0)") }
            }
            if let items = schema["items"], items["properties"] != nil { return leaves(items, path + "[]") }
            return [path]
        }
        let found = leaves(try #require(schema?["properties"]?["spec"]), "")
        #expect(Set(found) == Set(Self.fields.map(\.path)))
    }
}
