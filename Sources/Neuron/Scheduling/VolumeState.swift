// What is known of claims, volumes and classes, and what was decided about them that no watch shows yet: a volume that is
// chosen for one claim is no other's, and pods that share a claim go where its volume will be.

package import KubernetesAPI

/// What has to become of the claims of a pod before it can be bound to its node.
package struct VolumePlan: Equatable, Sendable {
    /// A claim with the volume that it gets.
    package struct Match: Equatable, Sendable {
        /// The claim.
        package var claim: PersistentVolumeClaim
        /// The volume, as it was seen.
        package var volume: PersistentVolume
    }

    /// The pod's node.
    package var node: String
    /// Volumes that there are, each for a claim.
    package var matches: [Match]
    /// Claims whose volumes have to be made for the node.
    package var provisions: [PersistentVolumeClaim]

    /// Whether all claims are bound already.
    package var isEmpty: Bool { matches.isEmpty && provisions.isEmpty }
}

/// Claims, volumes and classes as decisions see them.
package struct VolumeState: Sendable {
    /// What has changed since somebody looked.
    struct Changes: Sendable {
        var claims: Set<ObjectKey> = []
        /// Volumes by name, with their classes.
        var volumes: Set<String> = []
        var classes: Set<String> = []
        /// Whether a node takes another number of volumes.
        var limits = false

        var isEmpty: Bool { claims.isEmpty && volumes.isEmpty && classes.isEmpty && !limits }
    }

    var changes = Changes()
    private(set) var classes: [String: StorageClass] = [:]
    /// How many volumes a node takes, by node and driver.
    private(set) var limits: [String: [String: Int]] = [:]
    private var claims: [ObjectKey: PersistentVolumeClaim] = [:]
    private var volumes: [String: PersistentVolume] = [:]
    private var volumesByClass: [String: Set<String>] = [:]
    /// The pods on nodes that use a claim.
    private var users: [ObjectKey: Set<String>] = [:]
    /// By uid of the pod.
    private var plans: [String: VolumePlan] = [:]
    /// Nodes that were chosen for claims, with the pods that count on it.
    private var selected: [ObjectKey: (node: String, pods: Set<String>)] = [:]
    /// Volumes that were chosen for claims, with the pods that count on it.
    private var taken: [String: (claim: ObjectReference, pods: Set<String>)] = [:]

    /// Nothing is known.
    package init() {}

    // MARK: Observing

    /// A claim is there, or has changed.
    package mutating func observe(_ claim: PersistentVolumeClaim) {
        let old = claims.updateValue(claim, forKey: claim.key)
        guard
            old?.spec != claim.spec || old?.metadata.annotations != claim.metadata.annotations
                || old?.status.phase != claim.status.phase || old?.metadata.uid != claim.metadata.uid
                || old?.metadata.isTerminating != claim.metadata.isTerminating
                || old?.metadata.ownerReferences != claim.metadata.ownerReferences
        else { return }
        changes.claims.insert(claim.key)
    }

    mutating func forget(claim key: ObjectKey) {
        claims[key] = nil
        changes.claims.insert(key)
    }

    /// A volume is there, or has changed.
    package mutating func observe(_ volume: PersistentVolume) {
        let name = volume.metadata.name
        let old = volumes.updateValue(volume, forKey: name)
        if let old, old.className != volume.className { volumesByClass[old.className]?.remove(name) }
        volumesByClass[volume.className, default: []].insert(name)
        guard
            old?.spec != volume.spec || old?.status != volume.status
                || old?.metadata.labels != volume.metadata.labels
                || old?.metadata.isTerminating != volume.metadata.isTerminating
        else { return }
        note(volume)
    }

    mutating func forget(volume name: String) {
        guard let old = volumes.removeValue(forKey: name) else { return }
        volumesByClass[old.className]?.remove(name)
        if volumesByClass[old.className]?.isEmpty == true { volumesByClass[old.className] = nil }
        note(old)
    }

    private mutating func note(_ volume: PersistentVolume) {
        changes.volumes.insert(volume.metadata.name)
        changes.classes.insert(volume.className)
    }

    /// A class is there, or has changed.
    package mutating func observe(_ storageClass: StorageClass) {
        let name = storageClass.metadata.name
        let old = classes.updateValue(storageClass, forKey: name)
        guard
            old?.volumeBindingMode != storageClass.volumeBindingMode
                || old?.provisioner != storageClass.provisioner
                || old?.allowedTopologies != storageClass.allowedTopologies
        else { return }
        changes.classes.insert(name)
    }

    mutating func forget(storageClass name: String) {
        classes[name] = nil
        changes.classes.insert(name)
    }

    mutating func observe(limits: [String: Int], of node: String) {
        let new = limits.isEmpty ? nil : limits
        guard self.limits[node] != new else { return }
        self.limits[node] = new
        changes.limits = true
    }

    // MARK: What there is, with what was decided

    /// A claim; nil where there is none.
    func claim(_ key: ObjectKey) -> PersistentVolumeClaim? {
        guard var claim = claims[key] else { return nil }
        if let node = selected[key]?.node {
            claim.metadata.annotations[PersistentVolumeClaim.selectedNodeAnnotation] = node
        }
        return claim
    }

    /// A volume; nil where there is none.
    func volume(_ name: String) -> PersistentVolume? {
        guard var volume = volumes[name] else { return nil }
        if let claim = taken[name]?.claim { volume.spec.claimRef = claim }
        return volume
    }

    /// The volumes of a class.
    func volumes(ofClass name: String) -> [PersistentVolume] {
        (volumesByClass[name] ?? []).compactMap { volume($0) }
    }

    /// The pods on nodes that use a claim.
    func users(of claim: ObjectKey) -> Set<String> { users[claim] ?? [] }

    /// What the CSI driver of a claim's volume is, and what tells the volume from others (getCSIDriverInfo); nil where it has
    /// none.
    func driver(of key: ObjectKey) -> (driver: String, volume: String)? {
        guard let claim = claims[key] else { return nil }
        if let name = claim.spec.volumeName, !name.isEmpty, let volume = volumes[name] {
            return volume.spec.csi.map { ($0.driver, "\($0.driver)/\($0.volumeHandle)") }
        }
        guard let storageClass = classes[claim.className] else { return nil }
        return (storageClass.provisioner, "\(storageClass.provisioner)/claim/\(key)")
    }

    // MARK: Deciding

    /// A pod has come to a node, or gone from it.
    ///
    /// - Parameter change: 1 or -1.
    package mutating func count(_ uid: String, _ pod: PodClaims, _ change: Int) {
        for use in pod.uses {
            if change > 0 {
                users[use.key, default: []].insert(uid)
            } else if users[use.key]?.remove(uid) != nil {
                if users[use.key]?.isEmpty == true { users[use.key] = nil }
                changes.claims.insert(use.key)
            }
        }
    }

    /// What was decided about the claims of a pod; nil where all were bound.
    func plan(of uid: String) -> VolumePlan? { plans[uid] }

    /// It was decided what becomes of a pod's claims.
    package mutating func assume(_ plan: VolumePlan, of uid: String) {
        guard !plan.isEmpty else { return }
        plans[uid] = plan
        for match in plan.matches {
            taken[match.volume.metadata.name, default: (match.claim.reference, [])].pods.insert(uid)
        }
        for claim in plan.provisions {
            selected[claim.key, default: (plan.node, [])].pods.insert(uid)
        }
    }

    /// What was decided about a pod's claims is done, or came to nothing: from now on they are what is seen of them.
    mutating func revert(_ uid: String) {
        guard let plan = plans.removeValue(forKey: uid) else { return }
        for match in plan.matches {
            let name = match.volume.metadata.name
            taken[name]?.pods.remove(uid)
            if taken[name]?.pods.isEmpty == true { taken[name] = nil }
            changes.claims.insert(match.claim.key)
            note(match.volume)
        }
        for claim in plan.provisions {
            selected[claim.key]?.pods.remove(uid)
            if selected[claim.key]?.pods.isEmpty == true { selected[claim.key] = nil }
            changes.claims.insert(claim.key)
        }
    }
}
