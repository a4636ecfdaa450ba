// The pods of the node: what the API server says on one side, workers on the other. Changes are taken one by
// one, and a pod is admitted within its change: a plugin that does not answer holds up every pod, as it does
// in a real kubelet.

internal import Controller
internal import KubernetesAPI
internal import SystemIO

/// Starts, follows and ends the pods of this node.
actor PodManager: LoopActor {
    nonisolated let loop: EventLoop

    private let services: KubeletServices
    private let writer: PodStatusWriter
    private let room: NodeRoom
    private var workers: [String: PodWorker] = [:]
    /// The newest object of each pod that the API server has.
    private var pods: [String: Pod] = [:]
    private var records: [String: PodDirectory.Record] = [:]
    /// Pods that have ended or were refused: they hold no devices.
    private var ended: Set<String> = []
    private var addresses: PodAddresses
    /// Pods of a snapshot that have not been looked at yet.
    private var awaited: Set<String> = []
    private var isSettled = false

    init(services: KubeletServices, room: NodeRoom, network: UInt8) {
        self.services = services
        self.room = room
        loop = services.loop
        addresses = PodAddresses(network: network)
        writer = PodStatusWriter(
            cluster: services.cluster, retry: services.timings.retry, loop: services.loop)
        for record in PodDirectory.records(root: services.root) {
            records[record.uid] = record
            addresses.take(record.ip)
        }
    }

    /// Follows the API server until the task is cancelled.
    func run() async {
        let writing = ControllerManager(loop: loop)
        writing.add(writer.controller())
        await writing.start()
        let own = FieldSelector([FieldSelector.Term("spec.nodeName", services.nodeName)])
        for await update in services.cluster.updates(of: Pod.self, where: own) { await receive(update) }
        await writing.stop()
    }

    /// Takes one change.
    func receive(_ update: ObjectUpdate<Pod>) async {
        switch update {
        case .snapshot(let pods): await replace(with: pods.filter(\.isUsable))
        case .changed(let pod): if pod.isUsable { await upsert(pod) }
        case .removed(let pod): await remove(pod.uid)
        }
    }

    /// These are all pods that there are.
    private func replace(with found: [Pod]) async {
        let uids = Set(found.map(\.uid))
        // A kubelet that was killed may have left a directory without its record: while it made it, or removed it.
        let known = Set(pods.keys).union(records.keys).union(PodDirectory.uids(root: services.root))
        for uid in known.subtracting(uids).sorted() { await remove(uid) }
        // Devices of pods whose turn is still to come must not be taken for those of pods that are gone.
        awaited = uids
        // In the order in which they were made, as the kubelet sorts them.
        for pod in found.sorted(by: { Self.age($0) < Self.age($1) }) {
            await upsert(pod)
            awaited.remove(pod.uid)
        }
        isSettled = true
    }

    private static func age(_ pod: Pod) -> (Int64, String) {
        (pod.metadata.creationTimestamp?.microseconds ?? 0, pod.name)
    }

    /// The uids of pods that hold devices. A pod that was deleted by force is not among them, though its containers may run
    /// for a while: the kubelet's own fault (kubernetes #104824, GetActivePods), with which everybody has to live.
    var activePods: Set<String> { Set(pods.keys).union(awaited).subtracting(ended) }

    /// The pods that PodResources lists, with their containers.
    func podsWithResources() -> [Pod] {
        workers.keys.filter { !ended.contains($0) }.compactMap { pods[$0] }
            .sorted { Self.age($0) < Self.age($1) }
    }

    /// A pod by name; for PodResources' Get.
    func activePod(_ namespace: String, _ name: String) -> Pod? {
        podsWithResources().first { $0.namespace == namespace && $0.name == name }
    }

    /// The health of devices of these pods has changed.
    func refreshDevices(of uids: Set<String>) async {
        for uid in uids { await workers[uid]?.refreshDevices() }
    }

    /// The log file of a container's run, with whether the container still writes to it.
    func log(_ namespace: String, _ name: String, _ container: String, previous: Bool)
        -> ContainerLog.Location
    {
        let record = records.values
            .filter { $0.namespace == namespace && $0.name == name }
            .max { $0.startTime < $1.startTime }
        guard let record else { return .noPod }
        let directory = PodDirectory(root: services.root, uid: record.uid)
        let attempts = directory.attempts(container)
        guard !attempts.isEmpty else {
            let known = pods[record.uid]?.allContainers.contains { $0.name == container } ?? false
            return known ? .notStarted : .noContainer
        }
        guard let attempt = attempts.dropLast(previous ? 1 : 0).last else { return .noPrevious }
        return .file(directory.run(container, attempt))
    }

    // MARK: Pods come and go

    private func upsert(_ pod: Pod) async {
        let isNew = pods[pod.uid] == nil
        pods[pod.uid] = pod
        if let worker = workers[pod.uid] {
            await worker.update(pod)
            if let grace = pod.deletionGrace { await worker.terminate(grace: grace) }
        } else if pod.deletionGrace != nil, !hasRun(pod.uid) || pod.isTerminal || ended.contains(pod.uid) {
            delete(pod)
        } else if isNew, !pod.isTerminal {
            await admit(pod)
        } else if isNew {
            ended.insert(pod.uid)
        }
    }

    /// Whether containers of the pod may be running.
    private func hasRun(_ uid: String) -> Bool {
        workers[uid] != nil || !PodDirectory(root: services.root, uid: uid).containers().isEmpty
    }

    private func admit(_ pod: Pod) async {
        let directory = PodDirectory(root: services.root, uid: pod.uid)
        do throws(AdmissionRejection) {
            let running = isSettled ? [] : keptContainers(pod, directory)
            let requests = pod.allContainers.map {
                ContainerRequest(name: $0.name, kind: $0.kind, limits: $0.extendedLimits)
            }
            do throws(DeviceAllocationError) {
                try await services.devices.admit(pod: pod.uid, requests, running: running, active: activePods)
            } catch {
                throw .devices(error)
            }
            let others = pods.values.filter { $0.uid != pod.uid && activePods.contains($0.uid) }
            try room.admit(pod, others: Array(others))
            try run(pod, directory)
        } catch {
            ended.insert(pod.uid)
            var builder = PodStatusBuilder(pod: pod, states: [:])
            builder.rejection = error
            builder.startTime = builder.now
            services.events.record(.warning, error.reason, error.message, pod: pod)
            await writer.set(pod, builder.status)
        }
    }

    /// The containers of an earlier kubelet that keep their devices whatever the plugin says: those that run,
    /// and init containers that have completed before them.
    private func keptContainers(_ pod: Pod, _ directory: PodDirectory) -> Set<String> {
        let running = pod.allContainers.filter { container in
            guard let attempt = directory.attempts(container.name).last else { return false }
            return ContainerProcess.isAlive(directory: directory.run(container.name, attempt))
        }
        guard !running.isEmpty else { return [] }
        return Set((running + pod.initContainers.filter { $0.kind == .initial }).map(\.name))
    }

    private func run(_ pod: Pod, _ directory: PodDirectory) throws(AdmissionRejection) {
        let record: PodDirectory.Record
        if let known = records[pod.uid] {
            record = known
        } else {
            guard let address = addresses.allocate() else {
                throw AdmissionRejection(reason: "OutOfpods", message: "no pod address is free")
            }
            record = PodDirectory.Record(
                uid: pod.uid, namespace: pod.namespace, name: pod.name, ip: address,
                startTime: .now)
            do { try directory.write(record) } catch {
                addresses.release(address)
                throw AdmissionRejection(reason: "UnexpectedAdmissionError", message: error.description)
            }
        }
        records[pod.uid] = record
        let writer = writer
        let worker = PodWorker(pod, record: record, services: services) { pod, status in
            // Workers and writer share the loop: the order of statuses is kept.
            writer.assumeIsolated { $0.set(pod, status) }
        }
        workers[pod.uid] = worker
        Task {
            if let grace = pod.deletionGrace { await worker.terminate(grace: grace) }
            await worker.run()
            workerEnded(pod.uid)
        }
    }

    private func workerEnded(_ uid: String) {
        ended.insert(uid)
        workers[uid] = nil
        guard let pod = pods[uid] else { return forgetFiles(uid) }
        if pod.deletionGrace != nil { delete(pod) }
    }

    /// Has the object removed. Nobody waits for it: an API server that is away must not hold up other pods.
    private func delete(_ pod: Pod) { writer.assumeIsolated { $0.finish(pod) } }

    /// The object is gone: what still runs is stopped, and the files go after it.
    private func remove(_ uid: String) async {
        let pod = pods.removeValue(forKey: uid)
        await writer.forget(uid)
        if let worker = workers[uid] {
            await worker.terminate(grace: pod?.deletionGrace ?? pod?.terminationGrace ?? 30)
        } else {
            await endOrphan(uid)
            forgetFiles(uid)
            ended.remove(uid)
        }
    }

    /// Kills what runs of a pod that was deleted while no kubelet was there.
    private func endOrphan(_ uid: String) async {
        let directory = PodDirectory(root: services.root, uid: uid)
        for container in directory.containers() {
            guard let attempt = directory.attempts(container).last,
                case .running(let process) = await ContainerProcess.adopt(
                    directory: directory.run(container, attempt), loop: loop)
            else { continue }
            process.terminate()
            let timer = loop.schedule(after: .seconds(2)) { process.kill() }
            _ = await process.wait()
            timer.cancel()
        }
    }

    private func forgetFiles(_ uid: String) {
        if let record = records.removeValue(forKey: uid) { addresses.release(record.ip) }
        try? Files.removeTree(PodDirectory(root: services.root, uid: uid).path)
    }
}
