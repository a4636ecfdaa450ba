// From what is to what has to be done, for one ModelServer: a pure function, called again after every change. Pods are told
// apart by replica number; a replica has one pod at a time, for NeuronCores are too scarce to hold two.

internal import GanglionAPI
internal import JSON
internal import KubernetesAPI
internal import Placement
internal import SystemIO

/// Something to do.
enum Action: Equatable, Sendable {
    /// It is JSON, for the user's template may have fields that this program's types do not know.
    case createPod(JSON)
    case deletePod(PodInfo, why: String)
    case applyService(Service)
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
    /// The cores of bound pods, by uid.
    var cores: [String: CoreSet]
    /// Why pods have no node yet, by uid.
    var unschedulable: [String: String]
    /// The cores per chip of the nodes that are known, for specs in chips.
    var coresPerChip: Set<Int>
    /// What pods get that nobody has said.
    var defaults = ServingDefaults()
    /// What the API server said when it refused a pod or the Service.
    var refusal: String?

    /// What has to be done now.
    func plan(failures: inout FailureMemory, now: Duration, time: Timestamp) -> ModelServerPlan {
        let resolved: ResolvedServer
        do {
            resolved = try ResolvedServer(server, coresPerChip: coresPerChip, defaults: defaults)
        } catch {
            return ModelServerPlan(status: invalidStatus(error, now: time))
        }
        var plan = ModelServerPlan(status: ModelServerStatus())
        let template = PodTemplate(resolved)
        let conflict = planService(template, &plan)
        planPods(template, &plan, failures: &failures, now: now)
        plan.status = ModelServerObservation(state: self, resolved: resolved, serviceConflict: conflict)
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
        if service?.covers(desired) != true { plan.actions.append(.applyService(desired)) }
        return nil
    }

    private func planPods(
        _ template: PodTemplate, _ plan: inout ModelServerPlan, failures: inout FailureMemory, now: Duration
    ) {
        let spec = template.server.spec
        let replicas = spec.replicas
        var byReplica = Dictionary(grouping: pods) { $0.replica ?? -1 }
        for (replica, surplus) in byReplica.sorted(by: { $0.key < $1.key })
        where replica < 0 || replica >= replicas {
            for pod in surplus.sorted(by: { $0.key < $1.key }) where !pod.isTerminating {
                plan.actions.append(.deletePod(pod, why: "the server has \(replicas) replicas"))
            }
            byReplica[replica] = nil
        }
        var unavailable = 0
        var outdated: [PodInfo] = []
        for replica in 0..<replicas {
            let slot = (byReplica[replica] ?? []).sorted { $0.key < $1.key }
            guard let pod = slot.first else {
                plan.actions.append(.createPod(template.pod(replica: replica)))
                unavailable += 1
                continue
            }
            if pod.isReady { failures.forget(replica: replica) } else { unavailable += 1 }
            guard !pod.isTerminating else { continue }
            if pod.isTerminal {
                let pause = failures.pause(for: pod, replica: replica, now: now)
                guard pause > .zero else {
                    plan.actions.append(
                        .deletePod(pod, why: "it has ended: \(pod.failure?.reason ?? pod.pod.phase.rawValue)")
                    )
                    continue
                }
                plan.lookAgainAfter = min(pause, plan.lookAgainAfter ?? pause)
            } else if pod.hash != template.server.hash {
                outdated.append(pod)
            }
        }
        // Pods that serve nobody go first; of the others as many as may be missing.
        for pod in outdated where !pod.isReady {
            plan.actions.append(.deletePod(pod, why: "the template has changed"))
        }
        for pod in outdated where pod.isReady && unavailable < spec.rollout.maxUnavailable {
            unavailable += 1
            plan.actions.append(.deletePod(pod, why: "the template has changed"))
        }
    }
}
