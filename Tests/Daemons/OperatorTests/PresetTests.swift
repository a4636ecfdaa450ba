// The servers that others wrote: what their pods and Services look like, whole, and what becomes of everything that can be
// changed about them.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer
import Placement
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Presets of servers")
struct PresetTests {
    private func yaml(_ path: String) throws -> JSON {
        try YAMLReader.read(try Files.read("\(LiveCluster.root)/\(path)"))
    }

    private func plan(_ server: JSON, image: String = "ganglion.dev/model-server:1") -> ModelServerPlan {
        var failures = FailureMemory()
        return ModelServerState(
            server: server.typed(), pods: [], service: nil, cores: [:], unschedulable: [:], coresPerChip: [2],
            defaults: Make.defaults(image: image)
        ).plan(failures: &failures, now: .zero, time: Timestamp(microseconds: 0))
    }

    /// A server with two cores.
    private func server(
        _ runtime: JSON, container: JSON? = ["name": "model-server", "image": "own"], sidecars: [JSON] = []
    ) -> JSON {
        var spec = Make.spec(cores: 2)
        spec["runtime"] = runtime
        let containers = sidecars + (container.map { [$0] } ?? [])
        if !containers.isEmpty { spec["template"] = ["spec": ["containers": .array(containers)]] }
        return Make.server(spec: spec)
    }

    private func pod(_ plan: ModelServerPlan) -> JSON? {
        plan.actions.lazy.compactMap { if case .createPod(let pod) = $0 { pod } else { nil } }.first
    }

    private func service(_ plan: ModelServerPlan) -> JSON? {
        plan.actions.lazy.compactMap {
            if case .applyService(let service) = $0 { try? JSON(encoding: service) } else { nil }
        }.first
    }

    private func container(_ plan: ModelServerPlan) throws -> JSON {
        let containers = try #require(pod(plan)?["spec"]?["containers"]?.array)
        return try #require(containers.first { $0["name"] == "model-server" })
    }

    private func fault(_ plan: ModelServerPlan) -> String? {
        plan.status.modelStatus?.lastFailureInfo?.message
    }

    @Test(
        "the sample of each preset becomes the pod, the Service and the status of Tests/Fixtures/presets",
        arguments: RuntimePreset.allCases)
    func golden(preset: RuntimePreset) throws {
        let file = preset == .ganglion ? "modelserver" : "modelserver-\(preset.rawValue)"
        var server = try yaml("deploy/samples/\(file).yaml")
        server[path: ["metadata", "namespace"]] = "default"
        server[path: ["metadata", "uid"]] = "server-uid"
        let plan = plan(server)
        let made: JSON = [
            "pod": pod(plan) ?? .null, "service": service(plan) ?? .null,
            "status": [
                "url": plan.written["url"] ?? .null, "metrics": plan.written["metrics"] ?? .null,
                "models": plan.written["modelStatus"]?["models"] ?? .null,
            ],
        ]
        let golden = try yaml("Tests/Fixtures/presets/\(preset.rawValue).yaml")
        #expect(made == golden, "\(made.text())")
    }

