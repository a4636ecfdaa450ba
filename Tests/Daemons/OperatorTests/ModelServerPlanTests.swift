// What is done about a ModelServer, case by case, and what its status says.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import NeuronRuntime
import Placement
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Plan for a ModelServer")
struct ModelServerPlanTests {
    private static let time = Timestamp(microseconds: 1_767_225_600_000_000)

    private func state(_ spec: JSON, pods: [PodInfo] = [], service: Bool = true) -> ModelServerState {
        var state = ModelServerState(
            server: Make.server(spec: spec).typed(), pods: pods, service: nil, cores: [:], unschedulable: [:],
            coresPerChip: [2], defaults: Make.defaults())
        for pod in pods { state.cores[pod.uid] = pod.assignedCores }
        if service, let template = template(spec) { state.service = template.service }
        return state
    }

    private func template(_ spec: JSON) -> PodTemplate? {
        let resolved = try? ResolvedServer(
            Make.server(spec: spec).typed(), coresPerChip: [], defaults: Make.defaults())
        return resolved.map { PodTemplate($0) }
    }

    /// A pod of the server as the cluster holds it.
    private func pod(
        _ spec: JSON, _ replica: Int, node: String = "a", ready: Bool = true, phase: String = "Running",
        cores: String? = "0,1,2,3", change: (inout JSON) -> Void = { _ in }
    ) throws -> PodInfo {
        var pod = try #require(template(spec)).pod(replica: replica)
        pod[path: ["metadata", "uid"]] = .string("uid-\(replica)")
        if !node.isEmpty { pod[path: ["spec", "nodeName"]] = .string(node) }
        if let cores { pod[path: ["metadata", "annotations"]] = [WellKnown.coresAnnotation: .string(cores)] }
        pod["status"] = [
            "phase": .string(phase), "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
        ]
        change(&pod)
        return PodInfo(pod.typed())
    }

    private func plan(_ state: ModelServerState) -> ModelServerPlan {
        var failures = FailureMemory()
        return state.plan(failures: &failures, now: .zero, time: Self.time)
    }

    private func describe(_ actions: [Action]) -> [String] {
        actions.map { action in
            switch action {
            case .createPod(let pod): "create \(pod.meta.labels[WellKnown.replicaLabel] ?? "")"
            case .tryPod(let pod, _): "try \(pod.meta.labels[WellKnown.replicaLabel] ?? "")"
            case .deletePod(let pod, let why, _): "delete \(pod.replica ?? -1): \(why)"
            case .applyService: "service"
            case .applyBudget: "budget"
            case .deleteBudget: "no budget"
            }
        }
    }

    private func condition(_ plan: ModelServerPlan, _ type: String) -> String {
        let found = plan.status.conditions[type]
        return "\(found?.status.rawValue ?? "") \(found?.reason ?? ""): \(found?.message ?? "")"
    }

