// What pods get of the node's folder of models, and of the fields that say how a model is loaded.

import GanglionAPI
import JSON
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Models of a pod")
struct NodeModelCacheTests {
    private func container(_ spec: JSON, _ defaults: ServingDefaults = Make.defaults()) throws -> (JSON, JSON)
    {
        let server = try ResolvedServer(
            Make.server(spec: spec).typed(), coresPerChip: [2], defaults: defaults)
        let pod = PodTemplate(server).pod(replica: 0)
        return (pod["spec"]?["containers"]?.array?.first ?? .null, pod["spec"]?["volumes"] ?? .null)
    }

    private func variable(_ container: JSON, _ name: String) -> String? {
        container["env"]?.array?.first { $0["name"]?.string == name }?["value"]?.string
    }

    @Test("a folder of the node is mounted where the operator has one, and the user none of their own")
    func cache() throws {
        var defaults = Make.defaults()
        let (plain, none) = try container(Make.spec(cores: 4), defaults)
        #expect(none.isNull)
        #expect(variable(plain, "GANGLION_MODEL_CACHE") == nil)
        defaults.modelCachePath = "/var/lib/models"
        defaults.modelCacheSize = "200Gi"
        let (given, volumes) = try container(Make.spec(cores: 4), defaults)
        #expect(
            volumes == [
                [
                    "name": "ganglion-model-cache",
                    "hostPath": ["path": "/var/lib/models", "type": "DirectoryOrCreate"],
                ]
            ])
        #expect(
            given["volumeMounts"] == [
                ["name": "ganglion-model-cache", "mountPath": "/var/cache/ganglion/models"]
            ])
        #expect(variable(given, "GANGLION_MODEL_CACHE") == "/var/cache/ganglion/models")
        #expect(variable(given, "GANGLION_MODEL_CACHE_SIZE") == "200Gi")
        #expect(variable(given, "GANGLION_MODELS") != nil)
        var own = Make.spec(cores: 4)
        own["template"] = [
            "spec": [
                "containers": [
                    ["name": "model-server", "env": [["name": "GANGLION_MODEL_CACHE", "value": "/mine"]]]
                ]
            ]
        ]
        let (users, others) = try container(own, defaults)
        #expect(others.isNull)
        #expect(variable(users, "GANGLION_MODEL_CACHE") == "/mine")
    }

    @Test("versions, memory, warm-up and times reach the server")
    func handover() throws {
        var spec = Make.spec(cores: 4)
        spec["models"] = [
            ["name": "m", "uri": "/m", "version": "1"],
            [
                "name": "m", "uri": "/n", "version": "2", "memory": "2Gi", "utilization": 40,
                "warmup": ["a text"],
            ],
        ]
        spec["batching"] = ["maxBatchSize": 8, "maxBatchDelay": "5ms"]
        spec["queue"] = ["maxLength": 9, "timeout": "30s"]
        let (given, _) = try container(spec)
        #expect(
            given["args"] == [
                "--max-batch-size", "8", "--max-batch-delay", "5ms", "--queue", "9", "--queue-timeout", "30s",
            ])
        #expect(
            variable(given, "GANGLION_MODELS")
                == #"[{"name":"m","uri":"/m"},{"memory":"2Gi","name":"m","uri":"/n","utilization":40,"version":"2","warmup":["a text"]}]"#
        )
        spec["runtime"] = ["preset": "djl-lmi"]
        spec["models"] = [["name": "m", "uri": "/m"]]
        spec["queue"] = ["maxLength": 9]
        spec["template"] = ["spec": ["containers": [["name": "model-server", "image": "i"]]]]
        #expect(variable(try container(spec).0, "SERVING_MAX_BATCH_DELAY") == "5")
    }
}
