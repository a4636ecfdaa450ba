// What the API server refuses of a ModelServer's runtime, by the definition's schema and rules.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Presets at the API server", .timeLimit(.minutes(10)))
struct PresetRulesTests {
    /// Changes to a valid spec, and what the refusal says.
    private static let refusals: [(JSON, String)] = [
        (
            ["runtime": ["preset": "tgi"]],
            "spec.runtime.preset: Unsupported value: \"tgi\": supported values: \"ganglion\", \"vllm\", \"djl-lmi\", \"triton\", \"torchserve\", \"custom\""
        ),
        (["runtime": ["port": 0]], "spec.runtime.port in body should be greater than or equal to 1"),
        (["runtime": ["port": 65_536]], "spec.runtime.port in body should be less than or equal to 65535"),
        (["runtime": ["readinessPath": "ping"]], "spec.runtime.readinessPath in body should match '^/'"),
        (["runtime": ["livenessPath": "ping"]], "spec.runtime.livenessPath in body should match '^/'"),
        (
            ["runtime": ["startupTimeoutSeconds": 86_401]],
            "spec.runtime.startupTimeoutSeconds in body should be less than or equal to 86400"
        ),
        (
            [
                "runtime": ["preset": "djl-lmi"],
                "models": [["name": "a", "uri": "/a"], ["name": "b", "uri": "/b"]],
            ],
            "presets vllm, djl-lmi and torchserve serve one model: make a ModelServer for each model"
        ),
        (
            ["runtime": ["preset": "vllm"], "neuron": ["cores": 4, "tensorParallelDegree": 2]],
            "presets vllm and torchserve have one copy of the model in a server"
        ),
        (
            ["runtime": ["preset": "torchserve"], "neuron": ["cores": 4, "processesPerReplica": 2]],
            "presets vllm and torchserve have one copy of the model in a server"
        ),
        (
            ["runtime": ["preset": "triton"], "batching": ["maxBatchSize": 2]],
            "spec.batching: Forbidden: presets triton, torchserve and custom cannot be told how to batch"
        ),
        (
            ["runtime": ["preset": "vllm"], "queue": ["maxLength": 2]],
            "spec.queue: Forbidden: presets vllm, triton and custom cannot be told how many requests may wait"
        ),
        (
            ["runtime": ["preset": "vllm"], "batching": ["maxBatchDelay": "5ms"]],
            "spec.batching: Forbidden: only presets ganglion and djl-lmi can be told how long a request waits"
        ),
        (
            ["runtime": ["preset": "djl-lmi"], "queue": ["timeout": "5s"]],
            "spec.queue: Forbidden: only preset ganglion can be told how long a request may wait"
        ),
        (["batching": ["maxBatchDelay": "5"]], "spec.batching.maxBatchDelay in body should match"),
        (
            ["runtime": ["preset": "triton"], "models": [["name": "a", "uri": "/a", "version": "2"]]],
            "only presets ganglion and custom can be told a model's version, memory, utilization and warmup"
        ),
        (
            [
                "models": [
                    ["name": "a", "uri": "/a", "utilization": 60],
                    ["name": "b", "uri": "/b", "utilization": 41],
                ]
            ],
            "the models need more than 100 percent of a group's time together"
        ),
        (
            ["models": [["name": "a", "uri": "/a", "memory": "two"]]],
            "spec.models[0].memory in body should match"
        ),
        (
            ["models": [["name": "a", "uri": "/a"], ["name": "a", "uri": "/b", "version": "1"]]],
            "spec.models[1]: Duplicate value"
        ),
        (
            ["runtime": ["preset": "vllm"], "models": [["name": "a", "uri": "s3://b/a"]]],
            "the preset's server cannot read a model's uri"
        ),
        (
            ["runtime": ["preset": "triton"], "models": [["name": "a", "uri": "hf://o/a"]]],
            "the preset's server cannot read a model's uri"
        ),
    ]

    @Test("what a preset cannot be is refused in words, and the limits themselves are taken")
    func rules() async throws {
        let cluster = try await LiveCluster.start(nodes: [:])
        for (change, words) in Self.refusals {
            var spec = Make.spec(cores: 4)
            for (key, value) in change.object ?? [:] { spec[key] = value }
            let error = await #expect(throws: KubernetesError.self) {
                try await cluster.create("m", spec: spec)
            }
            #expect(error?.code == 422)
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "accepted")")
        }
        let taken: [JSON] = [
            ["port": 1], ["port": 65_535], ["startupTimeoutSeconds": 86_400], ["preset": "custom"],
        ]
        for (index, runtime) in taken.enumerated() {
            var spec = Make.spec(cores: 4)
            spec["runtime"] = runtime
            try await cluster.create("m\(index)", spec: spec)
        }
        await cluster.stop()
    }

    @Test("every sample is taken, and a server that says nothing of its runtime has the project's own")
    func samples() async throws {
        let cluster = try await LiveCluster.start(nodes: [:])
        for preset in RuntimePreset.allCases {
            let file = preset == .ganglion ? "modelserver" : "modelserver-\(preset.rawValue)"
            var server = try YAMLReader.read(
                try Files.read("\(LiveCluster.root)/deploy/samples/\(file).yaml"))
            server[path: ["metadata", "namespace"]] = "default"
            try await cluster.client.create(.modelServers, server)
            let made = try await cluster.client.get(.modelServers, server.objectKey)
            #expect(made["spec"]?["runtime"]?["preset"]?.string == preset.rawValue)
            // A field that the definition does not have would be gone.
            for (key, value) in server["spec"]?.object ?? [:] {
                #expect(made["spec"]?[key].map { covers($0, value) } == true, "\(file): \(key)")
            }
        }
        await cluster.stop()
    }
}
