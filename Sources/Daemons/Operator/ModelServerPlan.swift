// From what is to what has to be done, for one ModelServer: a pure function, called again after every change. Pods are told
// apart by replica number; a replica has one pod at a time, for NeuronCores are too scarce to hold two.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// Something to do.
enum Action: Equatable, Sendable {
    case createPod(JSON)
    case deletePod(PodView, why: String)
    case applyService(JSON)
}

/// What has failed and when, for the pauses between tries. Kept in memory only: a new operator starts with short pauses.
struct FailureMemory: Sendable {
    private struct Record {
        var uid: String
        var count: Int
        var since: Duration
    }
    private var records: [Int: Record] = [:]

    /// How long the failed pod of a replica has to stay before it is replaced: 1 s, doubled with each failure in a row, at
    /// most 5 minutes.
    ///
    /// - Returns: what is left of the pause.
    mutating func pause(for pod: PodView, replica: Int, now: Duration) -> Duration {
        var record = records[replica] ?? Record(uid: "", count: 0, since: now)
        if record.uid != pod.uid {
            record = Record(uid: pod.uid, count: min(record.count + 1, 20), since: now)
            records[replica] = record
        }
        let pause = min(Duration.seconds(300), .seconds(1) * (1 << (record.count - 1)))
        return max(.zero, record.since + pause - now)
    }

    /// A replica is well.
    mutating func forget(replica: Int) { records[replica] = nil }
}

/// What to do about one ModelServer.
struct ModelServerPlan: Equatable, Sendable {
    /// In this order.
    var actions: [Action] = []
    /// The new status.
    var status: JSON
    /// When to look again although nothing has changed; nil for never.
    var lookAgainAfter: Duration?
}

/// Everything a plan depends on.
struct ModelServerState: Sendable {
    var server: JSON
    /// Pods whose controller is this server.
    var pods: [PodView]
    /// The Service of the server's name, whoever made it.
    var service: JSON?
    /// The cores of bound pods, by uid.
    var cores: [String: CoreSet]
    /// Why pods have no node yet, by uid.
    var verdicts: [String: String]
    /// The cores per chip of the nodes that are known, for specs in chips.
    var coresPerChip: Set<Int>
    /// The image where the template names none.
    var image: String
    /// The command where the template names no image; empty for the image's own.
    var command: [String] = []
    /// The extended resource of the cores.
    var resource = Names.neuronCore
    /// What the API server said when it refused a pod or the Service.
    var refusal: String?

    /// What has to be done now.
    func plan(failures: inout FailureMemory, now: Duration, time: Timestamp) -> ModelServerPlan {
        let template: PodTemplate
        do { template = try makeTemplate() } catch {
            let status = ModelServerObservation.invalid(
                server, pods: pods, fault: error.description, now: time)
            return ModelServerPlan(status: status)
        }
        var plan = ModelServerPlan(status: .null)
        let conflict = planService(template, &plan)
        planPods(template, &plan, failures: &failures, now: now)
        let observation = ModelServerObservation(
            server: server, template: template, pods: pods, cores: cores, verdicts: verdicts,
            serviceConflict: conflict, refusal: refusal)
        plan.status = observation.status(now: time)
        return plan
    }

    private func makeTemplate() throws(InvalidSpec) -> PodTemplate {
        let spec = try ModelServerSpec(server)
        let cores = try coreCount(of: spec)
        let groupSize = try ModelServerSpec.groupSize(spec.split, cores: cores)
        try spec.check(copies: cores / groupSize)
        return PodTemplate(
            server: server, spec: spec, cores: cores, groupSize: groupSize, image: image, command: command,
            resource: resource)
    }

    private func coreCount(of spec: ModelServerSpec) throws(InvalidSpec) -> Int {
        switch spec.size {
        case .cores(let cores): return cores
        case .chips(let chips):
            guard let perChip = coresPerChip.first, coresPerChip.count == 1 else {
                let why =
                    coresPerChip.isEmpty
                    ? "no node with Neuron chips is known yet"
                    : "chips of \(coresPerChip.sorted().map(String.init).joined(separator: " and ")) cores would do"
                throw InvalidSpec(
                    description:
                        "spec.neuron.chips is not a number of cores: \(why); set instanceTypes or cores")
            }
            guard chips * perChip <= ModelServerSpec.maximumCores else {
                throw InvalidSpec(
                    description:
                        "spec.neuron.chips is \(chips): at most \(ModelServerSpec.maximumCores / perChip) chips of \(perChip) cores"
                )
            }
            return chips * perChip
        }
    }

    /// - Returns: a sentence when the name belongs to somebody else.
    private func planService(_ template: PodTemplate, _ plan: inout ModelServerPlan) -> String? {
        if let service, service.meta.controller?.uid != server.meta.uid {
            return
                "the Service \(service.meta.name) exists and belongs to somebody else: rename the ModelServer or delete it"
        }
        if service.map({ covers($0, template.service) }) != true {
            plan.actions.append(.applyService(template.service))
        }
        return nil
    }

    private func planPods(
        _ template: PodTemplate, _ plan: inout ModelServerPlan, failures: inout FailureMemory, now: Duration
    ) {
        let replicas = template.spec.replicas
        let hash = template.hash
        var byReplica = Dictionary(grouping: pods) { $0.replica ?? -1 }
        for (replica, surplus) in byReplica.sorted(by: { $0.key < $1.key })
        where replica < 0 || replica >= replicas {
            for pod in surplus.sorted(by: { $0.key < $1.key }) where !pod.isTerminating {
                plan.actions.append(.deletePod(pod, why: "the server has \(replicas) replicas"))
            }
            byReplica[replica] = nil
        }
        var unavailable = 0
        var outdated: [PodView] = []
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
                        .deletePod(pod, why: "it has ended: \(pod.failure?.reason ?? pod.phase)"))
                    continue
                }
                plan.lookAgainAfter = min(pause, plan.lookAgainAfter ?? pause)
            } else if pod.json.meta.labels[Names.hashLabel] != hash {
                outdated.append(pod)
            }
        }
        // Pods that serve nobody go first; of the others as many as may be missing.
        for pod in outdated where !pod.isReady {
            plan.actions.append(.deletePod(pod, why: "the template has changed"))
        }
        for pod in outdated where pod.isReady && unavailable < template.spec.maxUnavailable {
            unavailable += 1
            plan.actions.append(.deletePod(pod, why: "the template has changed"))
        }
    }
}
