// The status of a ModelServer: what is, in the words of Kubernetes' API conventions. Conditions are observations, all of
// them are always there, and their times move only when their status does.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// One entry of `status.conditions`, without its times.
struct Condition: Equatable, Sendable {
    enum Status: String, Sendable {
        case yes = "True"
        case no = "False"
        case unknown = "Unknown"
    }

    var type: String
    var status: Status
    var reason: String
    var message: String

    init(_ type: String, _ status: Status, _ reason: String, _ message: String) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
    }
}

/// `conditions` with times: those of entries whose status has not changed are kept.
func conditions(_ conditions: [Condition], after old: JSON?, generation: Int, now: Timestamp) -> JSON {
    .array(
        conditions.map { condition in
            let before = old?.array?.first { $0["type"]?.string == condition.type }
            let isSame = before?["status"]?.string == condition.status.rawValue
            return [
                "type": .string(condition.type), "status": .string(condition.status.rawValue),
                "reason": .string(condition.reason), "message": .string(condition.message),
                "observedGeneration": JSON(generation),
                "lastTransitionTime": (isSame ? before?["lastTransitionTime"] : nil) ?? .string(now.text),
            ]
        })
}

/// What a ModelServer's status is made from.
struct ModelServerObservation: Sendable {
    var server: JSON
    /// The template of its pods.
    var template: PodTemplate
    /// Its pods, whatever their state.
    var pods: [PodView]
    /// The cores of bound pods, by uid.
    var cores: [String: CoreSet]
    /// Why pods have no node yet, by uid.
    var verdicts: [String: String]
    /// Another owner has the Service's name.
    var serviceConflict: String?
    /// Why the API server refuses a pod or the Service.
    var refusal: String?

    private var living: [PodView] { pods.filter { !$0.isTerminating && !$0.isTerminal } }

    /// The whole status.
    func status(now: Timestamp) -> JSON {
        let spec = template.spec
        let meta = server.meta
        let living = living
        let ready = living.filter(\.isReady).count
        let updated = living.filter { $0.json.meta.labels[Names.hashLabel] == template.hash }.count
        let url = "http://\(meta.name).\(meta.namespace).svc:\(spec.runtime.port)"
        let all = conditionList(desired: spec.replicas, living: living, ready: ready, updated: updated)
        var status: JSON = [
            "observedGeneration": JSON(meta.generation), "replicas": JSON(living.count),
            "readyReplicas": JSON(ready), "updatedReplicas": JSON(updated),
            "coresPerReplica": JSON(template.cores),
            "selector": .string("\(Names.serverLabel)=\(meta.name)"), "url": .string(url),
            "groups": .array(groups), "modelStatus": modelStatus(url: url, ready: ready),
            "conditions": conditions(
                all, after: server["status"]?["conditions"], generation: meta.generation, now: now),
        ]
        if let metrics { status["metrics"] = metrics }
        return status
    }

    /// Where an autoscaler finds the load of a pod, and by which names.
    private var metrics: JSON? {
        let runtime = template.spec.runtime
        guard let source = runtime.preset.profile.metrics else { return nil }
        var metrics: JSON = ["port": JSON(source.port ?? runtime.port), "path": .string(source.path)]
        if let running = source.running { metrics["running"] = .string(running) }
        if let waiting = source.waiting { metrics["waiting"] = .string(waiting) }
        return metrics
    }

    /// The status of a server whose spec cannot be carried out: what runs goes on and is still counted.
    static func invalid(_ server: JSON, pods: [PodView], fault: String, now: Timestamp) -> JSON {
        var status = server["status"] ?? .object([:])
        let living = pods.filter { !$0.isTerminating && !$0.isTerminal }
        status["observedGeneration"] = JSON(server.meta.generation)
        status["replicas"] = JSON(living.count)
        status["readyReplicas"] = JSON(living.filter(\.isReady).count)
        status["modelStatus"] = [
            "transitionStatus": "InvalidSpec",
            "lastFailureInfo": ["location": "spec", "reason": "InvalidSpec", "message": .string(fault)],
        ]
        status["conditions"] = conditions(
            [
                Condition("Placed", .no, "InvalidSpec", fault),
                Condition("ModelsLoaded", .unknown, "InvalidSpec", fault),
                Condition("Ready", .no, "InvalidSpec", fault),
                Condition("Progressing", .no, "InvalidSpec", fault),
                Condition("Degraded", .yes, "InvalidSpec", fault),
            ], after: server["status"]?["conditions"], generation: server.meta.generation, now: now)
        return status
    }

    private var groups: [JSON] {
        pods.sorted { ($0.replica ?? .max, $0.key) < ($1.replica ?? .max, $1.key) }.flatMap { pod -> [JSON] in
            let entry: JSON = ["pod": .string(pod.key.name), "phase": .string(phase(of: pod))]
            guard !pod.node.isEmpty else { return [entry] }
            let cores = Array(cores[pod.uid] ?? [])
            let size = max(1, template.groupSize)
            let starts = cores.isEmpty ? [0] : Array(stride(from: 0, to: cores.count, by: size))
            return starts.map { start in
                var entry = entry
                entry["node"] = .string(pod.node)
                let group = cores.dropFirst(start).prefix(size).map(String.init).joined(separator: ",")
                if !group.isEmpty { entry["cores"] = .string(group) }
                return entry
            }
        }
    }

    private func phase(of pod: PodView) -> String {
        if pod.isTerminating { return "Terminating" }
        if pod.isTerminal || pod.failure != nil { return "Failed" }
        if pod.isReady { return "Ready" }
        return pod.node.isEmpty ? "Pending" : "Loading"
    }

    private var failure: (pod: PodView, failure: PodView.Failure)? {
        for pod in pods where !pod.isTerminating {
            if let failure = pod.failure { return (pod, failure) }
        }
        return nil
    }

