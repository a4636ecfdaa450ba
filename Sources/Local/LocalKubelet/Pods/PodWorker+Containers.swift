// One container's loop. Its runs are numbered: the number is the restart count, and the name of a directory,
// so that a kubelet that starts anew finds the last run and goes on from there.

internal import KubernetesAPI
internal import SystemIO

extension PodWorker {
    /// Runs a container, and again as `policy` says, until it has ended for good or the pod is stopped.
    func runContainer(_ container: PodContainer, policy: RestartPolicy) async {
        let name = container.name
        var backoff = RestartBackoff(
            initial: services.timings.backoffInitial, maximum: services.timings.backoffMaximum)
        var attempt = directory.attempts(name).last ?? 0
        var start = await adopt(container, attempt: attempt)
        while true {
            if start == nil { start = await launch(container, attempt: attempt) }
            guard let current = start else { return }  // stopped before it could be started
            start = nil
            let termination = await follow(current, container, attempt: attempt)
            if isStopping || !policy.restarts(after: termination.exitCode) { return }

            let ran = termination.finishedAt - (termination.startedAt ?? termination.finishedAt)
            let pause = backoff.ended(ran: .nanoseconds(ran))
            if pause > .zero { await crashPause(container, termination, pause) }
            if isStopping { return }
            attempt += 1
            states[name]?.last = termination
            states[name]?.restartCount = attempt
            forgetRuns(name, before: attempt - 1)
        }
    }

    /// The state after an earlier kubelet's last run of the container; nil where there was none.
    private func adopt(_ container: PodContainer, attempt: Int) async -> ContainerProcess.Start? {
        let name = container.name
        guard directory.attempts(name).contains(attempt) else { return nil }
        states[name]?.restartCount = attempt
        let program = services.images.program(container.image)
        states[name]?.imageID = program.map { "program://" + $0.path } ?? ""
        let statuses = pod.status.containerStatuses + pod.status.initContainerStatuses
        states[name]?.ready = statuses.first { $0.name == name }?.ready ?? false
        return await ContainerProcess.adopt(directory: directory.run(name, attempt), loop: loop)
    }

    /// Follows a run to its end.
    private func follow(
        _ start: ContainerProcess.Start, _ container: PodContainer, attempt: Int
    ) async -> Termination {
        let name = container.name
        let identifier = "ganglion://\(uid)/\(name)/\(attempt)"
        states[name]?.containerID = identifier
        var termination: Termination
        switch start {
        case .running(let process):
            processes[name] = process
            states[name]?.phase = .running(startedAt: process.record.startedAt)
            // It was stopped while it was being started.
            if isStopping { isKillDue ? process.kill() : process.terminate() }
            let probes = await begin(container, process)
            let exit = await process.wait()
            processes[name] = nil
            wake(group: name)
            for probe in probes { await probe.value }
            termination = Termination(exit, startedAt: process.record.startedAt, containerID: identifier)
        case .ended(let exit):
            let started = RunningRecord.read(in: directory.run(name, attempt))?.startedAt
            termination = Termination(exit, startedAt: started, containerID: identifier)
            if started == nil, let message = exit.message {
                services.events.record(
                    .warning, "Failed", "Error: " + message, pod: pod, container: container)
            }
        }
        let words = TerminationMessage.read(
            directory: directory.run(name, attempt), log: directory.log(name, attempt),
            fallsBackToLog: TerminationMessage.fallsBackToLog(
                policy: container.spec.terminationMessagePolicy, exitCode: termination.exitCode))
        if let words { termination.message = termination.message.map { $0 + ": " + words } ?? words }
        states[name]?.phase = .terminated(termination)
        states[name]?.ready = false
        states[name]?.started = false
        publish()
        return termination
    }

    /// What follows a start: the postStart hook, and, once that is done, the probes.
    ///
    /// - Returns: what ends soon after the run.
    private func begin(_ container: PodContainer, _ process: ContainerProcess) async -> [Task<Void, Never>] {
        let name = container.name
        if container.spec.lifecycle?.postStart != nil { publish() }
        guard await postStart(container, process) else {
            return [Task { await self.restart(container, process) }]
        }
        let probes = startProbes(container, process)
        publish()
        wake(group: name)
        return probes
    }

    private func crashPause(_ container: PodContainer, _ termination: Termination, _ pause: Duration) async {
        let message =
            "back-off \(pause.goDescription) restarting failed container=\(container.name) "
            + "pod=\(pod.fullName)"
        states[container.name]?.last = termination
        states[container.name]?.phase = .waiting(reason: "CrashLoopBackOff", message: message)
        services.events.record(
            .warning, "BackOff",
            "Back-off restarting failed container \(container.name) in pod \(pod.fullName)", pod: pod,
            container: container)
        publish()
        await self.pause(pause, group: container.name)
        if isStopping { states[container.name]?.phase = .terminated(termination) }
    }

    /// Keeps the last run and the one before, whose log `logs --previous` shows.
    private func forgetRuns(_ name: String, before first: Int) {
        for attempt in directory.attempts(name) where attempt < first {
            try? Files.removeTree(directory.run(name, attempt))
        }
    }
}
