// Binds claims to volumes, makes volumes where a class says how, and takes them away again (pkg/controller/volume: the
// persistentvolume, pvcprotection, pvprotection and ephemeral controllers, and a provisioner).

internal import Controller
internal import JSON
internal import KubernetesAPI
internal import KubernetesClient
internal import Observability
internal import SystemIO

/// Keeps claims and volumes in order.
struct VolumeController: Sendable {
    static let name = "persistentvolume-controller"

    let cluster: any ClusterAPI
    let events: CoreEventRecorder
    /// nil where no volumes are made.
    let storage: LocalStorage?
    let log: Logger

    /// Looks at all of them whenever one of them, a class or a pod that uses claims changes.
    func controller(log: Logger = .silent, loop: EventLoop) -> Controller<Everything> {
        Controller(named: "persistentvolume", log: log, loop: loop) { _ in
            try await reconcile()
            return .done
        }
        .looks(at: PersistentVolumeClaim.self, of: cluster)
        .looks(at: PersistentVolume.self, of: cluster)
        .looks(at: StorageClass.self, of: cluster)
        .watches(cluster.updates(of: Pod.self)) { update in
            update.objects.contains { !$0.spec.claims(ofPod: $0.metadata.name).isEmpty } ? [.everything] : []
        }
    }

    /// One pass. Each write is seen as a change, which is looked at again.
    func reconcile() async throws(ClusterError) {
        let pods = try await cluster.list(Pod.self)
        let claims = try await cluster.list(PersistentVolumeClaim.self)
        let volumes = try await cluster.list(PersistentVolume.self)
        guard !claims.isEmpty || !volumes.isEmpty || pods.contains(where: Self.usesEphemeral) else { return }
        try await makeClaims(of: pods, claims)
        for volume in volumes { try await settle(volume, claims) }
        let classes = Dictionary(
            try await cluster.list(StorageClass.self).map { ($0.metadata.name, $0) },
            uniquingKeysWith: { first, _ in first })
        // What is given to one claim in this pass is no other's.
        var free = volumes
        for claim in claims.sorted(by: { $0.key < $1.key }) {
            if claim.metadata.isTerminating {
                try await unprotect(claim, pods)
            } else if claim.isFullyBound {
                try await keep(claim, volumes)
            } else if let used = try await bind(claim, free, classes[claim.className]) {
                free.removeAll { $0.metadata.name == used }
            }
        }
    }

    // MARK: Ephemeral volumes

    private static func usesEphemeral(_ pod: Pod) -> Bool {
        pod.spec.claims(ofPod: pod.metadata.name).contains(where: \.isEphemeral)
    }

    private func makeClaims(of pods: [Pod], _ claims: [PersistentVolumeClaim]) async throws(ClusterError) {
        for pod in pods where !pod.metadata.isTerminating && !pod.isTerminal && Self.usesEphemeral(pod) {
            for volume in pod.spec.volumes {
                guard case .ephemeral(let source) = volume.source, let template = source.volumeClaimTemplate
                else { continue }
                var metadata = template.metadata
                metadata.name = "\(pod.metadata.name)-\(volume.name)"
                metadata.namespace = pod.metadata.namespace
                var owner = pod.controllerReference
                owner.controller = true
                owner.blockOwnerDeletion = true
                metadata.ownerReferences = [owner]
                guard !claims.contains(where: { $0.key == metadata.key }) else { continue }
                try await create(PersistentVolumeClaim(metadata, spec: template.spec))
            }
        }
    }

    // MARK: Volumes

    private func settle(
        _ volume: PersistentVolume, _ claims: [PersistentVolumeClaim]
    ) async throws(ClusterError) {
        let claim = claims.first { volume.isKept(for: $0) }
        let isReleased = !(volume.spec.claimRef?.uid ?? "").isEmpty && claim == nil
        let isBound = claim?.spec.volumeName == volume.metadata.name && claim?.isFullyBound == true
        let phase = isReleased ? "Released" : isBound ? "Bound" : "Available"
        if volume.metadata.isTerminating, phase != "Bound" {
            try await takeOff(PersistentVolume.protectionFinalizer, PersistentVolume.self, volume.metadata)
            return
        }
        if volume.status.phase != phase { try await set(phase, of: volume) }
        guard isReleased, volume.spec.persistentVolumeReclaimPolicy == "Delete", let storage,
            volume.metadata.annotations[LocalStorage.provisionedBy] == LocalStorage.provisioner
        else { return }
        do throws(SystemError) { try storage.remove(volume) } catch {
            log.warning(
                "volume is left behind", ["volume": volume.metadata.name, "error": error.description])
        }
        try await delete(volume)
    }

