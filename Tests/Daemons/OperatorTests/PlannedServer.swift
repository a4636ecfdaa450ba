// One ModelServer with its pods, for tests of plans and their status.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Placement
import Scheduling
import SchedulingTestSupport

@testable import Operator

/// A ModelServer named `m` and what there is of it.
struct PlannedServer {
    static let time = Timestamp(microseconds: 1_767_225_600_000_000)

    var spec: JSON
    var pods: [PodInfo] = []
    var status: ModelServerStatus?
    var coresPerChip: Set<Int> = [2]
    var lostNodes: [String: LostNode] = [:]
    var defaults = Make.defaults()
    var refusal: String?
    /// The PodDisruptionBudget that is there.
    var budget: JSON?
    /// What pods say of their models, by uid.
    var reports: [String: ModelReport] = [:]
    /// Why pods have no node, by uid.
    var unschedulable: [String: String] = [:]
    /// The Service that is there; nil for the one that there should be.
    var service: Service?

    init(_ spec: JSON, pods: [PodInfo] = []) {
        self.spec = spec
        self.pods = pods
    }

    private var server: ModelServer {
        var server: ModelServer = Make.server(spec: spec).typed()
        server.status = status
        return server
    }

    func resolved() throws -> ResolvedServer {
        try ResolvedServer(server, coresPerChip: coresPerChip, defaults: defaults)
    }

    /// A pod of the server as the cluster holds it.
    func pod(
        _ replica: Int = 0, uid: String? = nil, node: String = "a", ready: Bool = true,
        phase: String = "Running", change: (inout JSON) -> Void = { _ in }
    ) throws -> PodInfo {
        var pod = PodTemplate(try resolved()).pod(replica: replica)
        pod[path: ["metadata", "uid"]] = .string(uid ?? "uid-\(replica)")
        if !node.isEmpty { pod[path: ["spec", "nodeName"]] = .string(node) }
        pod[path: ["metadata", "annotations"]] = [WellKnown.coresAnnotation: "0,1,2,3"]
        pod["status"] = [
            "phase": .string(phase), "conditions": [["type": "Ready", "status": ready ? "True" : "False"]],
        ]
        change(&pod)
        return PodInfo(pod.typed())
    }

    func plan(now: Duration = .zero, time: Timestamp = Self.time) throws -> ModelServerPlan {
        var failures = FailureMemory()
        return try plan(&failures, now: now, time: time)
    }

    /// - Parameter failures: what is remembered from plan to plan.
    func plan(
        _ failures: inout FailureMemory, now: Duration, time: Timestamp = Self.time
    ) throws -> ModelServerPlan {
        var state = ModelServerState(
            server: server, pods: pods, service: nil, cores: [:], unschedulable: unschedulable,
            coresPerChip: coresPerChip, lostNodes: lostNodes, defaults: defaults, refusal: refusal)
        state.budget = budget
        state.reports = reports
        for pod in pods { state.cores[pod.uid] = pod.assignedCores }
        state.service = service ?? (try? resolved()).map { PodTemplate($0).service }
        return state.plan(failures: &failures, now: now, time: time)
    }
}

extension ModelServerPlan {
    /// Its actions in words.
    var words: [String] {
        actions.map { action in
            switch action {
            case .createPod(let pod): "create \(pod.meta.labels[WellKnown.replicaLabel] ?? "")"
            case .tryPod(let pod, let old):
                "try \(pod.meta.labels[WellKnown.replicaLabel] ?? "") for \(old.uid)"
            case .deletePod(let pod, let why, let byForce):
                "\(byForce ? "force" : "delete") \(pod.uid): \(why)"
            case .applyService: "service"
            case .applyBudget: "budget"
            case .deleteBudget: "no budget"
            }
        }
    }

    /// A condition in words.
    func condition(_ type: String) -> String {
        let found = status.conditions[type]
        return "\(found?.status.rawValue ?? "") \(found?.reason ?? ""): \(found?.message ?? "")"
    }
}
