// Where the user's container says what the spec says too: the two agree, or one of them would do nothing.

import GanglionAPI
import JSON
import KubernetesClient
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("What a container says beside the spec")
struct HandoverTests {
    private func fault(_ preset: String, _ fields: JSON, _ container: JSON) throws -> String? {
        var spec = Make.spec(cores: 2)
        spec["runtime"] = ["preset": .string(preset)]
        for (key, value) in fields.object ?? [:] { spec[key] = value }
        var container = container
        container["name"] = "model-server"
        if preset != "ganglion" { container["image"] = "own" }
        spec["template"] = ["spec": ["containers": [container]]]
        return try PlannedServer(spec).plan().status.modelStatus?.lastFailureInfo?.message
    }

    private static let batch: JSON = ["batching": ["maxBatchSize": 8]]
    private static let queue: JSON = ["queue": ["maxLength": 9]]

    @Test(
        "an argument or a variable that says something else is refused by name",
        arguments: [
            ("ganglion", batch, ["args": ["--max-batch-size", "4"]], "--max-batch-size 4"),
            ("ganglion", batch, ["args": ["--max-batch-size=4"]], "--max-batch-size 4"),
            ("ganglion", queue, ["args": ["--verbose", "--queue"]], "--queue"),
            ("vllm", [:], ["args": ["--tensor-parallel-size=1"]], "--tensor-parallel-size 1"),
            ("vllm", [:], ["args": ["--port", "9000"]], "--port 9000"),
            ("triton", [:], ["args": ["--http-port=9000"]], "--http-port 9000"),
            (
                "djl-lmi", batch, ["env": [["name": "OPTION_MAX_ROLLING_BATCH_SIZE", "value": "4"]]],
                "OPTION_MAX_ROLLING_BATCH_SIZE"
            ),
            (
                "djl-lmi", queue, ["env": [["name": "SERVING_JOB_QUEUE_SIZE", "value": "4"]]],
                "SERVING_JOB_QUEUE_SIZE"
            ),
            (
                "torchserve", queue,
                ["env": [["name": "TS_JOB_QUEUE_SIZE", "valueFrom": ["fieldRef": ["fieldPath": "x"]]]]],
                "TS_JOB_QUEUE_SIZE"
            ),
            (
                "vllm", batch, ["command": ["my-vllm"]],
                "spec.batching does nothing beside the container's own command"
            ),
        ] as [(String, JSON, JSON, String)])
    func contradicts(preset: String, fields: JSON, container: JSON, words: String) throws {
        let fault = try #require(try fault(preset, fields, container))
        #expect(fault.contains(words), "\(fault)")
    }

    @Test(
        "what says the same, or something that the spec does not say, stands",
        arguments: [
            ("ganglion", batch, ["args": ["--max-batch-size", "8"]]),
            ("ganglion", [:], ["args": ["--max-batch-size", "8"]]),
            ("ganglion", batch, ["args": ["--max-batch-size-x", "4"]]),
            ("ganglion", batch, ["command": ["/own"]]),
            ("vllm", [:], ["args": ["--port=8000", "--max-model-len", "4096"]]),
            ("vllm", [:], ["command": ["my-vllm"]]),
            ("triton", [:], ["args": ["--model-repository=/more", "--load-model=third"]]),
            ("djl-lmi", [:], ["env": [["name": "OPTION_MAX_ROLLING_BATCH_SIZE", "value": "4"]]]),
            ("djl-lmi", [:], ["env": [["name": "HF_MODEL_ID", "value": "mine"]]]),
        ] as [(String, JSON, JSON)])
    func agrees(preset: String, fields: JSON, container: JSON) throws {
        #expect(try fault(preset, fields, container) == nil)
    }
}
