// A field that the definition takes and nothing reads is a promise that is not kept: each field of a ModelServer's spec, set to
// two values, makes two different plans.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Placement
import Scheduling
import SchedulingTestSupport
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
        ("models[].version", ["2", "3"]),
        ("models[].uri", ["/a", "/b"]),
        ("models[].memory", ["1Gi", "2Gi"]),
        ("models[].utilization", [10, 20]),
        ("models[].warmup", [["a"], ["b"]]),
        ("batching.maxBatchSize", [1, 2]),
        ("batching.maxBatchDelay", ["1ms", "2s"]),
        ("queue.maxLength", [1, 2]),
        ("queue.timeout", ["1ms", "2s"]),
        ("rollout.maxUnavailable", [1, 2]),
        ("rollout.maxSurge", [1, 2]),
        ("rollout.replaceLostAfterSeconds", [60, 120]),
        ("rollout.restartTogether", [false, true]),
        ("gang", [false, true]),
        ("disruptionBudget.maxUnavailable", [0, 1]),
        ("paused", [false, true]),
        ("revisionHistoryLimit", [0, 1]),
        ("template.metadata.labels", [["k": "a"], ["k": "b"]]),
        ("template.metadata.annotations", [["k": "a"], ["k": "b"]]),
        ("template.spec", [["hostNetwork": true], ["hostNetwork": false]]),
    ]

    /// What the autoscaler reads of it: each pair makes two different courses of the same load, or two sources of it.
    private static let autoscalingFields: [(path: String, values: [JSON])] = [
        ("autoscaling.minReplicas", [0, 1]),
        ("autoscaling.maxReplicas", [4, 8]),
        ("autoscaling.targetInFlight", [10, 20]),
        ("autoscaling.tolerancePercent", [5, 80]),
        ("autoscaling.intervalSeconds", [10, 20]),
        ("autoscaling.windowSeconds", [10, 60]),
        ("autoscaling.scaleUp.stabilizationWindowSeconds", [0, 60]),
        ("autoscaling.scaleUp.maxPercent", [50, 300]),
        ("autoscaling.scaleDown.stabilizationWindowSeconds", [0, 60]),
        ("autoscaling.scaleDown.maxPercent", [25, 90]),
        ("autoscaling.cooldownSeconds", [30, 600]),
        ("autoscaling.metrics.port", [1, 2]),
        ("autoscaling.metrics.path", ["/a", "/b"]),
        ("autoscaling.metrics.gauges", [["a"], ["b"]]),
        ("autoscaling.metrics.counter", ["a", "b"]),
    ]

    private static let all = fields + autoscalingFields

    /// What the autoscaler makes of a load that rises, falls and ends, and where it reads it.
    private func scaling(_ spec: JSON) throws -> (LoadSource?, [String]) {
        let server: ModelServer = Make.server(spec: spec).typed()
        let spec = try server.validSpec()
        var trace = ScalingTrace()
        trace.rules = try #require(spec.autoscaling)
        trace.run(seconds: 300) { _ in 570 }
        trace.run(seconds: 900) { _ in 30 }
        trace.run(seconds: 1_000) { _ in 0 }
        return (
            LoadSource(of: spec),
            trace.course.enumerated().map { "\($0 * trace.rules.intervalSeconds) \($1)" }
        )
    }

    @Test("each of the autoscaler's is read", arguments: autoscalingFields.map(\.path))
    func scales(path: String) throws {
        let values = try #require(Self.autoscalingFields.first { $0.path == path }?.values)
        let (first, second) = (try scaling(spec(path, values[0])), try scaling(spec(path, values[1])))
        #expect(path.contains("metrics") ? first.0 != second.0 : first.1 != second.1)
    }

    /// A node that has not been ready for 90 seconds at the epoch.
    private static let lost: JSON = [
        "metadata": ["name": "a"],
        "status": [
            "conditions": [
                ["type": "Ready", "status": "Unknown", "lastTransitionTime": "1969-12-31T23:58:30Z"]
            ]
        ],
    ]

    private static func isRollout(_ path: String) -> Bool { path.hasPrefix("rollout") || path == "paused" }

    /// What is done, without the hash of what was written: that changes with everything.
    private func work(_ spec: JSON, pods: [PodInfo]) throws -> [JSON] {
        var failures = FailureMemory()
        var server: ModelServer = Make.server(spec: spec).typed()
        // What it had before.
        server.status = ModelServerStatus()
        server.status?.revisions = [.init(revision: 1, templateHash: "old", spec: [:])]
        let state = ModelServerState(
            server: server, pods: pods, service: nil, cores: [:], unschedulable: [:],
            coresPerChip: [2], lostNodes: ["a": try #require(LostNode(Self.lost.typed() as Node))],
            defaults: Make.defaults())
        let plan = state.plan(failures: &failures, now: .zero, time: Timestamp(microseconds: 0))
        try #require(plan.status.modelStatus?.transitionStatus != .invalidSpec)
        return try plan.actions.map { action in
            switch action {
            case .createPod(var pod):
                pod[path: ["metadata", "name"]] = nil
                pod[path: ["metadata", "labels", WellKnown.hashLabel]] = nil
                return pod
            case .tryPod(let pod, _): return .string("try \(pod.meta.name)")
            case .deletePod(let pod, _, _): return .string(pod.key.name)
            case .applyService(let service): return try JSON(encoding: service)
            case .applyBudget(let budget): return budget
            case .deleteBudget(let key, _): return .string("no \(key)")
            }
        } + [plan.written["groups"] ?? .null, .array(plan.status.revisions.map { JSON($0.revision) })]
    }

    /// A spec with a field of this value.
    private func spec(_ path: String, _ value: JSON) -> JSON {
        var spec = Make.spec(replicas: Self.isRollout(path) ? 3 : 1, cores: 2)
        if path == "rollout.restartTogether" { spec["gang"] = true }
        if path == "neuron.chips" { spec["neuron"] = [:] }
        if path.hasPrefix("autoscaling") {
            spec["autoscaling"] = ["minReplicas": 0, "maxReplicas": 50, "targetInFlight": 10]
            if path.contains("metrics") { spec["autoscaling"]?["metrics"] = ["gauges": ["g"]] }
        }
        if path.hasPrefix("models[]") {
            var model: JSON = ["name": "mini", "uri": "/mini"]
            model[String(path.dropFirst("models[].".count))] = value
            spec["models"] = [model]
        } else {
            spec[path: path.split(separator: ".").map(String.init)] = value
        }
        return spec
    }

    /// These decide how many pods there are and how they are replaced, not what runs in them.
    private static let harmless = Set([
        "replicas", "rollout.maxUnavailable", "rollout.maxSurge", "rollout.replaceLostAfterSeconds",
        "rollout.restartTogether", "disruptionBudget.maxUnavailable", "paused", "revisionHistoryLimit",
    ]).union(autoscalingFields.map(\.path))

    @Test(
        "what changes the pods replaces them, and what does not leaves them alone",
        arguments: all.map(\.path))
    func hash(path: String) throws {
        let values = try #require(Self.all.first { $0.path == path }?.values)
        let hashes = try values.map { value in
            try ResolvedServer(
                Make.server(spec: spec(path, value)).typed(), coresPerChip: [2], defaults: Make.defaults()
            ).hash
        }
        #expect((hashes[0] == hashes[1]) == Self.harmless.contains(path))
    }

    /// What an operator of version 0.1 made of these: an upgrade must not restart a pod.
    @Test(
        "the hash of a spec stays what it was",
        arguments: [
            (["neuron": ["cores": 4]], "tfs7xnfl"),
            // What is written and empty is not the same as what is not written.
            (
                [
                    "neuron": ["cores": 4, "instanceTypes": []], "batching": [:], "queue": [:],
                    "template": ["metadata": ["labels": [:]]],
                ], "bwlrx6n9"
            ),
            (
                [
                    "neuron": ["chips": 2, "instanceTypes": ["inf2.xlarge"], "processesPerReplica": 2],
                    "batching": ["maxBatchSize": 8], "queue": ["maxLength": 9],
                    "runtime": ["preset": "ganglion", "port": 9000], "replicas": 3,
                    "rollout": ["maxUnavailable": 2],
                ], "sllzwfnz"
            ),
            (
                [
                    "neuron": ["cores": 4], "runtime": ["preset": "custom", "readinessPath": "/r"],
                    "template": [
                        "metadata": ["annotations": ["a": "b/c"]],
                        "spec": [
                            "containers": [
                                ["name": "model-server", "image": "own", "unknown": [1, 2.5, .null]]
                            ], "hostNetwork": true,
                        ],
                    ],
                ], "kq69mdzn"
            ),
        ] as [(JSON, String)])
    func stable(given: JSON, hash: String) throws {
        var spec = given
        spec["models"] = [["name": "mini", "uri": "file:///models/mini"]]
        let resolved = try ResolvedServer(
            Make.server(spec: spec).typed(), coresPerChip: [2], defaults: Make.defaults())
        #expect(resolved.hash == hash)
    }

    @Test("each is read", arguments: fields.map(\.path))
    func isRead(path: String) throws {
        let values = try #require(Self.fields.first { $0.path == path }?.values)
        // Three pods of an older template: how many of them go at a time is a field as well.
        let pods = (0..<3).map { replica in
            PodInfo(
                ([
                    "metadata": [
                        "name": .string("old-\(replica)"), "namespace": "n", "uid": .string("uid-\(replica)"),
                        "labels": [
                            WellKnown.replicaLabel: .string(String(replica)), WellKnown.hashLabel: "old",
                        ],
                        "annotations": [
                            WellKnown.gangAnnotation: "modelserver/m", WellKnown.gangSizeAnnotation: "3",
                        ],
                    ],
                    "spec": ["nodeName": "a"],
                    "status": ["phase": "Running", "conditions": [["type": "Ready", "status": "True"]]],
                ] as JSON).typed())
        }
        let works = try values.map { value in
            try work(spec(path, value), pods: Self.isRollout(path) ? pods : [])
        }
        #expect(works[0] != works[1])
    }

    /// The paths of fields that are in no other field.
    private func leaves(of schema: Schema, below path: String = "") -> [String] {
        switch schema.form {
        case .object(let fields):
            fields.flatMap { leaves(of: $0.schema, below: path.isEmpty ? $0.name : "\(path).\($0.name)") }
        case .list(let entries) where !entries.fields.isEmpty: leaves(of: entries, below: path + "[]")
        default: [path]
        }
    }

    @Test("the definition has these and no others")
    func complete() throws {
        #expect(Set(leaves(of: ModelServerSpec.schema)) == Set(Self.all.map(\.path)))
    }
}
