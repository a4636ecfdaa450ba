import JSON
import KubernetesAPI
import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("Quantities")
struct QuantityTests {
    @Test(
        "are read in thousandths, rounded up",
        arguments: [
            ("1", 1000), ("500m", 500), ("0.5", 500), ("2k", 2_000_000), ("1Ki", 1_024_000),
            ("1e3", 1_000_000),
            ("1u", 1), ("-1", -1000), ("100E", .max), ("1.5Gi", 1_610_612_736_000),
        ] as [(String, Int64)])
    func valid(text: String, thousandths: Int64) { #expect(Quantity(text)?.milliValue == thousandths) }

    @Test("nonsense is refused", arguments: ["", "m", "1Zi", "one", "1 ", "nan", "inf"])
    func invalid(text: String) { #expect(Quantity(text) == nil) }

    @Test("whole units are rounded up", arguments: [("4", 4), ("1500m", 2), ("0", 0)] as [(String, Int64)])
    func value(text: String, value: Int64) { #expect(Quantity(text)?.value == value) }
}

@Suite("Images")
struct ImageTests {
    private let table = ImageTable(directory: "/opt/ganglion")

    @Test(
        "tag and digest do not matter",
        arguments: [
            ("ganglion.dev/shell", "/bin/sh"), ("ganglion.dev/shell:1.2", "/bin/sh"),
            ("localhost/busybox:1", "/bin/sh"),
            ("ganglion.dev/model-server@sha256:00", "/opt/ganglion/ganglion-model-server"),
        ])
    func known(image: String, path: String) { #expect(table.program(image)?.path == path) }

    @Test("others are not there", arguments: ["shell", "ganglion.dev/shell/x", "localhost:5000/busybox", ""])
    func unknown(image: String) { #expect(table.program(image) == nil) }

    @Test("a shell runs any command, another image only its own programs")
    func commands() throws {
        let shell = try #require(table.program("ganglion.dev/shell"))
        let server = try #require(table.program("ganglion.dev/model-server"))
        func line(_ program: ImageTable.Program, _ command: [String]) throws -> [String] {
            try ImageTable.commandLine(program, command: command, arguments: ["x"], path: "/usr/bin:/bin")
        }
        #expect(try line(shell, []) == ["/bin/sh", "x"])
        #expect(try line(shell, ["sh", "-c"]) == ["/bin/sh", "-c", "x"])
        #expect(try line(shell, ["/bin/echo"]) == ["/bin/echo", "x"])
        #expect(try line(shell, ["env"]).first?.hasSuffix("bin/env") == true)
        #expect(try line(server, ["ganglion-model-server", "-v"]) == [server.path, "-v", "x"])
        let whole = try #require(table.program("ganglion.dev/ganglion:1"))
        #expect(try line(whole, []) == ["/opt/ganglion/ganglion", "x"])
        #expect(try line(whole, ["/ganglion", "report"]) == ["/opt/ganglion/ganglion", "report", "x"])
        #expect(try line(whole, ["/ganglion-operator"]) == ["/opt/ganglion/ganglion-operator", "x"])
        #expect(throws: ImageTable.StartError(command: "/bin/sh")) { try line(whole, ["/bin/sh"]) }
        #expect(throws: ImageTable.StartError(command: "/bin/sh")) { try line(server, ["/bin/sh"]) }
        #expect(throws: ImageTable.StartError(command: "no-such")) { try line(shell, ["no-such"]) }
    }
}

@Suite("Restart back-off")
struct RestartBackoffTests {
    @Test("at once, then 10 s doubled up to 5 min")
    func schedule() {
        var backoff = RestartBackoff()
        let pauses = (0..<8).map { _ in backoff.ended(ran: .seconds(1)).components.seconds }
        #expect(pauses == [0, 10, 20, 40, 80, 160, 300, 300])
    }

    @Test("a container that has run for long begins anew")
    func reset() {
        var backoff = RestartBackoff()
        for _ in 0..<5 { _ = backoff.ended(ran: .seconds(1)) }
        #expect(backoff.ended(ran: .seconds(601)) == .zero)
        #expect(backoff.ended(ran: .seconds(1)) == .seconds(10))
    }

    @Test("pauses are written as Go does", arguments: [(10, "10s"), (80, "1m20s"), (300, "5m0s")])
    func text(seconds: Int, text: String) { #expect(Duration.seconds(seconds).goDescription == text) }
}

@Suite("Probes")
struct ProbeTests {
    private func container(_ probe: JSON) throws -> PodContainer {
        let spec: JSON = [
            "name": "c", "ports": [["name": "http", "containerPort": 8080]], "livenessProbe": probe,
        ]
        let container = try spec.decode(Container.self)
        return try #require(PodContainer(container, kind: .regular))
    }

    @Test("ports may be numbers or names; defaults are Kubernetes'")
    func http() throws {
        let container = try container(["httpGet": ["path": "/ping", "port": "http"]])
        let probe = try #require(ContainerProbe(.liveness, of: container))
        #expect(probe.action == .http(port: 8080, path: "/ping", host: nil, headers: [:]))
        #expect(probe.period == .seconds(10))
        #expect(probe.timeout == .seconds(1))
        #expect(probe.failureThreshold == 3)
        #expect(probe.successThreshold == 1)
    }

    @Test(
        "what cannot be asked is no probe",
        arguments: [
            ["httpGet": ["port": "nope"]], ["httpGet": ["port": 70000]], ["grpc": ["port": 1]],
            ["exec": ["command": []]], [:],
        ] as [JSON])
    func none(probe: JSON) throws { #expect(ContainerProbe(.liveness, of: try container(probe)) == nil) }

    @Test("so many results in a row change the word")
    func counter() {
        var counter = ProbeCounter(successThreshold: 1, failureThreshold: 3)
        let words = [false, false, true, false, false, false].map { counter.receive($0) }
        #expect(words == [nil, nil, true, nil, nil, false])
    }
}

@Suite("Pods as the kubelet reads them")
struct PodReadingTests {
    private func pod(_ containers: JSON, initial: JSON = []) throws -> Pod {
        var json = shellPod("p", "")
        json[path: ["spec", "containers"]] = containers
        json[path: ["spec", "initContainers"]] = initial
        return read(json)
    }

    private func container(_ resources: JSON) -> JSON { ["name": "c", "resources": resources] }

    @Test(
        "quality of service",
        arguments: [
            ([:], "BestEffort"),
            (["limits": ["cpu": "1", "memory": "1Gi"]], "Guaranteed"),
            (
                ["limits": ["cpu": "1", "memory": "1Gi"], "requests": ["cpu": "1000m", "memory": "1Gi"]],
                "Guaranteed"
            ),
            (["requests": ["cpu": "1"]], "Burstable"),
            (["limits": ["memory": "1Gi"]], "Burstable"),
            (["limits": ["aws.amazon.com/neuroncore": "2"]], "BestEffort"),
        ] as [(JSON, String)])
    func quality(resources: JSON, expected: String) throws {
        #expect(try pod([container(resources)]).spec.qualityOfService.rawValue == expected)
    }

    @Test("a pod asks for the sum of its containers or for its largest init container")
    func requests() throws {
        let two: JSON = [
            container(["requests": ["cpu": "500m"]]), ["name": "d", "resources": ["limits": ["cpu": 1]]],
        ]
        #expect(try PodRequirements(pod(two)).request("cpu") == Quantity(milli: 1500))
        let large: JSON = [["name": "i", "resources": ["requests": ["cpu": "4"]]]]
        #expect(try PodRequirements(pod(two, initial: large)).request("cpu") == 4)
    }

    @Test("an uid or a name that would leave the pod's directory makes no pod and no container")
    func hostileNames() {
        var json = shellPod("p", "")
        json[path: ["metadata", "uid"]] = "../../etc"
        #expect(!read(json).isUsable)
        #expect(PodContainer(Container(name: "../x"), kind: .regular) == nil)
    }

    @Test(
        "values refer to others as $(NAME)",
        arguments: [
            ("$(A)/$(B)", "1/$(B)"), ("$$(A)", "$(A)"), ("$A", "$A"), ("$(A", "$(A"), ("$", "$"),
            ("100%", "100%"),
        ])
    func expansion(text: String, expected: String) {
        #expect(ContainerEnvironment.expand(text, ["A": "1"]) == expected)
    }

    @Test("links are made where they are wanted and nowhere else")
    func links() throws {
        let scratch = try TemporaryDirectory()
        try PodDirectory.makeLinks(
            scratch.path + "/dev", ["neuron4": "/host/neuron4", "a/../../b": "/x", "sub/c": "/y", "": "/z"])
        #expect(try Files.list(scratch.path + "/dev") == ["a", "neuron4", "sub"])
        #expect(try Files.readLink(scratch.path + "/dev/neuron4") == "/host/neuron4")
        #expect(try Files.readLink(scratch.path + "/dev/a/b") == "/x")
        try PodDirectory.makeLinks(scratch.path + "/dev", [:])
        #expect(try Files.list(scratch.path + "/dev") == [])
    }

    @Test("254 pods have addresses, and a free one is found again")
    func addresses() {
        var addresses = PodAddresses(network: 3)
        addresses.take("127.88.3.1")
        #expect(addresses.allocate() == "127.88.3.2")
        for _ in 0..<252 { #expect(addresses.allocate() != nil) }
        #expect(addresses.allocate() == nil)
        addresses.release("127.88.3.77")
        #expect(addresses.allocate() == "127.88.3.77")
    }
}

@Suite("A pod's phase")
struct PodPhaseTests {
    private func end(_ code: Int) -> ContainerRunState {
        var state = ContainerRunState()
        state.phase = .terminated(
            Termination(ExitRecord(code: code, finishedAt: 0), startedAt: 0, containerID: ""))
        return state
    }

    private func running() -> ContainerRunState {
        var state = ContainerRunState()
        state.phase = .running(startedAt: 0)
        return state
    }

    @Test(
        "follows from containers and restart policy",
        arguments: ["Always", "OnFailure", "Never"])
    func phase(policy: String) throws {
        var json = shellPod("p", "", restartPolicy: policy)
        json[path: ["spec", "containers"]] = [["name": "a"], ["name": "b"]]
        let pod = read(json)
        func phase(_ a: ContainerRunState, _ b: ContainerRunState, stopped: Bool = false) -> String {
            var status = PodStatusBuilder(pod: pod, states: ["a": a, "b": b])
            status.stopped = stopped
            return status.phase.rawValue
        }
        let waiting = ContainerRunState()
        var crashed = ContainerRunState()
        crashed.phase = .waiting(reason: "CrashLoopBackOff", message: nil)
        crashed.last = end(1).termination
        #expect(phase(waiting, running()) == "Pending")
        #expect(phase(running(), running()) == "Running")
        #expect(phase(crashed, running()) == "Running")
        #expect(phase(end(0), running()) == "Running")
        #expect(phase(end(0), end(0)) == (policy == "Always" ? "Running" : "Succeeded"))
        #expect(phase(end(1), end(0)) == (policy == "Never" ? "Failed" : "Running"))
        #expect(phase(end(0), end(0), stopped: true) == "Succeeded")
        #expect(phase(end(137), end(0), stopped: true) == "Failed")
        #expect(phase(waiting, waiting, stopped: true) == "Failed")
    }

    @Test("a condition that stays the same keeps its time; one that changes gets a new one")
    func transitions() throws {
        var json = shellPod("p", "")
        json[path: ["status", "conditions"]] = [
            ["type": "Ready", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"],
            ["type": "PodScheduled", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"],
            ["type": "Initialized", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"],
        ]
        var builder = PodStatusBuilder(pod: read(json), states: [:])
        builder.now = try #require(Timestamp("2026-01-01T00:00:00Z"))
        let times = builder.status.conditions.reduce(into: [:]) { result, condition in
            result[condition.type] = condition.lastTransitionTime?.text
        }
        #expect(times["Ready"] == "2020-01-01T00:00:00Z")
        #expect(times["PodScheduled"] == "2020-01-01T00:00:00Z")
        #expect(times["Initialized"] == "2026-01-01T00:00:00Z")
    }
}

@Suite("The node's status")
struct NodeStatusTests {
    @Test("extended resources appear as the device manager has them; what nobody serves any more is 0")
    func resources() {
        var facts = NodeFacts(cpus: 2, memory: 8_000_000, storage: 1000)
        facts.kernel = "6.1"
        let status = NodeStatusBuilder(
            name: "n", labels: [:], facts: facts, kubeletVersion: "v1.36.2", images: ["b", "a"],
            devices: DeviceManagerState.Capacity(
                capacity: ["aws.amazon.com/neuroncore": 24], allocatable: ["aws.amazon.com/neuroncore": 20],
                removed: ["example.com/gone"]),
            zeroed: ["example.com/old"], readySince: Timestamp(microseconds: 0)
        ).status
        #expect(
            status.capacity.mapValues(\.text)
                == [
                    "cpu": "2", "memory": "8000000Ki", "pods": "110", "ephemeral-storage": "1k",
                    "aws.amazon.com/neuroncore": "24", "example.com/gone": "0", "example.com/old": "0",
                ])
        #expect(status.allocatable["aws.amazon.com/neuroncore"]?.text == "20")
        #expect(status.allocatable["memory"]?.text == "7897600Ki")
        #expect(status.allocatable["example.com/gone"]?.text == "0")
        #expect(NodeStatusBuilder.extendedResources(status).count == 3)
    }
}
