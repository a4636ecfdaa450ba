// From what is to what has to be done, for one ModelServer: a pure function, called again after every change.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import Placement
internal import Scheduling
internal import SystemIO

/// Something to do.
enum Action: Equatable, Sendable {
    /// It is JSON, for the user's template may have fields that this program's types do not know.
    case createPod(JSON)
    /// Ask the API server whether it would take this pod, for which another has to go: what follows needs its yes.
    case tryPod(JSON, replacing: PodInfo)
    case deletePod(PodInfo, why: String, byForce: Bool = false)
    case applyService(Service)
    case applyBudget(JSON)
    case deleteBudget(ObjectKey, uid: String)
}

/// What has failed and when, for the pauses between tries. Kept in memory only: a new operator starts with short pauses.
struct FailureMemory: Sendable {
    private struct Record {
        var uid: String
        var count: Int
        var since: Duration
    }
    private static let backoff = Backoff(base: .seconds(1), limit: .seconds(300))
    private var records: [Int: Record] = [:]

    /// How long the failed pod of a replica has to stay before it is replaced: 1 s, doubled with each failure in a row, at
    /// most 5 minutes.
    ///
    /// - Returns: what is left of the pause.
    mutating func pause(for pod: PodInfo, replica: Int, now: Duration) -> Duration {
        var record = records[replica] ?? Record(uid: "", count: 0, since: now)
        if record.uid != pod.uid {
            record = Record(uid: pod.uid, count: record.count + 1, since: now)
            records[replica] = record
        }
        return max(.zero, record.since + Self.backoff.pause(after: record.count) - now)
    }

    /// A replica is well.
    mutating func forget(replica: Int) { records[replica] = nil }
}

/// What to do about one ModelServer.
struct ModelServerPlan: Equatable, Sendable {
    /// In this order.
    var actions: [Action] = []
    /// The new status.
    var status: ModelServerStatus
    /// When to look again although nothing has changed; nil for never.
    var lookAgainAfter: Duration?
}

/// Everything a plan depends on: a ModelServer and what is there of it.
struct ModelServerState: Sendable {
    /// The server.
    var server: ModelServer
    /// Pods whose controller is this server.
    var pods: [PodInfo]
    /// The Service of the server's name, whoever made it.
    var service: Service?
    /// The PodDisruptionBudget of the server's name, whoever made it.
    var budget: JSON?
    /// The cores of bound pods, by uid.
    var cores: [String: CoreSet]
    /// Why pods have no node yet, by uid.
    var unschedulable: [String: String]
    /// The cores per chip of the nodes that are known, for specs in chips.
    var coresPerChip: Set<Int>
    /// Nodes that do not answer, by name.
    var lostNodes: [String: LostNode] = [:]
    /// What the autoscaler sees and wants; nil where it has not looked yet.
    var autoscaling: ModelServerStatus.AutoscalingStatus?
    /// What pods say of their models, by uid; of those that have said something.
    var reports: [String: ModelReport] = [:]
    /// What pods get that nobody has said.
    var defaults = ServingDefaults()
    /// What the API server said when it refused a pod or the Service.
    var refusal: String?

    /// What has to be done now.
    func plan(failures: inout FailureMemory, now: Duration, time: Timestamp) -> ModelServerPlan {
        let resolved: ResolvedServer
        do {
            resolved = try ResolvedServer(effectiveServer, coresPerChip: coresPerChip, defaults: defaults)
        } catch {
            return ModelServerPlan(status: invalidStatus(error, now: time))
        }
        var plan = ModelServerPlan(status: ModelServerStatus())
        let template = PodTemplate(resolved)
        PodsPlan(state: self, template: template, now: now, time: time).work(&plan, failures: &failures)
        let conflict = planService(template, &plan)
        let budgetConflict = planBudget(resolved, &plan)
        plan.status = ModelServerObservation(
            state: self, resolved: resolved, serviceConflict: conflict, budgetConflict: budgetConflict
        )
        .status(now: time)
        return plan
    }

    /// - Returns: a sentence when the name belongs to somebody else.
    private func planService(_ template: PodTemplate, _ plan: inout ModelServerPlan) -> String? {
        if let service, service.metadata.controller?.uid != server.metadata.uid {
            return
                "the Service \(service.metadata.name) exists and belongs to somebody else: rename the ModelServer or delete it"
        }
        let desired = template.service
        if service?.covers(desired) != true {
            // Clients find it before there is a pod; but it follows the pods' edit only when that is taken.
            let isTrial: (Action) -> Bool = { if case .tryPod = $0 { true } else { false } }
            let place = plan.actions.firstIndex(where: isTrial).map { $0 + 1 } ?? 0
            plan.actions.insert(.applyService(desired), at: place)
        }
        return nil
    }
}
