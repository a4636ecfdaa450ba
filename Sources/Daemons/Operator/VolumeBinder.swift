// Has the claims of a pod bound before the pod is. Nobody waits in a task for it: what a provisioner takes minutes for must not
// hold up the bindings of others. A pod is looked at when one of its claims or volumes changes, and when its time is over.

internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Scheduling
internal import SystemIO

/// Brings pods' claims to be bound.
final class VolumeBinder: Sendable {
    /// Pods that are worked on at a time.
    static let workers = 16

    /// Pods whose claims have to be bound, by uid: call `advance`. For one reader.
    let due: AsyncStream<String>

    private let dueUIDs: AsyncStream<String>.Continuation
    private let client: KubernetesClient
    private let cluster: ObservedCluster
    /// How long the claims of a pod may take (kube-scheduler's bindTimeoutSeconds).
    private let timeLimit: Duration
    private let orders = Lock<[String: Order]>([:])

    private struct Order {
        var binding: VolumeBinding
        let deadline: Duration
    }

    /// What a pod's claims have come to.
    enum Progress: Equatable {
        /// There is nothing to do, any more.
        case idle
        /// They are being bound; the time is over after this.
        case waiting(Duration)
        case bound
        /// The pod has to be decided about again.
        case failed(String)
    }

    init(_ client: KubernetesClient, cluster: ObservedCluster, timeLimit: Duration) {
        self.client = client
        self.cluster = cluster
        self.timeLimit = timeLimit
        (due, dueUIDs) = AsyncStream.makeStream()
    }

    /// A pod's claims are to be bound for its node.
    func begin(_ uid: String, _ plan: VolumePlan, now: Duration = MonotonicClock.time) {
        orders.withLock { $0[uid] = Order(binding: VolumeBinding(plan), deadline: now + timeLimit) }
        dueUIDs.yield(uid)
    }

    /// A pod is gone, or needs its claims no more.
    ///
    /// - Returns: whether they were being bound.
    @discardableResult
    func cancel(_ uid: String) -> Bool { orders.withLock { $0.removeValue(forKey: uid) != nil } }

    /// The pods that wait for a claim.
    func pods(waitingFor claim: ObjectKey) -> [String] {
        orders.withLock { orders in
            orders.isEmpty ? [] : orders.filter { $0.value.binding.claims.contains(claim) }.map(\.key)
        }
    }

    /// The pods that wait for a volume, or for the claim that it belongs to.
    func pods(waitingFor volume: PersistentVolume) -> [String] {
        let claim = volume.spec.claimRef.map {
            ObjectKey(namespace: $0.namespace ?? "", name: $0.name ?? "")
        }
        return orders.withLock { orders in
            orders.filter { entry in
                let binding = entry.value.binding
                return binding.volumes.contains(volume.metadata.name)
                    || claim.map(binding.claims.contains) == true
            }.map(\.key)
        }
    }

    /// Does what comes next for a pod's claims.
    ///
    /// - Throws: where it has to be tried again.
    func advance(_ uid: String, now: Duration = MonotonicClock.time) async throws -> Progress {
        switch step(uid, now: now) {
        case .settled(let progress): return progress
        case .write(let requests):
            for request in requests {
                if let end = try note(uid, request.id, await send(request)) { return end }
            }
            // What was written may be seen already, and then nothing would tell of it again.
            switch step(uid, now: now) {
            case .settled(let progress): return progress
            case .write: return .waiting(.zero)
            }
        }
    }

    private enum Work {
        case settled(Progress)
        case write([Request])
    }

    /// A write as it goes out: little is kept while it is under way (see `Binder.bind`).
    private struct Request: Sendable {
        let id: String
        let resource: APIResource
        let key: ObjectKey
        let patch: JSON

        init(_ write: VolumeBinding.Write) {
            id = write.id
            switch write {
            case .keep(let volume, let claim):
                (resource, key) = (PersistentVolume.resource, volume.key)
                patch = VolumeBinder.keeping(volume, for: claim)
            case .select(let claim, let node):
                (resource, key) = (PersistentVolumeClaim.resource, claim.key)
                patch = VolumeBinder.selecting(node, for: claim)
            }
        }
    }

    /// - Returns: the version that it has now.
    private func send(_ request: Request) async -> Result<String, KubernetesError> {
        do throws(KubernetesError) {
            let answer = try await client.patch(request.resource, request.key, request.patch)
            return .success(answer.meta.resourceVersion)
        } catch {
            return .failure(error)
        }
    }

    /// - Returns: what the pod's claims have come to, where this ends it.
    private func note(
        _ uid: String, _ id: String, _ answer: Result<String, KubernetesError>
    ) throws -> Progress? {
        switch answer {
        case .success(let version):
            orders.withLock { $0[uid]?.binding.wrote(id, version: version) }
            return nil
        case .failure(let error):
            // By now it is another version, or gone: the copies will show it.
            guard error.isRefusal, !error.isNotFound else { throw error }
            cancel(uid)
            return .failed("binding volumes: \(error)")
        }
    }

    private func step(_ uid: String, now: Duration) -> Work {
        orders.withLock { orders in
            guard let order = orders[uid] else { return .settled(.idle) }
            let labels = cluster.nodes.store[ObjectKey(name: order.binding.plan.node)]?.metadata.labels
            let step = orders[uid]?.binding.next(
                labels: labels, claim: { self.cluster.claims.store[$0] },
                volume: { self.cluster.volumes.store[ObjectKey(name: $0)] })
            switch step {
            case nil: return .settled(.idle)
            case .bound?:
                orders[uid] = nil
                return .settled(.bound)
            case .failed(let why)?:
                orders[uid] = nil
                return .settled(.failed(why))
            case .write(let writes)? where now < order.deadline: return .write(writes.map(Request.init))
            case .wait? where now < order.deadline: return .settled(.waiting(order.deadline - now))
            case .write?, .wait?:
                orders[uid] = nil
                let names = order.binding.claims.map(\.name).sorted().joined(separator: ", ")
                return .settled(
                    .failed("binding volumes: \(names) not bound within \(timeLimit.components.seconds) s"))
            }
        }
    }

    /// As GetBindVolumeToClaim says it.
    static func keeping(_ volume: PersistentVolume, for claim: PersistentVolumeClaim) -> JSON {
        var patch = version(of: volume.metadata)
        if !volume.isKept(for: claim) {
            patch.metadata?.annotations = [PersistentVolumeClaim.boundByControllerAnnotation: "yes"]
        }
        patch.spec = [
            "claimRef": [
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "namespace": .string(claim.metadata.namespace), "name": .string(claim.metadata.name),
                "uid": .string(claim.metadata.uid),
                "resourceVersion": .string(claim.metadata.resourceVersion),
            ]
        ]
        return patch
    }

    static func selecting(_ node: String, for claim: PersistentVolumeClaim) -> JSON {
        var patch = version(of: claim.metadata)
        patch.metadata?.annotations = [PersistentVolumeClaim.selectedNodeAnnotation: .string(node)]
        return patch
    }

    /// Only this version of this object is changed.
    private static func version(of metadata: ObjectMetadata) -> JSON {
        [
            "metadata": [
                "uid": .string(metadata.uid), "resourceVersion": .string(metadata.resourceVersion),
            ]
        ]
    }
}
