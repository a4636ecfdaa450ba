// What the real server fills into a pod: the type's defaults (pkg/apis/core/v1/defaults.go), then what admission adds
// (service account, tolerations of the node life cycle, priority) and the first status.

internal import CEL
internal import JSON
internal import KubernetesAPI

/// Completes pods.
enum PodDefaults {
    static let containerLists = ["initContainers", "containers"]

    static func apply(_ pod: inout JSON) {
        var spec = pod.spec ?? [:]
        fill(&spec, "restartPolicy", "Always")
        fill(&spec, "terminationGracePeriodSeconds", 30)
        fill(&spec, "dnsPolicy", "ClusterFirst")
        fill(&spec, "schedulerName", "default-scheduler")
        fill(&spec, "enableServiceLinks", true)
        fill(&spec, "securityContext", [:])
        for list in containerLists {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(containers.map(container))
        }
        if let volumes = spec.volumes?.array { spec.volumes = .array(volumes.map(volume)) }
        pod.spec = spec
    }

    private static func fill(_ object: inout JSON, _ key: String, _ value: JSON) {
        if object[key] == nil || object[key] == .null { object[key] = value }
    }

    private static func container(_ container: JSON) -> JSON {
        var container = container
        guard container.object != nil else { return container }
        fill(&container, "terminationMessagePath", "/dev/termination-log")
        fill(&container, "terminationMessagePolicy", "File")
        let image = container.image?.string ?? ""
        let tag = image.split(separator: "/").last.map(String.init) ?? ""
        let pullsAlways = !image.contains("@") && (!tag.contains(":") || tag.hasSuffix(":latest"))
        if !image.isEmpty { fill(&container, "imagePullPolicy", pullsAlways ? "Always" : "IfNotPresent") }
        var resources = container.resources ?? [:]
        if let limits = resources.limits?.object {
            var requests = resources.requests ?? [:]
            for (name, value) in limits where requests[name] == nil { requests[name] = value }
            if requests.object?.isEmpty == false { resources.requests = requests }
        }
        for list in ["limits", "requests"] {
            guard let amounts = resources[list]?.object else { continue }
            resources[list] = .object(
                amounts.mapValues { amount in
                    let text = amount.string ?? amount.text()
                    return .string(Quantity(text)?.text ?? text)
                })
        }
        container.resources = resources
        if let ports = container.ports?.array {
            container.ports = .array(
                ports.map {
                    var port = $0
                    if port.object != nil { fill(&port, "protocol", "TCP") }
                    return port
                })
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            guard var value = container[probe], value.object != nil else { continue }
            fill(&value, "timeoutSeconds", 1)
            fill(&value, "periodSeconds", 10)
            fill(&value, "successThreshold", 1)
            fill(&value, "failureThreshold", 3)
            if var get = value.httpGet {
                fill(&get, "scheme", "HTTP")
                fill(&get, "path", "/")
                value.httpGet = get
            }
            container[probe] = value
        }
        if let env = container.env?.array {
            container.env = .array(
                env.map { variable in
                    guard var field = variable.valueFrom?.fieldRef else { return variable }
                    var variable = variable
                    fill(&field, "apiVersion", "v1")
                    variable.valueFrom?.fieldRef = field
                    return variable
                })
        }
        return container
    }

    private static func volume(_ volume: JSON) -> JSON {
        var volume = volume
        guard let members = volume.object else { return volume }
        if members.count == 1 { volume.emptyDir = [:] }
        for source in ["configMap", "secret", "projected", "downwardAPI"] where volume[source]?.object != nil
        {
            if volume[source]?.defaultMode == nil { volume[source]?.defaultMode = 420 }
        }
        if volume.hostPath?.object != nil, volume.hostPath?.type == nil { volume.hostPath?.type = "" }
        if volume.ephemeral?.volumeClaimTemplate?.spec?.object != nil,
            volume.ephemeral?.volumeClaimTemplate?.spec?.volumeMode == nil
        {
            volume.ephemeral?.volumeClaimTemplate?.spec?.volumeMode = "Filesystem"
        }
        return volume
    }

    /// What admission adds, on create and on update.
    static func admit(_ pod: inout JSON) {
        var spec = pod.spec ?? [:]
        let account = spec.serviceAccountName?.string ?? spec.serviceAccount?.string ?? "default"
        spec.serviceAccountName = .string(account)
        spec.serviceAccount = .string(account)
        fill(&spec, "priority", 0)
        fill(&spec, "preemptionPolicy", "PreemptLowerPriority")
        var tolerations = spec.tolerations?.array ?? []
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
            let known = tolerations.contains { toleration in
                let effect = toleration.effect?.string ?? ""
                let name = toleration.key?.string ?? ""
                return (name == key || name.isEmpty) && (effect == "NoExecute" || effect.isEmpty)
            }
            if known { continue }
            tolerations.append([
                "key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            ])
        }
        spec.tolerations = .array(tolerations)
        pod.spec = spec
    }

    /// The status a new pod starts with.
    static func initialStatus(_ pod: JSON) -> JSON {
        var status: JSON = ["phase": "Pending", "qosClass": .string(qosClass(pod))]
        if pod.spec?.schedulingGates?.array?.isEmpty == false {
            status.conditions = [
                [
                    "type": "PodScheduled", "status": "False", "lastProbeTime": .null,
                    "lastTransitionTime": .null,
                    "reason": "SchedulingGated",
                    "message": "Scheduling is blocked due to non-empty scheduling gates",
                ]
            ]
        }
        return status
    }

    /// Guaranteed, Burstable or BestEffort.
    static func qosClass(_ pod: JSON) -> String {
        let spec = try? pod.spec?.decode(PodSpec.self)
        return (spec?.qualityOfService ?? .bestEffort).rawValue
    }
}
