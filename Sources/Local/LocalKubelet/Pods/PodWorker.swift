// The life of one pod: init containers in order, then the main containers side by side, each in its own loop
// of start, run, wait, pause; then the end. One actor holds the state; the pod's status is made from it after
// each change.

internal import KubernetesAPI
internal import SystemIO

/// Runs one pod.
actor PodWorker: LoopActor {
    nonisolated let loop: EventLoop

    /// The pod's uid.
    nonisolated let uid: String
    nonisolated let directory: PodDirectory
    let services: KubeletServices
    let record: PodDirectory.Record
    private let publishStatus: @Sendable (Pod, PodStatus) -> Void

    var pod: Pod
    var states: [String: ContainerRunState] = [:]
    var processes: [String: ContainerProcess] = [:]
    /// The pod is being stopped: nothing is started any more.
    private(set) var isStopping = false
    /// Events say that containers are stopped.
    private var tells = false
    private var hasEnded = false
    private var killTime: UInt64?
    private var killTimer: ScheduledTimer?
    /// Containers that have been told to end; the others are still at their preStop hooks, or sidecars of containers that run.
    private var told: Set<String> = []
    /// Where the claims of its volumes are, by the volume's name.
    var claimPaths: [String: String] = [:]
    private var sleepers: [UInt64: (group: String, continuation: CheckedContinuation<Void, Never>)] = [:]
    private var nextSleeper: UInt64 = 0
    private var sidecars: [Task<Void, Never>] = []

    /// - Parameter publish: called with every new status.
    init(
        _ pod: Pod, record: PodDirectory.Record, services: KubeletServices,
        publish: @escaping @Sendable (Pod, PodStatus) -> Void
    ) {
        self.pod = pod
        self.record = record
        self.services = services
        loop = services.loop
        uid = pod.uid
        directory = PodDirectory(root: services.root, uid: pod.uid)
        publishStatus = publish
    }

    /// Runs the pod until it has ended by itself or was stopped; then nothing of it runs any more.
    func run() async {
        prepareStates()
        // Of a pod that was running under an earlier kubelet nothing is said until its containers have been looked at.
        await refreshDevices(telling: pod.phase != .running)
        let initialized = await runInitContainers()
        if initialized, !isStopping {
            await withTaskGroup(of: Void.self) { group in
                for container in pod.mainContainers {
                    group.addTask { await self.runContainer(container, policy: self.pod.restartPolicy) }
                }
            }
        }
        if !isStopping { stop(grace: pod.terminationGrace, telling: false) }
        await endSidecars()
        killTimer?.cancel()
        hasEnded = true
        publish()
    }

    /// Takes a newer version of the object: status of others, deletion.
    func update(_ newer: Pod) { pod = newer }

    /// Ends the pod: preStop hooks and SIGTERM now, SIGKILL after `grace` seconds. A second call can only shorten the time.
    func terminate(grace: Int) { stop(grace: grace, telling: true) }

    /// The health of devices may have changed.
    func refreshDevices(telling: Bool = true) async {
        for container in pod.mainContainers {
            let key = ContainerKey(pod: uid, container: container.name)
            let devices = await services.devices.health(key)
            if states[container.name]?.devices != devices { states[container.name]?.devices = devices }
        }
        if telling { publish() }
    }

    private func prepareStates() {
        let waiting = pod.initContainers.isEmpty ? "ContainerCreating" : "PodInitializing"
        for container in pod.allContainers {
            var state = ContainerRunState()
            state.phase = .waiting(reason: waiting, message: nil)
            states[container.name] = state
        }
    }

    private func runInitContainers() async -> Bool {
        for container in pod.initContainers {
            if isStopping { return false }
            if container.kind == .sidecar {
                sidecars.append(Task { await self.runContainer(container, policy: .always) })
                while !isStopping, states[container.name]?.started != true {
                    await pause(nil, group: container.name)
                }
            } else {
                let policy: RestartPolicy = pod.restartPolicy == .never ? .never : .onFailure
                await runContainer(container, policy: policy)
                guard states[container.name]?.termination?.exitCode == 0 else { return false }
            }
        }
        return true
    }

    /// The pod's grace period is over.
    var isKillDue: Bool { killTime.map { $0 <= MonotonicClock.now } ?? false }

    private func stop(grace given: Int, telling: Bool) {
        // "no matter what, we always supply a grace period of 1" (pod_workers.go, calculateEffectiveGracePeriod)
        let grace = max(1, given)
        let deadline = MonotonicClock.now &+ Duration.seconds(grace).nanoseconds
        if isStopping, let killTime, killTime <= deadline { return }
        let first = !isStopping
        isStopping = true
        killTime = deadline
        killTimer?.cancel()
        let isHurried = !first
        tells = telling
        // Sidecars go when the others have gone (KEP-753); who is in a hurry waits for nobody.
        for container in pod.allContainers where isHurried || container.kind != .sidecar {
            guard let process = processes[container.name] else { continue }
            if isHurried { terminate(container, process) } else { end(container, process) }
        }
        killTimer = loop.schedule(after: .seconds(grace), on: self) { worker in
            for (name, process) in worker.processes where worker.told.contains(name) { process.kill() }
        }
        wake(group: nil)
    }

    /// What is left of the grace period.
    private var graceLeft: Duration {
        guard let killTime else { return .zero }
        let now = MonotonicClock.now
        return killTime > now ? .nanoseconds(Int64(clamping: killTime - now)) : .zero
    }

    /// Ends a container: its preStop hook, then SIGTERM.
    private func end(_ container: PodContainer, _ process: ContainerProcess) {
        if tells {
            services.events.record(
                .normal, "Killing", "Stopping container \(container.name)", pod: pod, container: container)
        }
        guard container.spec.lifecycle?.preStop != nil else { return terminate(container, process) }
        Task {
            await preStop(container, process, within: graceLeft)
            terminate(container, process)
        }
    }

    private func terminate(_ container: PodContainer, _ process: ContainerProcess) {
        let isFirst = told.insert(container.name).inserted
        process.terminate()
        // Who is told late has a while, too.
        guard isFirst, graceLeft == .zero else { return }
        _ = loop.schedule(after: Self.leastGrace, on: self) { worker in
            if worker.processes[container.name] === process { process.kill() }
        }
    }

    /// Ends sidecars in the reverse order of their starts, each when the one after it has gone.
    private func endSidecars() async {
        for container in pod.initContainers.reversed() where container.kind == .sidecar {
            guard let process = processes[container.name] else { continue }
            end(container, process)
            while processes[container.name] === process { await sleep(nil, group: container.name) }
        }
        for sidecar in sidecars { await sidecar.value }
    }

    // MARK: Status

    /// Tells the status as it is now.
    func publish() {
        var builder = PodStatusBuilder(pod: pod, states: states)
        builder.podIP = record.ip
        builder.startTime = record.startTime
        builder.stopped = hasEnded && isStopping && pod.deletionGrace != nil
        publishStatus(pod, builder.status)
    }

    // MARK: Pauses

    /// Waits for a while, or until the pod is stopped or the group is woken. nil waits without a limit.
    func pause(_ duration: Duration?, group: String) async {
        guard !isStopping else { return }
        await sleep(duration, group: group)
    }

    /// Waits for a while, or until the group is woken, whether the pod is being stopped or not. nil waits without a limit.
    func sleep(_ duration: Duration?, group: String) async {
        guard duration ?? .seconds(1) > .zero else { return }
        let identifier = nextSleeper
        nextSleeper += 1
        let timer = duration.map { duration in
            loop.schedule(after: duration, on: self) {
                $0.sleepers.removeValue(forKey: identifier)?.continuation.resume()
            }
        }
        await withCheckedContinuation { sleepers[identifier] = (group, $0) }
        timer?.cancel()
    }

    /// Ends pauses; nil means all.
    func wake(group: String?) {
        for (identifier, sleeper) in sleepers where group == nil || sleeper.group == group {
            sleepers[identifier] = nil
            sleeper.continuation.resume()
        }
    }
}
