// The hooks of a container's life (core/v1 Lifecycle), as the kubelet has them (kuberuntime_container.go): preStop comes before
// SIGTERM and takes its time out of the grace period; a container whose postStart fails is ended, and restarted as its policy
// says.

internal import KubernetesAPI
internal import SystemIO

extension PodWorker {
    /// "always give containers a minimal shutdown window to avoid unnecessary SIGKILLs" (minimumGracePeriodInSeconds).
    static var leastGrace: Duration { .seconds(2) }

    /// Does something in a container that runs.
    func run(
        _ action: ContainerAction, in container: PodContainer, _ process: ContainerProcess, timeout: Duration
    ) async -> ActionResult {
        let environment = ContainerSpec.read(in: process.directory)?.environment ?? [:]
        return await services.actions.run(
            action, timeout: timeout, address: record.ip, environment: environment,
            directory: directory.container(container.name) + "/rootfs")
    }

    /// Runs the hook before SIGTERM, for as long as the grace period lasts.
    func preStop(_ container: PodContainer, _ process: ContainerProcess, within grace: Duration) async {
        guard let hook = container.spec.lifecycle?.preStop, grace > .zero else { return }
        await run(hook, "PreStopHook", container, process, within: grace)
    }

    /// Runs the hook after the start.
    ///
    /// - Returns: whether the container may go on.
    func postStart(_ container: PodContainer, _ process: ContainerProcess) async -> Bool {
        guard let hook = container.spec.lifecycle?.postStart else { return true }
        return await run(hook, "PostStartHook", container, process, within: .seconds(pod.terminationGrace))
    }

    /// Ends a run that is not well, so that the restart policy does the rest: its preStop hook, SIGTERM, SIGKILL.
    func restart(_ container: PodContainer, _ process: ContainerProcess) async {
        let start = MonotonicClock.time
        let grace = Duration.seconds(pod.terminationGrace)
        await preStop(container, process, within: grace)
        guard processes[container.name] === process, !isStopping else { return }
        process.terminate()
        let left = max(grace - (MonotonicClock.time - start), Self.leastGrace)
        await pause(left, group: container.name)
        if processes[container.name] === process { process.kill() }
    }

    @discardableResult
    private func run(
        _ hook: LifecycleHandler, _ name: String, _ container: PodContainer, _ process: ContainerProcess,
        within limit: Duration
    ) async -> Bool {
        if let sleep = hook.sleep {
            await self.sleep(min(.seconds(sleep.seconds), limit), group: container.name)
            return true
        }
        guard let action = ContainerAction(hook.httpGet, hook.tcpSocket, hook.exec, container) else {
            return fail(name, "invalid handler", container)
        }
        switch await run(action, in: container, process, timeout: limit) {
        case .success: return true
        // What a server answers to a hook is not looked at (pkg/kubelet/lifecycle, runHTTPHandler).
        case .refusal where hook.httpGet != nil: return true
        case .refusal(let message), .failure(let message): return fail(name, message, container)
        }
    }

    private func fail(_ hook: String, _ message: String, _ container: PodContainer) -> Bool {
        services.events.record(
            .warning, "Failed" + hook, "\(hook) failed: \(message)", pod: pod, container: container)
        return false
    }
}