    private func set(_ phase: String, of volume: PersistentVolume) async throws(ClusterError) {
        let patch: JSON = ["status": ["phase": .string(phase)]]
        try await change(PersistentVolume.self, volume.key, patch, "status")
    }

    // MARK: Claims

    /// A claim that is bound has its volume, or is lost.
    private func keep(
        _ claim: PersistentVolumeClaim, _ volumes: [PersistentVolume]
    ) async throws(ClusterError) {
        let volume = volumes.first { $0.metadata.name == claim.spec.volumeName }
        guard let volume, volume.isKept(for: claim) else {
            guard claim.status.phase != "Lost" else { return }
            return try await setStatus(of: claim, ["phase": "Lost"])
        }
        guard claim.status.phase != "Bound" else { return }
        try await setStatus(of: claim, Self.bound(to: volume))
    }

    private static func bound(to volume: PersistentVolume) -> JSON {
        [
            "phase": "Bound",
            "accessModes": .array(volume.spec.accessModes.map { .string($0.rawValue) }),
            "capacity": ["storage": .string(volume.capacity.text)],
        ]
    }

    private func setStatus(of claim: PersistentVolumeClaim, _ status: JSON) async throws(ClusterError) {
        let patch: JSON = ["status": status]
        try await change(PersistentVolumeClaim.self, claim.key, patch, "status")
    }

    /// Binds a claim, or has a volume made for it.
    ///
    /// - Returns: the volume that it has got.
    private func bind(
        _ claim: PersistentVolumeClaim, _ volumes: [PersistentVolume], _ storageClass: StorageClass?
    ) async throws(ClusterError) -> String? {
        if let name = claim.spec.volumeName, !name.isEmpty {
            guard let volume = volumes.first(where: { $0.metadata.name == name }),
                volume.spec.claimRef == nil || volume.isKept(for: claim)
            else { return nil }
            try await complete(claim, volume)
            return name
        }
        let waits = storageClass?.waitsForConsumer == true
        let best = PersistentVolume.candidates(for: claim, among: volumes).first
        if let best, !waits || best.isKept(for: claim) {
            try await complete(claim, best)
            return best.metadata.name
        }
        guard let storageClass, !waits || claim.selectedNode != nil else {
            note(
                claim, .normal, storageClass == nil ? "FailedBinding" : "WaitForFirstConsumer",
                storageClass == nil
                    ? "no persistent volumes available for this claim and no storage class is set"
                    : "waiting for first consumer to be created before binding")
            return nil
        }
        if storageClass.provisioner == LocalStorage.provisioner, let storage {
            try await provision(claim, storageClass, storage)
        }
        return nil
    }

    private func provision(
        _ claim: PersistentVolumeClaim, _ storageClass: StorageClass, _ storage: LocalStorage
    ) async throws(ClusterError) {
        let nodes = try await cluster.list(Node.self)
        let node = claim.selectedNode.map { name in nodes.first { $0.metadata.name == name } } ?? nodes.first
        guard let node else {
            // The scheduler is told to choose another.
            guard claim.selectedNode != nil else { return }
            let patch: JSON = [
                "metadata": ["annotations": [PersistentVolumeClaim.selectedNodeAnnotation: .null]]
            ]
            try await change(PersistentVolumeClaim.self, claim.key, patch)
            return
        }
        let volume: PersistentVolume
        do throws(SystemError) { volume = try storage.make(for: claim, storageClass, on: node) } catch {
            return note(
                claim, .warning, "ProvisioningFailed",
                "failed to provision volume with StorageClass \"\(storageClass.metadata.name)\": \(error)")
        }
        try await create(volume)
        note(
            claim, .normal, "ProvisioningSucceeded", "Successfully provisioned volume \(volume.metadata.name)"
        )
    }

