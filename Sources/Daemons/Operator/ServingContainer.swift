// The container that serves: what the user wrote of it, with what the preset adds. Whatever the user set stays.

internal import JSON

/// Makes the container of a pod that serves, and says how a Service reaches it.
struct ServingContainer: Sendable {
    let spec: ModelServerSpec
    /// NeuronCores of the pod and of one group.
    let cores: Int
    let groupSize: Int
    /// The image and command of the preset ganglion where the template names no image.
    let image: String
    let command: [String]
    /// The extended resource of the cores.
    let resource: String

    /// The image where the template names none.
    var defaultImage: String { spec.runtime.preset.profile.image ?? image }

    /// The user's container; empty where the template has none of the name.
    private var template: JSON { spec.container }

    /// The container.
    var json: JSON {
        var container = template
        let runtime = spec.runtime
        let handover = RuntimeHandover(spec, groupSize: groupSize)
        container["name"] = .string(Names.container)
        // A command of the user's own is their way to start a server of others: nothing can be known of its arguments.
        if runtime.preset == .ganglion || container["command"] == nil {
            if container["command"] == nil { container["command"] = command(handover) }
            let arguments = handover.arguments + (container["args"]?.array ?? []).compactMap(\.string)
            if !arguments.isEmpty { container["args"] = JSON(arguments) }
        }
        let defaults: [String: JSON] = [
            "image": .string(defaultImage), "imagePullPolicy": "IfNotPresent",
            // What a server writes last is why it failed; the status shows it.
            "terminationMessagePolicy": "FallbackToLogsOnError",
        ]
        for (key, value) in defaults where container[key] == nil { container[key] = value }
        container["ports"] = .array(ports)
        for (kind, probe) in probes { container[kind.rawValue] = probe }
        let amount = JSON.string(String(cores))
        container[path: ["resources", "limits", resource]] = amount
        container[path: ["resources", "requests", resource]] = amount
        let environment = (container["env"]?.array ?? []) + environment(handover, besides: container["env"])
        if !environment.isEmpty { container["env"] = .array(environment) }
        return container
    }

    /// What a Service's port leads to: the port's name where it is plain, so that while pods of two ports run, each is reached
    /// at its own; else the number.
    var target: JSON {
        let number = JSON.int(Int64(spec.runtime.port))
        guard let name = servingPort?["name"]?.string else { return number }
        // The first container that has the name would be taken.
        let pod = spec.template["spec"] ?? .null
        let others = ((pod["initContainers"]?.array ?? []) + (pod["containers"]?.array ?? []))
            .filter { $0["name"]?.string != Names.container }
        let isTaken = others.contains { ($0["ports"]?.array ?? []).contains { $0["name"]?.string == name } }
        return isTaken ? number : .string(name)
    }

    private var ports: [JSON] {
        let own = template["ports"]?.array ?? []
        guard !own.contains(where: isServing) else { return own }
        var entry: JSON = ["containerPort": .int(Int64(spec.runtime.port)), "protocol": "TCP"]
        entry["name"] = .string(RuntimeSpec.portName)
        return own + [entry]
    }

    /// The container's entry of the port that serves. An entry that this operator adds to ports of the user's own has no name
    /// in pods that an earlier one made.
    private var servingPort: JSON? {
        guard let own = template["ports"]?.array else { return ports.first }
        return own.first(where: isServing)
    }

    private func isServing(_ entry: JSON) -> Bool {
        entry["containerPort"]?.int == spec.runtime.port && (entry["protocol"]?.string ?? "TCP") == "TCP"
    }

    private func command(_ handover: RuntimeHandover) -> JSON? {
        if let command = handover.command { return JSON(command) }
        guard spec.runtime.preset == .ganglion, template["image"] == nil, !command.isEmpty else { return nil }
        return JSON(command)
    }

    private var probes: [(RuntimeSpec.ProbeKind, JSON)] {
        let runtime = spec.runtime
        let timing = runtime.preset.profile.timing
        let port = JSON.int(Int64(runtime.port))
        func probe(_ path: String?, period: Int, failures: Int) -> JSON {
            let action: (String, JSON) =
                path.map { ("httpGet", ["path": .string($0), "port": port]) } ?? ("tcpSocket", ["port": port])
            var probe: JSON = [
                "periodSeconds": JSON(period), "timeoutSeconds": 5, "failureThreshold": JSON(failures),
            ]
            probe[action.0] = action.1
            return probe
        }
        var probes: [(RuntimeSpec.ProbeKind, JSON)] = []
        // Compiling and loading a model takes minutes; nothing else is asked of the pod until then.
        if runtime.addedProbes.contains(.startup) {
            let failures = (runtime.startupTimeout + timing.startup - 1) / timing.startup
            probes.append(
                (.startup, probe(runtime.readinessPath, period: timing.startup, failures: failures)))
        }
        if runtime.addedProbes.contains(.readiness) {
            let (period, failures) = timing.readiness
            probes.append((.readiness, probe(runtime.readinessPath, period: period, failures: failures)))
        }
        // A restart costs minutes, so it takes five minutes of silence.
        if runtime.addedProbes.contains(.liveness) {
            probes.append((.liveness, probe(runtime.livenessPath, period: 30, failures: 10)))
        }
        return probes
    }

    private func environment(_ handover: RuntimeHandover, besides own: JSON?) -> [JSON] {
        var variables = handover.environment.map { variable -> JSON in
            ["name": .string(variable.name), "value": .string(variable.value)]
        }
        if [.ganglion, .custom].contains(spec.runtime.preset) {
            variables.append(["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]])
        }
        return variables.filter { variable in
            !(own?.array ?? []).contains { $0["name"] == variable["name"] }
        }
    }
}