    @Test("a new server gets its Service and its pods")
    func new() {
        let plan = plan(state(Make.spec(replicas: 2), service: false))
        #expect(describe(plan.actions) == ["service", "create 0", "create 1"])
        #expect(condition(plan, "Placed") == "False Placing: 0 of 2 replicas have their NeuronCores")
        #expect(
            condition(plan, "ModelsLoaded") == "False NotPlaced: 0 of 2 replicas have loaded their models")
        #expect(condition(plan, "Ready") == "False NotReady: 0 of 2 replicas are ready")
        #expect(condition(plan, "Progressing") == "True ReplacingPods: 0 of 2 replicas are up to date")
        #expect(condition(plan, "Degraded") == "False AsExpected: nothing has failed")
    }

    @Test(
        "a server of others is given a pause before SIGTERM, ours the time that its pod has to end",
        arguments: [
            ("vllm", nil, nil, 5, nil), ("custom", 120, nil, 5, nil), ("custom", 6, nil, 3, nil),
            ("custom", 0, nil, nil, nil), ("custom", nil, ["preStop": ["sleep": ["seconds": 9]]], 9, nil),
            ("custom", nil, ["postStart": ["sleep": ["seconds": 1]]], 5, nil),
            ("ganglion", nil, nil, nil, nil),
            ("ganglion", 120, nil, nil, "115"), ("ganglion", 4, nil, nil, "2"),
            ("ganglion", 30, nil, nil, nil),
        ] as [(String, Int?, JSON?, Int?, String?)])
    func ends(preset: String, period: Int?, lifecycle: JSON?, pause: Int?, grace: String?) throws {
        var spec = Make.spec()
        spec["runtime"] = ["preset": .string(preset)]
        var container: JSON = ["name": "model-server", "image": "mine"]
        container["lifecycle"] = lifecycle
        var pod: JSON = ["containers": [container]]
        pod["terminationGracePeriodSeconds"] = period.map { JSON($0) }
        spec["template"] = ["spec": pod]
        let made = try #require(template(spec)).pod(replica: 0)
        let serving = made["spec"]?["containers"]?[0]
        #expect(made["spec"]?["terminationGracePeriodSeconds"]?.int == period ?? 30)
        #expect(serving?["lifecycle"]?["preStop"]?["sleep"]?["seconds"]?.int == pause)
        #expect(serving?["lifecycle"]?["postStart"] == lifecycle?["postStart"])
        let variable = serving?["env"]?.array?.first { $0["name"] == "GANGLION_GRACE" }
        #expect(variable?["value"]?.string == grace)
    }

    @Test("the pod asks for its cores, tells the server its models and is placed by the operator")
    func podShape() throws {
        var spec = Make.spec(cores: 8, degree: 2)
        spec["template"] = [
            "metadata": ["labels": ["team": "x"]],
            "spec": [
                "containers": [
                    [
                        "name": "model-server", "env": [["name": "POD_IP", "value": "fixed"]],
                        "image": "mine",
                    ],
                    ["name": "sidecar", "image": "other"],
                ]
            ],
        ]
        spec["neuron"]?["instanceTypes"] = ["inf2.48xlarge"]
        spec["batching"] = ["maxBatchSize": 8]
        let pod = try #require(template(spec)).pod(replica: 3)
        #expect(pod.meta.labels[WellKnown.serverLabel] == "m")
        #expect(pod.meta.labels["team"] == "x")
        #expect(pod.meta.name.hasPrefix("m-") && pod.meta.name.hasSuffix("-3"))
        #expect(pod.meta.controller?.uid == "server-uid")
        #expect(pod["spec"]?["schedulerName"] == "ganglion-operator")
        #expect(pod["spec"]?["containers"]?.array?.count == 2)
        let container = try #require(pod["spec"]?["containers"]?[0])
        #expect(container["image"] == "mine")
        #expect(container["resources"]?["limits"] == [WellKnown.neuronCore: "8"])
        #expect(container["args"] == ["--max-batch-size", "8"])
        let environment = Dictionary(
            (container["env"]?.array ?? []).map { ($0["name"]?.string ?? "", $0["value"]?.string ?? "") },
            uniquingKeysWith: { first, _ in first })
        #expect(
            environment == [
                "POD_IP": "fixed", "TENSOR_PARALLEL_DEGREE": "2", "GANGLION_PORT": "8080",
                "GANGLION_MODELS": #"[{"name":"mini","uri":"file:///models/mini"}]"#,
            ])
        let terms = pod["spec"]?["affinity"]?["nodeAffinity"]?[
            "requiredDuringSchedulingIgnoredDuringExecution"]?["nodeSelectorTerms"]
        #expect(
            terms == [
                [
                    "matchExpressions": [
                        [
                            "key": .string(WellKnown.instanceTypeLabel), "operator": "In",
                            "values": ["inf2.48xlarge"],
                        ]
                    ]
                ]
            ])
    }

    @Test("nothing is done when everything is as it should be, and the status says so")
    func settled() throws {
        let spec = Make.spec(cores: 4, degree: 2)
        let plan = plan(state(spec, pods: [try pod(spec, 0)]))
        #expect(plan.actions.isEmpty)
        #expect(plan.lookAgainAfter == nil)
        let name = try #require(template(spec)).pod(replica: 0).meta.name
        #expect(
            plan.written["groups"] == [
                ["pod": .string(name), "node": "a", "cores": "0,1", "phase": "Ready"],
                ["pod": .string(name), "node": "a", "cores": "2,3", "phase": "Ready"],
            ])
        #expect(plan.written["url"] == "http://m.n.svc:8080")
        #expect(plan.written["selector"] == "ganglion.dev/model-server=m")
        #expect(plan.written["replicas"] == 1)
        #expect(plan.written["readyReplicas"] == 1)
        #expect(
            plan.written["modelStatus"] == [
                "transitionStatus": "UpToDate", "copies": ["total": 2, "failed": 0],
                "models": [
                    [
                        "name": "mini", "url": "http://m.n.svc:8080/predictions/mini", "phase": "Ready",
                        "readyReplicas": 1,
                    ]
                ],
            ])
        for type in ["Placed", "ModelsLoaded", "Ready"] { #expect(condition(plan, type).hasPrefix("True ")) }
    }

    @Test("a status that has not changed is the same value, whatever the time")
    func stable() throws {
        let spec = Make.spec()
        var state = state(spec, pods: [try pod(spec, 0)])
        let first = plan(state).status
        state.server.status = first
        var failures = FailureMemory()
        let later = Timestamp(microseconds: Self.time.microseconds + 60_000_000)
        #expect(state.plan(failures: &failures, now: .seconds(60), time: later).status == first)
    }

    @Test("scaling down deletes the highest replicas, scaling to zero all of them")
    func scaleDown() throws {
        let three = Make.spec(replicas: 3)
        let pods = try (0..<3).map { try pod(three, $0) }
        #expect(
            describe(plan(state(Make.spec(replicas: 1), pods: pods)).actions)
                == ["delete 1: the server has 1 replicas", "delete 2: the server has 1 replicas"])
        let none = plan(state(Make.spec(replicas: 0), pods: pods))
        #expect(none.actions.count == 3)
        #expect(condition(none, "Ready") == "True ScaledToZero: no replica is wanted")
    }

    @Test("a changed template replaces ready pods one at a time, pods that serve nobody at once")
    func rollout() throws {
        let old = Make.spec(replicas: 3, cores: 4)
        let new = Make.spec(replicas: 3, cores: 2)
        let ready = try (0..<3).map { try pod(old, $0) }
        #expect(
            describe(plan(state(new, pods: ready)).actions) == [
                "try 0", "delete 0: the template has changed",
            ])
        let mixed = [try pod(old, 0), try pod(old, 1, ready: false), try pod(old, 2)]
        #expect(
            describe(plan(state(new, pods: mixed)).actions) == [
                "try 1", "delete 1: the template has changed",
            ])
        var two = new
        two["rollout"] = ["maxUnavailable": 2]
        #expect(plan(state(two, pods: ready)).actions.count == 3)
    }

    @Test("a replica has one pod at a time: what ends is waited for")
    func terminating() throws {
        let spec = Make.spec()
        let ending = try pod(spec, 0) {
            $0[path: ["metadata", "deletionTimestamp"]] = "2026-01-01T00:00:00Z"
        }
        let plan = plan(state(spec, pods: [ending]))
        #expect(plan.actions.isEmpty)
        #expect(plan.written["groups"]?[0]?["phase"] == "Terminating")
    }

    @Test("a pod that failed is replaced after a pause that grows with each failure in a row")
    func failed() throws {
        let spec = Make.spec()
        var failures = FailureMemory()
        var pauses: [Duration?] = []
        for attempt in 0..<4 {
            let pod = try pod(spec, 0, phase: "Failed") {
                $0[path: ["metadata", "uid"]] = .string("uid-\(attempt)")
                $0[path: ["status", "reason"]] = "UnexpectedAdmissionError"
            }
            let state = state(spec, pods: [pod])
            let plan = state.plan(failures: &failures, now: .zero, time: Self.time)
            #expect(plan.actions.isEmpty)
            pauses.append(plan.lookAgainAfter)
            #expect(condition(plan, "Degraded").hasPrefix("True PodFailed: pod "))
            let later = state.plan(failures: &failures, now: .seconds(300), time: Self.time)
            #expect(describe(later.actions) == ["delete 0: it has ended: UnexpectedAdmissionError"])
        }
        #expect(pauses == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    }

    @Test("a server that crashes is told about with reason and exit code")
    func crashing() throws {
        let spec = Make.spec()
        let pod = try pod(spec, 0, ready: false) {
            $0[path: ["status", "containerStatuses"]] = [
                [
                    "name": "model-server", "ready": false, "restartCount": 2,
                    "state": ["waiting": ["reason": "CrashLoopBackOff", "message": "back-off"]],
                    "lastState": ["terminated": ["exitCode": 1, "message": "no such model"]],
                ]
            ]
        }
        let plan = plan(state(spec, pods: [pod]))
        #expect(plan.actions.isEmpty)
        #expect(
            condition(plan, "ModelsLoaded")
                == "False LoadFailed: pod \(pod.key.name): CrashLoopBackOff (exit code 1): no such model")
        #expect(plan.written["modelStatus"]?["transitionStatus"] == "BlockedByFailedLoad")
        #expect(plan.written["modelStatus"]?["lastFailureInfo"]?["exitCode"] == 1)
    }

    @Test("our server on real chips is told to be the wrong one there")
    func realChips() throws {
        let spec = Make.spec()
        let words = "\(DeviceError.notEmulated(path: "/dev/neuron0"))"
        let pod = try pod(spec, 0, ready: false) {
            $0[path: ["status", "containerStatuses"]] = [
                [
                    "name": "model-server", "ready": false, "restartCount": 1,
                    "state": ["terminated": ["reason": "Error", "exitCode": 1, "message": .string(words)]],
                ]
            ]
        }
        #expect(
            condition(plan(state(spec, pods: [pod])), "Ready")
                == "False LoadFailed: pod \(pod.key.name): Error (exit code 1): \(words); the pod's chips are real, and preset ganglion cannot compute on them: set spec.runtime.preset to a server of the Neuron SDK (vllm, djl-lmi, triton, torchserve or custom)"
        )
    }

    @Test("a pod that no node can take makes Placed false with the scheduler's sentence")
    func unplaced() throws {
        let spec = Make.spec()
        let pod = try pod(spec, 0, node: "", ready: false, phase: "Pending", cores: nil)
        var state = state(spec, pods: [pod])
        state.unschedulable = [pod.uid: "no room"]
        #expect(condition(plan(state), "Placed") == "False Unschedulable: no room")
    }

    @Test("a Service of somebody else is left alone")
    func serviceConflict() {
        var state = state(Make.spec())
        state.service = Service(ObjectMetadata(name: "m", namespace: "n"))
        let plan = plan(state)
        #expect(describe(plan.actions) == ["create 0"])
        #expect(
            condition(plan, "Degraded")
                == "True ServiceConflict: the Service m exists and belongs to somebody else: rename the ModelServer or delete it"
        )
    }

    @Test("what the API server refuses becomes a condition, and what runs goes on", arguments: [true, false])
    func refusedByServer(oneRuns: Bool) throws {
        var spec = Make.spec()
        spec["replicas"] = 2
        var state = state(spec, pods: oneRuns ? [try pod(spec, 0)] : [])
        state.refusal = "the pod has no containers"
        let plan = plan(state)
        #expect(plan.actions.count == (oneRuns ? 1 : 2))
        #expect(condition(plan, "Placed") == "False Refused: the pod has no containers")
        #expect(condition(plan, "Degraded") == "True Refused: the pod has no containers")
        #expect(
            condition(plan, "Ready")
                == (oneRuns
                    ? "False PartlyReady: 1 of 2 replicas are ready"
                    : "False Refused: the pod has no containers"))
    }

    @Test(
        "impossible numbers become a condition, and what runs goes on",
        arguments: [
            (["neuron": ["cores": 0]], "spec.neuron.cores is 0: it must be 1 to 128"),
            (["neuron": ["cores": "four"]], "spec.neuron.cores is \"four\": it must be a whole number"),
            (["neuron": ["cores": 2.5]], "spec.neuron.cores is 2.5: it must be a whole number"),
            (["neuron": ["cores": .null]], "spec.neuron needs exactly one of cores and chips"),
            (["neuron": ["cores": 4, "chips": 2]], "spec.neuron needs exactly one of cores and chips"),
            (["neuron": [:]], "spec.neuron needs exactly one of cores and chips"),
            (["neuron": .null], "spec.neuron is missing"),
            (
                ["neuron": ["cores": 8, "processesPerReplica": 3]],
                "spec.neuron.processesPerReplica (3) does not divide 8 cores: valid values are 1, 2, 4, 8"
            ),
            (
                ["neuron": ["cores": 6, "tensorParallelDegree": 4]],
                "spec.neuron.tensorParallelDegree (4) does not divide 6 cores: valid values are 1, 2, 3, 6"
            ),
            (["replicas": -1], "spec.replicas is -1: it must be 0 to 1000"),
            (["models": []], "spec.models is empty"),
            (["models": [["name": "a"]]], "spec.models[0] (a) has no uri"),
            (
                ["models": [["name": "a", "uri": "x"], ["name": "a", "uri": "y"]]],
                "spec.models has two models named a"
            ),
            (["template": ["spec": ["containers": "x"]]], "spec.template.spec.containers is not a list"),
            (["neuron": ["chips": 100]], "spec.neuron.chips is 100: it must be 1 to 16"),
            (["rollout": ["maxUnavailable": -1]], "spec.rollout.maxUnavailable is -1: it must be 0 to 1000"),
        ] as [(JSON, String)])
    func invalid(change: JSON, sentence: String) throws {
        let valid = Make.spec()
        var spec = valid
        for (key, value) in change.object ?? [:] { spec[key] = value }
        let plan = plan(state(spec, pods: [try pod(valid, 0)], service: false))
        #expect(plan.actions.isEmpty)
        #expect(condition(plan, "Placed") == "False InvalidSpec: \(sentence)")
        #expect(condition(plan, "Degraded") == "True InvalidSpec: \(sentence)")
        #expect(plan.written["readyReplicas"] == 1)
    }

    @Test(
        "processes per replica split the cores as Cortex's table has it",
        arguments: [(1, 8), (2, 4), (4, 2), (8, 1)])
    func processes(count: Int, size: Int) throws {
        var neuron = NeuronRequest(cores: 8)
        neuron.processesPerReplica = count
        #expect(try neuron.groupSize(cores: 8) == size)
    }

    @Test("chips become cores by the nodes that are known")
    func chips() {
        var spec = Make.spec()
        spec["neuron"] = ["chips": 3]
        var state = state(spec)
        #expect(plan(state).written["coresPerReplica"] == 6)
        state.coresPerChip = []
        #expect(condition(plan(state), "Placed").contains("no node with Neuron chips is known yet"))
        state.coresPerChip = [16]
        state.server.spec?.neuron.chips = 9
        #expect(
            condition(plan(state), "Placed").contains("spec.neuron.chips is 9: at most 8 chips of 16 cores"))
        state.coresPerChip = [2, 4]
        #expect(condition(plan(state), "Placed").contains("chips of 2 and 4 cores would do"))
    }
}