    @Test("port, paths and start-up budget can be changed, and everything follows")
    func overrides() throws {
        let plan = plan(
            server([
                "preset": "vllm", "port": 9000, "readinessPath": "/ready", "livenessPath": "/live",
                "startupTimeoutSeconds": 95,
            ]))
        let container = try container(plan)
        #expect(container["ports"] == [["name": "http", "containerPort": 9000, "protocol": "TCP"]])
        #expect(container["args"]?.array?.contains("9000") == true)
        #expect(
            container["startupProbe"] == [
                "httpGet": ["path": "/ready", "port": 9000], "periodSeconds": 10, "timeoutSeconds": 5,
                "failureThreshold": 10,
            ])
        #expect(container["readinessProbe"]?["httpGet"] == ["path": "/ready", "port": 9000])
        #expect(container["livenessProbe"]?["httpGet"] == ["path": "/live", "port": 9000])
        #expect(
            service(plan)?["spec"]?["ports"] == [
                ["name": "http", "port": 9000, "protocol": "TCP", "targetPort": "http"]
            ])
        #expect(plan.written["url"] == "http://m.n.svc:9000")
        #expect(plan.written["metrics"]?["port"] == 9000)
        #expect(pod(plan)?.meta.annotations["prometheus.io/port"] == "9000")
    }

    @Test(
        "the container's own ports count, and the Service finds the one that serves",
        arguments: [
            (nil, [], 8080, "http"),
            ([["name": "http", "containerPort": 7000]], [], 7000, "http"),
            ([["name": "api", "containerPort": 8080]], [], 8080, "api"),
            ([["containerPort": 8080]], [], 8080, 8080),
            // Pods of an operator that added no port to the user's have none of the name.
            ([["name": "metrics", "containerPort": 9090]], [], 8080, 8080),
            ([["name": "api", "containerPort": 8080, "protocol": "UDP"]], [], 8080, 8080),
            // The first container with the name would be taken.
            (nil, [["name": "proxy", "ports": [["name": "http", "containerPort": 15000]]]], 8080, 8080),
        ] as [(JSON?, [JSON], Int, JSON)])
    func ports(own: JSON?, sidecars: [JSON], port: Int, target: JSON) throws {
        var container: JSON = ["name": "model-server", "image": "own"]
        if let own { container["ports"] = own }
        let plan = plan(server(["preset": "custom"], container: container, sidecars: sidecars))
        let entry = try #require(service(plan)?["spec"]?["ports"]?[0])
        #expect(entry["port"]?.int == port)
        #expect(entry["targetPort"] == target)
        let ports = try #require(try self.container(plan)["ports"]?.array)
        #expect(ports.starts(with: own?.array ?? []))
        #expect(
            ports.contains { $0["containerPort"]?.int == port && ($0["protocol"] ?? "TCP") == "TCP" })
    }

    @Test(
        "no probe is added that could contradict the container's own",
        arguments: [
            ([], ["startupProbe", "readinessProbe", "livenessProbe"]),
            (["startupProbe"], ["readinessProbe", "livenessProbe"]),
            (["readinessProbe"], []),
            (["livenessProbe"], ["startupProbe", "readinessProbe"]),
            (["startupProbe", "readinessProbe"], ["livenessProbe"]),
            (["readinessProbe", "livenessProbe"], []),
            (["startupProbe", "livenessProbe"], ["readinessProbe"]),
            (["startupProbe", "readinessProbe", "livenessProbe"], []),
        ] as [([String], [String])])
    func probes(own: [String], added: [String]) throws {
        let probe: JSON = ["exec": ["command": ["/well"]]]
        var container: JSON = ["name": "model-server", "image": "own"]
        for kind in own { container[kind] = probe }
        let made = try self.container(plan(server(["preset": "vllm"], container: container)))
        for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
            if own.contains(kind) {
                #expect(made[kind] == probe)
            } else {
                #expect((made[kind]?["httpGet"]?["path"] == "/health") == added.contains(kind), "\(kind)")
            }
        }
    }

    @Test("a custom server is asked by a connection until a path is given, and is restarted for none")
    func customProbes() throws {
        let bare = try container(plan(server(["preset": "custom", "port": 9000])))
        #expect(bare["startupProbe"]?["tcpSocket"] == ["port": 9000])
        #expect(bare["readinessProbe"]?["tcpSocket"] == ["port": 9000])
        #expect(bare["readinessProbe"]?["httpGet"] == nil)
        #expect(bare["livenessProbe"] == nil)
        let asked = try container(plan(server(["preset": "custom", "livenessPath": "/live"])))
        #expect(asked["livenessProbe"]?["httpGet"]?["path"] == "/live")
    }

    @Test(
        "a command of the user's own gets no arguments of others' servers, args come after the preset's",
        arguments: [
            ("vllm", nil, ["--x"], ["vllm", "serve"], "--x"),
            ("vllm", ["/start"], ["--x"], ["/start"], nil),
            ("triton", ["/start"], nil, ["/start"], nil),
            ("triton", nil, ["--x"], nil, "--x"),
            ("custom", nil, ["--x"], nil, nil),
        ] as [(String, [String]?, [String]?, [String]?, String?)])
    func commands(
        preset: String, command: [String]?, args: [String]?, expected: [String]?, last: String?
    ) throws {
        var container: JSON = ["name": "model-server", "image": "own"]
        if let command { container["command"] = JSON(command) }
        if let args { container["args"] = JSON(args) }
        let made = try self.container(plan(server(["preset": .string(preset)], container: container)))
        #expect(made["command"] == expected.map { JSON($0) })
        let arguments = made["args"]?.array ?? []
        if let last {
            #expect(arguments.last?.string == last)
            #expect(arguments.count > 1)
        } else {
            #expect(made["args"] == args.map { JSON($0) })
        }
    }

    @Test("the flags of batching and queue stay where the template has args")
    func ganglionArguments() throws {
        var server = server([:], container: ["name": "model-server", "args": ["--log-level", "debug"]])
        server["spec"]?["batching"] = ["maxBatchSize": 8]
        server["spec"]?["queue"] = ["maxLength": 9]
        #expect(
            try container(plan(server))["args"]
                == ["--max-batch-size", "8", "--queue", "9", "--log-level", "debug"])
    }

    @Test("the user's environment and prometheus.io annotations stand for the preset's")
    func own() throws {
        var server = server(
            ["preset": "djl-lmi"],
            container: [
                "name": "model-server", "image": "own", "env": [["name": "HF_MODEL_ID", "value": "mine"]],
            ])
        server["spec"]?["template"]?["metadata"] = ["annotations": ["prometheus.io/scrape": "false"]]
        let plan = plan(server)
        let environment = try #require(try container(plan)["env"]?.array)
        #expect(
            environment.filter { $0["name"] == "HF_MODEL_ID" } == [["name": "HF_MODEL_ID", "value": "mine"]])
        #expect(environment.contains { $0["name"] == "OPTION_TENSOR_PARALLEL_DEGREE" })
        #expect(pod(plan)?.meta.annotations == ["prometheus.io/scrape": "false"])
    }

    @Test("the cores are named by the device plugin alone", arguments: RuntimePreset.allCases)
    func cores(preset: RuntimePreset) throws {
        let names = try container(plan(server(["preset": .string(preset.rawValue)])))["env"]?.array ?? []
        #expect(!names.contains { $0["name"]?.string?.hasPrefix("NEURON_") == true })
    }

    @Test(
        "what cannot be is one sentence in the conditions",
        arguments: [
            (
                ["preset": "tgi"], [:],
                "spec.runtime.preset is \"tgi\": it must be one of ganglion, vllm, djl-lmi, triton, torchserve, custom"
            ),
            (["preset": "custom", "port": 0], [:], "spec.runtime.port is 0: it must be 1 to 65535"),
            (["preset": "custom", "port": 65_536], [:], "spec.runtime.port is 65536: it must be 1 to 65535"),
            (["port": "http"], [:], "spec.runtime.port is \"http\": it must be a whole number"),
            (
                ["readinessPath": "ping"], [:],
                "spec.runtime.readinessPath is \"ping\": it must be a path that begins with /"
            ),
            (
                ["startupTimeoutSeconds": 0], [:],
                "spec.runtime.startupTimeoutSeconds is 0: it must be 1 to 86400"
            ),
            (
                ["preset": "triton", "port": 8002], [:],
                "port 8002 is one that preset triton uses for something else: choose another in spec.runtime.port"
            ),
            (
                ["preset": "torchserve", "port": 8081], [:],
                "port 8081 is one that preset torchserve uses for something else: choose another in spec.runtime.port"
            ),
            (
                ["preset": "custom"],
                ["ports": [["name": "http", "containerPort": 9001, "protocol": "UDP"]]],
                "the container's port named http is of protocol UDP: HTTP needs TCP, change it or its name"
            ),
            (
                ["preset": "custom"], ["ports": [["name": "http", "containerPort": 70_000]]],
                "spec.template.spec.containers: containerPort of http is 70000: it must be 1 to 65535"
            ),
            (
                ["preset": "custom", "port": 9000], ["ports": [["name": "http", "containerPort": 9001]]],
                "spec.runtime.port is 9000 and the container's port named http is 9001: make them equal or remove one"
            ),
            (
                ["readinessPath": "/x"], ["readinessProbe": [:]],
                "spec.runtime.readinessPath does nothing beside the container's own readinessProbe: remove one of them"
            ),
            (
                ["livenessPath": "/x"], ["livenessProbe": [:]],
                "spec.runtime.livenessPath does nothing beside the container's own livenessProbe: remove one of them"
            ),
            (
                ["startupTimeoutSeconds": 9], ["startupProbe": [:]],
                "spec.runtime.startupTimeoutSeconds does nothing beside the container's own startupProbe: remove one of them"
            ),
            (
                ["startupTimeoutSeconds": 9], ["readinessProbe": [:]],
                "spec.runtime.startupTimeoutSeconds does nothing beside the container's own readinessProbe: remove one of them"
            ),
            (
                ["livenessPath": "/x"], ["readinessProbe": [:]],
                "spec.runtime.livenessPath would end a server that still loads: give the container, which has a readinessProbe of its own, a startupProbe too"
            ),
            (
                ["preset": "triton"], ["image": .null],
                "preset triton has no image of its own: name one in spec.template.spec.containers, in the container called model-server"
            ),
            (
                ["preset": "custom"], ["image": ""],
                "preset custom has no image of its own: name one in spec.template.spec.containers, in the container called model-server"
            ),
        ] as [(JSON, JSON, String)])
    func contradictions(runtime: JSON, change: JSON, sentence: String) {
        var container: JSON = ["name": "model-server", "image": "own"]
        for (key, value) in change.object ?? [:] { container[key] = value }
        let plan = plan(server(runtime, container: container))
        #expect(plan.actions.isEmpty)
        #expect(fault(plan) == sentence)
    }

    @Test(
        "what a preset's server cannot do is refused",
        arguments: [
            (
                "vllm", ["models": [["name": "a", "uri": "/a"], ["name": "b", "uri": "/b"]]],
                "preset vllm serves one model: make a ModelServer for each of the 2"
            ),
            (
                "torchserve", ["models": [["name": "a", "uri": "hf://o/n"]]],
                "the uri of model a is hf://o/n: preset torchserve takes file://, http://, https:// or a path"
            ),
            (
                "vllm", ["neuron": ["chips": 2, "processesPerReplica": 2]],
                "preset vllm has one copy of the model in a server, not 2: set neither tensorParallelDegree nor processesPerReplica, and use replicas"
            ),
            (
                "triton", ["batching": ["maxBatchSize": 4]],
                "preset triton cannot be told spec.batching: set it in the server's own configuration"
            ),
            (
                "custom", ["queue": ["maxLength": 4]],
                "preset custom cannot be told spec.queue: set it in the server's own configuration"
            ),
            (
                "djl-lmi", ["batching": ["maxBatchSize": 0]],
                "spec.batching.maxBatchSize is 0: it must be 1 to 1024"
            ),
        ] as [(String, JSON, String)])
    func limits(preset: String, change: JSON, sentence: String) {
        var server = server(["preset": .string(preset)])
        for (key, value) in change.object ?? [:] { server["spec"]?[key] = value }
        #expect(fault(plan(server)) == sentence)
    }

    @Test("a chart that brings the field and a new default restarts nobody who says nothing of it")
    func hash() throws {
        // What the operator before this field made of the same spec.
        let name = "m-h8gwrcwk-0"
        #expect(pod(plan(server([:], container: nil), image: "image"))?.meta.name == name)
        #expect(pod(plan(server(["preset": "ganglion"], container: nil), image: "image"))?.meta.name == name)
        #expect(
            pod(plan(server(["preset": "ganglion", "port": 9000], container: nil), image: "image"))?.meta.name
                != name)
    }

    @Test(
        "another default image replaces the pods that use it, and no others",
        arguments: [
            (["name": "model-server", "image": "own"], "ganglion", true),
            (["name": "model-server"], "ganglion", false), (nil, "vllm", true),
        ] as [(JSON?, String, Bool)])
    func defaultImage(container: JSON?, preset: String, stays: Bool) {
        let server = server(["preset": .string(preset)], container: container)
        let names = ["v1", "v2"].map { pod(plan(server, image: $0))?.meta.name }
        #expect((names[0] == names[1]) == stays)
        #expect(names[0] != nil)
    }
}
