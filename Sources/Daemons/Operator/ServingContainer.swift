// The container that serves: what the preset adds to what the user wrote of it. Whatever the user set stays.

internal import GanglionAPI
internal import KubernetesAPI

/// What is laid over the user's container, and how a Service reaches it.
struct ServingContainer: Sendable {
    private let server: ResolvedServer

    /// The container of a server's pods.
    init(_ server: ResolvedServer) { self.server = server }

    /// The user's container.
    private var own: Container { server.container }
    private var runtime: RuntimeSettings { server.runtime }

    /// What the user's container does not have yet. Variables are added to the user's; of ports and arguments these are all.
    var additions: Container {
        let handover = RuntimeHandover(server)
        var container = Container(name: WellKnown.servingContainer)
        // A command of the user's own is their way to start a server of others: nothing can be known of its arguments.
        if runtime.preset == .ganglion || own.command.isEmpty {
            if own.command.isEmpty { container.command = command(handover) }
            container.args = handover.arguments.isEmpty ? [] : handover.arguments + own.args
        }
        if own.image == nil { container.image = runtime.profile.image ?? server.defaults.image }
        if own.imagePullPolicy == nil { container.imagePullPolicy = "IfNotPresent" }
        // What a server writes last is why it failed; the status shows it.
        if own.terminationMessagePolicy == nil {
            container.terminationMessagePolicy = "FallbackToLogsOnError"
        }
        if !own.ports.contains(where: isServing) { container.ports = own.ports + [addedPort] }
        for (kind, probe) in probes { container[kind] = probe }
        let amount = [server.defaults.resource: Quantity(server.cores)]
        container.resources = ResourceRequirements(requests: amount, limits: amount)
        container.env = environment(handover)
        // Ours goes on answering after SIGTERM by itself; others close their port at once, while new clients still come.
        if runtime.preset != .ganglion, own.lifecycle?.preStop == nil, drainDelay > 0 {
            container.lifecycle = Lifecycle(sleepBeforeStop: drainDelay)
        }
        return container
    }

    /// Seconds that the news of a pod's end may take to reach the proxies of all nodes: at most half of what the pod has to end.
    private var drainDelay: Int { min(5, gracePeriod / 2) }

    private var gracePeriod: Int {
        server.podSpec.terminationGracePeriodSeconds ?? PodTemplate.terminationGracePeriodSeconds
    }

    /// What a Service's port leads to: the port's name where it is plain, so that while pods of two ports run, each is reached
    /// at its own; else the number.
    var target: IntOrString {
        let number = IntOrString.int(runtime.port)
        guard let name = servingPort?.name else { return number }
        // The first container that has the name would be taken.
        let others = (server.podSpec.initContainers + server.podSpec.containers)
            .filter { $0.name != WellKnown.servingContainer }
        let isTaken = others.contains { $0.ports.contains { $0.name == name } }
        return isTaken ? number : .string(name)
    }

    private var addedPort: ContainerPort {
        ContainerPort(runtime.port, name: RuntimeSettings.portName, protocol: "TCP")
    }

    /// The container's entry of the port that serves. An entry that this operator adds to ports of the user's own has no name
    /// in pods that an earlier one made.
    private var servingPort: ContainerPort? {
        own.ports.isEmpty ? addedPort : own.ports.first(where: isServing)
    }

    private func isServing(_ port: ContainerPort) -> Bool {
        port.containerPort == runtime.port && (port.protocol ?? "TCP") == "TCP"
    }

    private func command(_ handover: RuntimeHandover) -> [String] {
        if !handover.command.isEmpty { return handover.command }
        return runtime.preset == .ganglion && own.image == nil ? server.defaults.command : []
    }

    private var probes: [(RuntimeSettings.ProbeKind, Probe)] {
        let timing = runtime.profile.timing
        let port = IntOrString.int(runtime.port)
        func probe(_ path: String?, period: Int, failures: Int) -> Probe {
            var probe =
                path.map { Probe(httpGet: HTTPGetAction(path: $0, port: port)) }
                ?? Probe(tcpSocket: TCPSocketAction(port: port))
            probe.periodSeconds = period
            probe.timeoutSeconds = 5
            probe.failureThreshold = failures
            return probe
        }
        var probes: [(RuntimeSettings.ProbeKind, Probe)] = []
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

    private func environment(_ handover: RuntimeHandover) -> [EnvVar] {
        var variables = handover.environment
        if [.ganglion, .custom].contains(runtime.preset) {
            variables.append(EnvVar("POD_IP", valueFrom: EnvVarSource(field: "status.podIP")))
        }
        // The server's own default is for the period that a pod has by default.
        if runtime.preset == .ganglion, gracePeriod != PodTemplate.terminationGracePeriodSeconds {
            variables.append(
                EnvVar(
                    "GANGLION_GRACE", value: String(max(0, min(3_600, gracePeriod - min(5, gracePeriod / 2))))
                ))
        }
        let taken = Set(own.env.map(\.name))
        return variables.filter { !taken.contains($0.name) }
    }
}
