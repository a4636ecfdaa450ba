// The probes of one run of a container. While the startup probe has not passed the others wait; a liveness or
// startup probe that fails for good kills the run, and the restart policy does the rest.

internal import KubernetesAPI
internal import SystemIO

extension PodWorker {
    /// Begins to probe a run; the tasks end with it.
    func startProbes(_ container: PodContainer, _ process: ContainerProcess) -> [Task<Void, Never>] {
        let probes = [ContainerProbe.Kind.startup, .liveness, .readiness].compactMap {
            ContainerProbe($0, of: container)
        }
        let kinds = Set(probes.map(\.kind))
        if !kinds.contains(.startup) { states[container.name]?.started = true }
        if !kinds.contains(.readiness) {
            let started = states[container.name]?.started ?? false
            states[container.name]?.ready = started
        }
        return probes.map { probe in Task { await self.run(probe, container, process) } }
    }

    private func isCurrent(_ container: PodContainer, _ process: ContainerProcess) -> Bool {
        !isStopping && processes[container.name] === process
    }

    private func run(_ probe: ContainerProbe, _ container: PodContainer, _ process: ContainerProcess) async {
        var counter = ProbeCounter(
            successThreshold: probe.successThreshold, failureThreshold: probe.failureThreshold)
        await pause(probe.initialDelay, group: container.name)
        while isCurrent(container, process) {
            if probe.kind != .startup, states[container.name]?.started != true {
                await pause(nil, group: container.name)
                continue
            }
            let result = await run(probe.action, in: container, process, timeout: probe.timeout)
            guard isCurrent(container, process) else { return }
            if let message = result.message {
                services.events.record(
                    .warning, "Unhealthy", "\(probe.kind.rawValue) probe failed: \(message)", pod: pod,
                    container: container)
            }
            if let isHealthy = counter.receive(result == .success) {
                if await apply(isHealthy, probe, container, process) { return }
            }
            await pause(probe.period, group: container.name)
        }
    }

    /// Does what so many results in a row mean. True when the probe is done.
    private func apply(
        _ healthy: Bool, _ probe: ContainerProbe, _ container: PodContainer, _ process: ContainerProcess
    ) async -> Bool {
        let name = container.name
        switch (probe.kind, healthy) {
        case (.readiness, _):
            if states[name]?.ready != healthy {
                states[name]?.ready = healthy
                publish()
            }
            return false
        case (.startup, true):
            states[name]?.started = true
            if ContainerProbe(.readiness, of: container) == nil { states[name]?.ready = true }
            publish()
            wake(group: name)
            return true
        case (.liveness, true): return false
        case (.startup, false), (.liveness, false):
            services.events.record(
                .normal, "Killing",
                "Container \(name) failed \(probe.kind.rawValue.lowercased()) probe, will be restarted",
                pod: pod,
                container: container)
            await restart(container, process)
            return true
        }
    }
}