    /// Binds both sides, the volume's first.
    private func complete(
        _ claim: PersistentVolumeClaim, _ volume: PersistentVolume
    ) async throws(ClusterError) {
        let byController: JSON = [PersistentVolumeClaim.boundByControllerAnnotation: "yes"]
        if volume.spec.claimRef?.uid != claim.metadata.uid {
            var patch: JSON = [
                "metadata": ["resourceVersion": .string(volume.metadata.resourceVersion)],
                "spec": [
                    "claimRef": [
                        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                        "namespace": .string(claim.metadata.namespace), "name": .string(claim.metadata.name),
                        "uid": .string(claim.metadata.uid),
                    ]
                ],
            ]
            if volume.spec.claimRef == nil { patch.metadata?.annotations = byController }
            let isDone = try await change(PersistentVolume.self, volume.key, patch)
            guard isDone else { return }
        }
        var patch: JSON = [
            "metadata": [
                "resourceVersion": .string(claim.metadata.resourceVersion),
                "annotations": [PersistentVolumeClaim.bindCompletedAnnotation: "yes"],
            ],
            "spec": ["volumeName": .string(volume.metadata.name)],
        ]
        if claim.spec.volumeName == nil {
            patch.metadata?.annotations?[PersistentVolumeClaim.boundByControllerAnnotation] = "yes"
        }
        guard try await change(PersistentVolumeClaim.self, claim.key, patch) else { return }
        try await setStatus(of: claim, Self.bound(to: volume))
    }

    /// Lets a claim go that no pod on a node uses any more.
    private func unprotect(_ claim: PersistentVolumeClaim, _ pods: [Pod]) async throws(ClusterError) {
        let isUsed = pods.contains { pod in
            pod.isBound && pod.metadata.namespace == claim.metadata.namespace
                && pod.spec.claims(ofPod: pod.metadata.name).contains { $0.claim == claim.metadata.name }
        }
        guard !isUsed else { return }
        try await takeOff(
            PersistentVolumeClaim.protectionFinalizer, PersistentVolumeClaim.self, claim.metadata)
    }

    private func takeOff<Object: Resource>(
        _ finalizer: String, _ type: Object.Type, _ metadata: ObjectMetadata
    ) async throws(ClusterError) {
        guard metadata.finalizers.contains(finalizer) else { return }
        let rest = metadata.finalizers.filter { $0 != finalizer }
        let patch: JSON = [
            "metadata": [
                "resourceVersion": .string(metadata.resourceVersion),
                "finalizers": rest.isEmpty ? .null : .array(rest.map { .string($0) }),
            ]
        ]
        try await change(type, metadata.key, patch)
    }

    private func note(
        _ claim: PersistentVolumeClaim, _ type: EventType, _ reason: String, _ note: String
    ) {
        events.record(
            EventNote(type, about: claim.reference, reason: reason, action: "Binding", note: note))
    }

    // MARK: Writes. Of what somebody else has changed, made or deleted meanwhile, a watch tells.

    private func create(_ object: some Resource) async throws(ClusterError) {
        do throws(ClusterError) { try await cluster.create(object) } catch {
            if error.isWorthRetrying { throw error }
        }
    }

    /// - Returns: whether it was done.
    @discardableResult
    private func change<Object: Resource>(
        _ type: Object.Type, _ key: ObjectKey, _ patch: JSON, _ subresource: String? = nil
    ) async throws(ClusterError) -> Bool {
        do throws(ClusterError) {
            try await cluster.patch(type, key, patch, kind: .merge, subresource: subresource)
            return true
        } catch {
            if error.isWorthRetrying { throw error }
            return false
        }
    }

    private func delete(_ volume: PersistentVolume) async throws(ClusterError) {
        do throws(ClusterError) {
            try await cluster.delete(
                PersistentVolume.self, volume.key, DeleteOptions(uid: volume.metadata.uid))
        } catch {
            if error.isWorthRetrying { throw error }
        }
    }
}
