// Tells the API server that this node is there, every ten seconds and whenever its devices change.

internal import JSON
internal import SystemIO

/// Registers the node, renews its status and its lease.
actor NodeManager: LoopActor {
    nonisolated let loop: EventLoop

    private let backend: any KubeletBackend
    private let devices: DeviceManager
    private let timings: KubeletTimings
    private let name: String
    private let labels: [String: String]
    private let facts: NodeFacts
    private let version: String
    private let images: [String]
    private let readySince = WallClock.timestamp()
    private var zeroed: Set<String> = []
    private var lease: JSON?
    private let wakeups: AsyncStream<Void>
    private let wakeup: AsyncStream<Void>.Continuation

    init(
        name: String, labels: [String: String], facts: NodeFacts, version: String, images: [String],
        backend: any KubeletBackend, devices: DeviceManager, timings: KubeletTimings, loop: EventLoop
    ) {
        self.name = name
        self.labels = labels
        self.facts = facts
        self.version = version
        self.images = images
        self.backend = backend
        self.devices = devices
        self.timings = timings
        self.loop = loop
        // Many changes before one update are one change.
        (wakeups, wakeup) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The labels of a node.
    static func labels(name: String, facts: NodeFacts, instanceType: String?) -> [String: String] {
        var labels = [
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": facts.architecture,
        ]
        if let instanceType { labels["node.kubernetes.io/instance-type"] = instanceType }
        return labels
    }

    /// Something has changed: the status is renewed at once.
    nonisolated func touch() { wakeup.yield() }

    /// Registers the node, however long that takes.
    func register() async {
        while !Task.isCancelled {
            do throws(BackendError) {
                try await registerOnce()
                return
            } catch {
                try? await Task.sleep(for: timings.retry)
            }
        }
    }

    private var path: String { "/api/v1/nodes/" + name }

    private func registerOnce() async throws(BackendError) {
        do throws(BackendError) {
            let known = try await backend.get(path)
            // A kubelet that has lost its memory cannot say what the devices are
            // (ShouldResetExtendedResourceCapacity).
            if await devices.isFirstStart { zeroed = NodeStatus.extendedResources(known.status ?? .null) }
            _ = try await backend.patch(path, ["metadata": ["labels": JSON(labels)]], .merge)
            try await sendStatus()
        } catch {
            guard error.status == 404 else { throw error }
            let status = await status()
            _ = try await backend.create("/api/v1/nodes", status.object)
            try await sendStatus()
        }
    }

    /// Renews status and lease until the task is cancelled.
    func run() async {
        let period = timings.nodeStatus
        let ticker = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: period)
                await self?.renewLease()
                self?.touch()
            }
        }
        await renewLease()
        touch()
        for await _ in wakeups {
            if Task.isCancelled { break }
            do throws(BackendError) { try await sendStatus() } catch {
                // A node that was deleted is registered anew; other failures are mended by the next tick.
                if error.status == 404 { try? await registerOnce() }
            }
        }
        ticker.cancel()
    }

    private func status() async -> NodeStatus {
        let capacity = await devices.capacity()
        zeroed.formUnion(capacity.removed)  // a key once shown is never taken away
        return NodeStatus(
            name: name, labels: labels, facts: facts, kubeletVersion: version, images: images,
            devices: capacity,
            zeroed: zeroed, readySince: readySince)
    }

    private func sendStatus() async throws(BackendError) {
        let status = await status()
        _ = try await backend.patch(path + "/status", ["status": status.status], .strategic)
    }

    private func renewLease() async {
        let collection = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        let now = JSON.string(WallClock.timestamp(digits: 6))
        do throws(BackendError) {
            if lease == nil {
                do throws(BackendError) { lease = try await backend.get(collection + "/" + name) } catch {
                    guard error.status == 404 else { throw error }
                    lease = try await backend.create(
                        collection,
                        [
                            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                            "metadata": ["name": .string(name), "namespace": "kube-node-lease"],
                            "spec": [
                                "holderIdentity": .string(name), "leaseDurationSeconds": 40, "renewTime": now,
                            ],
                        ])
                    return
                }
            }
            guard var renewed = lease else { return }
            renewed[path: ["spec", "holderIdentity"]] = .string(name)
            renewed[path: ["spec", "leaseDurationSeconds"]] = 40
            renewed[path: ["spec", "renewTime"]] = now
            lease = try await backend.replace(collection + "/" + name, renewed)
        } catch {
            lease = nil  // somebody else has changed it, or it is gone: read it again next time
        }
    }
}
