// Tells the API server that this node is there, every ten seconds and whenever its devices change.

internal import KubernetesAPI
internal import SystemIO

/// Registers the node, renews its status and its lease.
actor NodeManager: LoopActor {
    nonisolated let loop: EventLoop

    private let cluster: any ClusterAPI
    private let devices: DeviceManager
    private let timings: KubeletTimings
    private let name: String
    private let labels: [String: String]
    private let annotations: [String: String]
    private let facts: NodeFacts
    private let version: String
    private let images: [String]
    private let readySince = Timestamp.now
    private var zeroed: Set<String> = []
    private var lease: Lease?
    private let wakeups: AsyncStream<Void>
    private let wakeup: AsyncStream<Void>.Continuation

    init(
        name: String, labels: [String: String], facts: NodeFacts, version: String, images: [String],
        socket: String, cluster: any ClusterAPI, devices: DeviceManager, timings: KubeletTimings,
        loop: EventLoop
    ) {
        self.name = name
        self.labels = labels
        annotations = [LogServer.annotation: socket]
        self.facts = facts
        self.version = version
        self.images = images
        self.cluster = cluster
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
            do throws(ClusterError) {
                try await registerOnce()
                return
            } catch {
                try? await Task.sleep(for: timings.retry)
            }
        }
    }

    private var key: ObjectKey { ObjectKey(name: name) }

    /// A merge patch of the node's labels and annotations; those of others stay.
    private struct MetadataPatch: Encodable, Sendable {
        struct Metadata: Encodable, Sendable {
            var labels: [String: String]
            var annotations: [String: String]
        }
        var metadata: Metadata
    }

    private struct StatusPatch: Encodable, Sendable { var status: NodeStatus }

    private func registerOnce() async throws(ClusterError) {
        do throws(ClusterError) {
            let known = try await cluster.get(Node.self, key)
            // A kubelet that has lost its memory cannot say what the devices are
            // (ShouldResetExtendedResourceCapacity).
            if await devices.isFirstStart { zeroed = NodeStatusBuilder.extendedResources(known.status) }
            try await cluster.patch(
                Node.self, key, MetadataPatch(metadata: .init(labels: labels, annotations: annotations)),
                kind: .merge, subresource: nil)
            try await sendStatus()
        } catch {
            guard error.isNotFound else { throw error }
            try await cluster.create(await builder().node)
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
            do throws(ClusterError) { try await sendStatus() } catch {
                // A node that was deleted is registered anew; other failures are mended by the next tick.
                if error.isNotFound { try? await registerOnce() }
            }
        }
        ticker.cancel()
    }

    private func builder() async -> NodeStatusBuilder {
        let capacity = await devices.capacity()
        zeroed.formUnion(capacity.removed)  // a key once shown is never taken away
        return NodeStatusBuilder(
            name: name, labels: labels, annotations: annotations, facts: facts, kubeletVersion: version,
            images: images,
            devices: capacity, zeroed: zeroed, readySince: readySince)
    }

    private func sendStatus() async throws(ClusterError) {
        try await cluster.patch(
            Node.self, key, StatusPatch(status: await builder().status), kind: .strategic,
            subresource: "status")
    }

    private func renewLease() async {
        do throws(ClusterError) {
            if lease == nil { lease = try await existingLease() }
            var renewed = lease ?? Lease(ObjectMetadata(name: name, namespace: "kube-node-lease"))
            renewed.spec.holderIdentity = name
            renewed.spec.leaseDurationSeconds = 40
            renewed.spec.renewTime = .now
            lease = lease == nil ? try await cluster.create(renewed) : try await cluster.replace(renewed)
        } catch {
            lease = nil  // somebody else has changed it, or it is gone: read it again next time
        }
    }

    /// The node's lease; nil where there is none.
    private func existingLease() async throws(ClusterError) -> Lease? {
        let key = ObjectKey(namespace: "kube-node-lease", name: name)
        do throws(ClusterError) { return try await cluster.get(Lease.self, key) } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }
}