    private func modelStatus(url: String, ready: Int) -> JSON {
        let perPod = template.groupSize > 0 ? template.cores / template.groupSize : 1
        let failed = pods.filter { !$0.isTerminating && $0.failure != nil }.count
        let isComplete = ready >= template.spec.replicas
        var status: JSON = [
            "transitionStatus": .string(
                isComplete ? "UpToDate" : failed > 0 ? "BlockedByFailedLoad" : "InProgress"),
            "copies": ["total": JSON(ready * perPod), "failed": JSON(failed * perPod)],
            "models": .array(
                template.spec.models.map { model in
                    var entry: JSON = ["name": .string(model.name)]
                    let path = template.spec.runtime.preset.path(ofModel: model)
                    if let path { entry["url"] = .string(url + path) }
                    return entry
                }),
        ]
        if let (pod, failure) = failure {
            var info: JSON = [
                "location": .string(pod.key.name), "reason": .string(failure.reason),
                "message": .string(String(failure.message.prefix(1024))),
            ]
            if let code = failure.exitCode { info["exitCode"] = JSON(code) }
            status["lastFailureInfo"] = info
        }
        return status
    }

    private func conditionList(desired: Int, living: [PodView], ready: Int, updated: Int) -> [Condition] {
        [
            placed(desired: desired, living: living), loaded(desired: desired, living: living, ready: ready),
            readiness(desired: desired, ready: ready),
            updated < desired || living.count > desired
                ? Condition(
                    "Progressing", .yes, "ReplacingPods", "\(updated) of \(desired) replicas are up to date")
                : ready < desired && failure == nil
                    ? Condition(
                        "Progressing", .yes, "StartingPods", "\(ready) of \(desired) replicas are ready")
                    : Condition("Progressing", .no, "Complete", "every replica is up to date"),
            degraded,
        ]
    }

    private func placed(desired: Int, living: [PodView]) -> Condition {
        let bound = living.filter { !$0.node.isEmpty }.count
        if desired == 0 { return Condition("Placed", .yes, "ScaledToZero", "no replica is wanted") }
        if bound >= desired {
            return Condition(
                "Placed", .yes, "AllPlaced", "\(bound) of \(desired) replicas have their NeuronCores")
        }
        if let verdict = living.sorted(by: { $0.key < $1.key }).lazy.compactMap({ verdicts[$0.uid] }).first {
            return Condition("Placed", .no, "Unschedulable", verdict)
        }
        if let refusal { return Condition("Placed", .no, "Refused", refusal) }
        return Condition("Placed", .no, "Placing", "\(bound) of \(desired) replicas have their NeuronCores")
    }

    private func loaded(desired: Int, living: [PodView], ready: Int) -> Condition {
        if desired == 0 { return Condition("ModelsLoaded", .no, "ScaledToZero", "no replica is wanted") }
        if ready >= desired {
            return Condition(
                "ModelsLoaded", .yes, "AllLoaded", "every group of \(ready) replicas has loaded its models")
        }
        if let (pod, failure) = failure {
            return Condition("ModelsLoaded", .no, "LoadFailed", Self.sentence(pod, failure))
        }
        if living.contains(where: { !$0.node.isEmpty && !$0.isReady }) {
            return Condition(
                "ModelsLoaded", .no, "Loading", "\(ready) of \(desired) replicas have loaded their models")
        }
        return Condition(
            "ModelsLoaded", .no, "NotPlaced", "\(ready) of \(desired) replicas have loaded their models")
    }

    private func readiness(desired: Int, ready: Int) -> Condition {
        let message = "\(ready) of \(desired) replicas are ready"
        if desired == 0 { return Condition("Ready", .yes, "ScaledToZero", "no replica is wanted") }
        if ready >= desired { return Condition("Ready", .yes, "AllReady", message) }
        if let (pod, failure) = failure, ready == 0 {
            return Condition("Ready", .no, "LoadFailed", Self.sentence(pod, failure))
        }
        if let refusal, ready == 0 { return Condition("Ready", .no, "Refused", refusal) }
        if ready == 0, living.allSatisfy(\.node.isEmpty), living.contains(where: { verdicts[$0.uid] != nil })
        {
            return Condition("Ready", .no, "Unschedulable", message)
        }
        return Condition("Ready", .no, ready > 0 ? "PartlyReady" : "NotReady", message)
    }

    private var degraded: Condition {
        if let serviceConflict { return Condition("Degraded", .yes, "ServiceConflict", serviceConflict) }
        if let refusal { return Condition("Degraded", .yes, "Refused", refusal) }
        if let (pod, failure) = failure {
            return Condition("Degraded", .yes, "PodFailed", Self.sentence(pod, failure))
        }
        return Condition("Degraded", .no, "AsExpected", "nothing has failed")
    }

    /// What to do about a failure whose own words name no way out that is open to a pod's owner.
    private static func advice(_ text: String) -> String {
        guard text.contains("this runtime computes on the fake device only") else { return "" }
        return
            "; the pod's chips are real, and preset ganglion cannot compute on them: set spec.runtime.preset to a server of the Neuron SDK (vllm, djl-lmi, triton, torchserve or custom)"
    }

    private static func sentence(_ pod: PodView, _ failure: PodView.Failure) -> String {
        let code = failure.exitCode.map { " (exit code \($0))" } ?? ""
        // It may be the end of a log: many lines, of which the last say most.
        let text = failure.message.split(whereSeparator: \.isNewline).joined(separator: " ")
        let message = text.isEmpty ? "" : ": \(text.suffix(900))\(advice(text))"
        return "pod \(pod.key.name): \(failure.reason)\(code)\(message)"
    }
}
