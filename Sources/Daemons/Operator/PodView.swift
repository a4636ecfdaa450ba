// What the operator reads from a pod, once and with names.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Placement

/// A pod.
struct PodView: Equatable, Sendable {
    /// A container's failure.
    struct Failure: Equatable, Sendable {
        var reason: String
        var message: String
        var exitCode: Int?
    }

    let key: ObjectKey
    let uid: String
    let json: JSON
    /// The node, empty while the pod is pending.
    let node: String
    let phase: String
    let isTerminating: Bool
    /// NeuronCores that the pod holds once it runs.
    let cores: Int

    /// Reads a pod.
    init(_ pod: JSON, resource: String = Names.neuronCore) {
        json = pod
        let meta = pod.meta
        key = pod.objectKey
        uid = meta.uid
        node = pod["spec"]?["nodeName"]?.string ?? ""
        phase = pod["status"]?["phase"]?.string ?? "Pending"
        isTerminating = meta.isTerminating
        cores =
            Self.request(pod["spec"] ?? .null) {
                Quantity($0["limits"]?[resource]) ?? Quantity($0["requests"]?[resource])
            }
            .units
    }

    /// Whether the pod has ended for good: it holds nothing any more.
    var isTerminal: Bool { phase == "Succeeded" || phase == "Failed" }
    /// Whether it holds what it asked for on its node.
    var isBound: Bool { !node.isEmpty && !isTerminal }
    /// Whether its readiness condition is true and it stays.
    var isReady: Bool {
        !isTerminating && !isTerminal
            && (json["status"]?["conditions"]?.array ?? []).contains {
                $0["type"]?.string == "Ready" && $0["status"]?.string == "True"
            }
    }
    /// Whether it waits for this operator to find a node.
    var wantsPlace: Bool {
        isOurs && node.isEmpty && !isTerminal && !isTerminating
            && (json["spec"]?["schedulingGates"]?.array ?? []).isEmpty
    }
    /// The cores that its binding assigned; nil where there are none.
    ///
    /// Anybody can write an annotation. It is believed only of a pod that is this operator's to bind, and only where it has
    /// as many cores as the pod asks for, as every binding has: a word by others can then take no more of a node than the
    /// pod takes anyway.
    var boundCores: CoreSet? {
        guard cores > 0, isOurs, let text = json.meta.annotations[Names.coresAnnotation],
            let set = try? CoreSet(parsing: text), set.count == cores
        else { return nil }
        return set
    }
    /// Whether this operator is the one that binds it.
    var isOurs: Bool { json["spec"]?["schedulerName"]?.string == Names.scheduler }
    /// Which replica of its server it is; nil for other pods.
    var replica: Int? { json.meta.labels[Names.replicaLabel].flatMap { Int($0) } }
    /// Its priority; higher ones are placed first.
    var priority: Int { json["spec"]?["priority"]?.int ?? 0 }

    /// CPU in thousandths and memory in thousandths of bytes.
    var cpu: Quantity { Self.request(json["spec"] ?? .null) { Quantity($0["requests"]?["cpu"]) } }
    var memory: Quantity { Self.request(json["spec"] ?? .null) { Quantity($0["requests"]?["memory"]) } }

    /// Why it does not run, nil where nothing has failed.
    var failure: Failure? {
        let status = json["status"] ?? .null
        if phase == "Failed" {
            return Failure(
                reason: status["reason"]?.string ?? "PodFailed", message: status["message"]?.string ?? "",
                exitCode: nil)
        }
        for container in status["containerStatuses"]?.array ?? [] where container["ready"]?.bool != true {
            let ended = container["state"]?["terminated"] ?? container["lastState"]?["terminated"]
            let waiting = container["state"]?["waiting"]
            let reason = waiting?["reason"]?.string ?? ended?["reason"]?.string ?? ""
            let isHarmless = ["", "ContainerCreating", "PodInitializing"].contains(reason)
            guard !isHarmless || (container["restartCount"]?.int ?? 0) > 0 else { continue }
            let message = ended?["message"]?.string ?? waiting?["message"]?.string ?? ""
            return Failure(
                reason: reason.isEmpty ? "Restarted" : reason, message: message,
                exitCode: ended?["exitCode"]?.int)
        }
        return nil
    }

    /// The scheduler's arithmetic: containers run together; init containers come one after the other before them, each
    /// beside the sidecars that were started by then, which stay.
    private static func request(_ spec: JSON, _ amount: (JSON) -> Quantity?) -> Quantity {
        let zero = Quantity(thousandths: 0)
        func of(_ container: JSON) -> Quantity { amount(container["resources"] ?? .null) ?? zero }
        var sidecars = zero
        var before = zero
        for container in spec["initContainers"]?.array ?? [] {
            let isSidecar = container["restartPolicy"]?.string == "Always"
            if isSidecar { sidecars = sidecars + of(container) }
            before = max(before, isSidecar ? sidecars : sidecars + of(container))
        }
        let together = (spec["containers"]?.array ?? []).reduce(sidecars) { $0 + of($1) }
        return max(together, before)
    }
}
