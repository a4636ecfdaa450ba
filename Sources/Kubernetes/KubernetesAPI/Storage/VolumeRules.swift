// Which volume is a claim's, and which could be: the rules that kube-scheduler and the controller of volumes have in common
// (component-helpers storage/volume).

extension PersistentVolumeClaim {
    /// The annotation with the node for which a volume is to be made.
    public static let selectedNodeAnnotation = "volume.kubernetes.io/selected-node"
    /// The annotation of claims whose binding is complete on both sides.
    public static let bindCompletedAnnotation = "pv.kubernetes.io/bind-completed"
    /// The annotation of what a controller has bound, and nobody by hand.
    public static let boundByControllerAnnotation = "pv.kubernetes.io/bound-by-controller"
    /// The finalizer of claims: gone when no pod uses it any more.
    public static let protectionFinalizer = "kubernetes.io/pvc-protection"

    /// The class, by its old annotation or by its field; empty for none.
    public var className: String { metadata.annotations[oldClassAnnotation] ?? spec.storageClassName ?? "" }
    /// Whether it is bound, on both sides.
    public var isFullyBound: Bool {
        !(spec.volumeName ?? "").isEmpty && metadata.annotations[Self.bindCompletedAnnotation] != nil
    }
    /// How much it asks for.
    public var request: Quantity { spec.resources.requests["storage"] ?? .zero }
    /// The node for which a volume is to be made; nil while nobody has chosen one.
    public var selectedNode: String? { metadata.annotations[Self.selectedNodeAnnotation] }
}

extension PersistentVolume {
    /// The finalizer of volumes: gone when no claim uses it any more.
    public static let protectionFinalizer = "kubernetes.io/pv-protection"

    /// The class, by its old annotation or by its field; empty for none.
    public var className: String { metadata.annotations[oldClassAnnotation] ?? spec.storageClassName ?? "" }
    /// How much it has.
    public var capacity: Quantity { spec.capacity["storage"] ?? .zero }

    /// Whether it is bound to a claim or kept for it (IsVolumeBoundToClaim).
    public func isKept(for claim: PersistentVolumeClaim) -> Bool {
        guard let reference = spec.claimRef, reference.name == claim.metadata.name,
            reference.namespace ?? "" == claim.metadata.namespace
        else { return false }
        return (reference.uid ?? "").isEmpty || reference.uid == claim.metadata.uid
    }

    /// Whether a node with these labels can have it (CheckNodeAffinity).
    public func isReachable(from labels: [String: String]) -> Bool {
        spec.nodeAffinity?.required?.matches(labels: labels, name: "") ?? true
    }

    /// The zones and regions that its labels name: the label with the values that a node's may have (VolumeZone).
    public var zones: [(label: String, values: Set<String>)] {
        Self.zoneLabels.compactMap { label in
            guard let text = metadata.labels[label] else { return nil }
            // A volume in several zones has all of them in one label; an empty one among them cannot be read.
            var values: Set<String> = []
            var rest = text[...]
            while let mark = rest.firstRange(of: "__") {
                values.insert(String(rest[..<mark.lowerBound]))
                rest = rest[mark.upperBound...]
            }
            values.insert(String(rest))
            return values.contains("") ? nil : (label, values)
        }
    }

    /// The labels that name zones and regions, those of before Kubernetes 1.17 first.
    public static let zoneLabels = [
        "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone", "topology.kubernetes.io/region",
    ]

    /// Whether it could be a claim's, wherever it is: the parts of FindMatchingVolume that hold for volumes which are kept for
    /// the claim, too.
    private func suits(_ claim: PersistentVolumeClaim) -> Bool {
        capacity >= claim.request && !metadata.isTerminating
            && (spec.volumeMode ?? "Filesystem") == (claim.spec.volumeMode ?? "Filesystem")
            && (spec.volumeAttributesClassName ?? "") == (claim.spec.volumeAttributesClassName ?? "")
            && (spec.claimRef == nil || isKept(for: claim))
    }

    /// Whether it is free and of the kind that a claim asks for.
    private func isFree(for claim: PersistentVolumeClaim) -> Bool {
        status.phase == "Available" && className == claim.className
            && claim.spec.selector?.matches(metadata.labels) ?? true
            && claim.spec.accessModes.allSatisfy(spec.accessModes.contains)
    }

    /// What a claim could be bound to, the best first (FindMatchingVolume): the volume that is kept for it and no other, where
    /// there is one; otherwise the smallest, then the first by name.
    public static func candidates(
        for claim: PersistentVolumeClaim, among volumes: some Sequence<PersistentVolume>
    ) -> [PersistentVolume] {
        let suitable = volumes.filter { $0.suits(claim) }
        let kept = suitable.filter { $0.isKept(for: claim) }.min { $0.metadata.name < $1.metadata.name }
        if let kept { return [kept] }
        return suitable.filter { $0.isFree(for: claim) }.sorted { left, right in
            left.capacity == right.capacity
                ? left.metadata.name < right.metadata.name : left.capacity < right.capacity
        }
    }
}

/// How classes were named before Kubernetes 1.6; it counts more than the field.
private let oldClassAnnotation = "volume.beta.kubernetes.io/storage-class"

extension PodSpec {
    /// The claims that a pod uses, by its volumes, in their order.
    ///
    /// - Parameter name: the pod's.
    public func claims(ofPod name: String) -> [(volume: String, claim: String, isEphemeral: Bool)] {
        volumes.compactMap { volume in
            switch volume.source {
            case .persistentVolumeClaim(let source): (volume.name, source.claimName, false)
            case .ephemeral: (volume.name, "\(name)-\(volume.name)", true)
            default: nil
            }
        }
    }
}
