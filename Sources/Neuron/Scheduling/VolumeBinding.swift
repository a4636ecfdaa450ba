// What happens between the decision about a pod with claims and its binding (kube-scheduler's bindAPIUpdate and checkBindings):
// volumes are kept for their claims, claims are told for which node their volumes are to be made, and then somebody else, the
// controller of volumes or a provisioner, binds them. It is over when all are bound, or when one of them cannot be any more.

package import KubernetesAPI

/// The claims of one pod on their way to being bound. No I/O.
package struct VolumeBinding: Sendable {
    /// What has to be written. Each names the version that it changes.
    package enum Write: Equatable, Sendable {
        /// A volume is kept for a claim.
        case keep(PersistentVolume, for: PersistentVolumeClaim)
        /// A claim gets its volume where a node can have it.
        case select(PersistentVolumeClaim, node: String)

        /// What it is written to: the volume's name, or the claim's key.
        package var id: String {
            switch self {
            case .keep(let volume, _): volume.metadata.name
            case .select(let claim, _): claim.key.description
            }
        }
    }

    /// What comes next.
    package enum Step: Equatable, Sendable {
        /// Write these, and tell `wrote` of each.
        case write([Write])
        /// Nothing, until a claim or a volume changes.
        case wait
        /// All are bound: the pod can be.
        case bound
        /// The pod has to be decided about again, for this reason.
        case failed(String)
    }

    /// What was decided.
    package let plan: VolumePlan
    /// Versions of what was written, or was found as it should be; by the volume's name, or the claim's key.
    private var written: [String: String] = [:]

    /// Nothing is written yet.
    package init(_ plan: VolumePlan) { self.plan = plan }

    /// The claims that are waited for.
    package var claims: [ObjectKey] { plan.matches.map(\.claim.key) + plan.provisions.map(\.key) }
    /// The volumes that were chosen for claims.
    package var volumes: [String] { plan.matches.map(\.volume.metadata.name) }

    /// Something was written.
    ///
    /// - Parameters:
    ///   - id: the write's.
    ///   - version: the resource version that it has now.
    package mutating func wrote(_ id: String, version: String) { written[id] = version }

    /// What comes next, by what is seen now.
    ///
    /// - Parameters:
    ///   - labels: the node's; nil where it is gone.
    ///   - claim: the claim of a key, if there is one.
    ///   - volume: the volume of a name, if there is one.
    package mutating func next(
        labels: [String: String]?, claim: (ObjectKey) -> PersistentVolumeClaim?,
        volume: (String) -> PersistentVolume?
    ) -> Step {
        guard let labels else { return .failed("binding volumes: node \"\(plan.node)\" not found") }
        var steps: [Step] = []
        for match in plan.matches {
            steps.append(
                next(
                    match, labels, claim(match.claim.key), volume(match.volume.metadata.name)))
        }
        for provision in plan.provisions {
            let current = claim(provision.key)
            steps.append(
                next(
                    provision, labels, current,
                    current?.spec.volumeName.flatMap { $0.isEmpty ? nil : volume($0) }))
        }
        var writes: [Write] = []
        for step in steps {
            if case .failed(let why) = step { return .failed("binding volumes: \(why)") }
            if case .write(let some) = step { writes += some }
        }
        guard writes.isEmpty else { return .write(writes) }
        return steps.allSatisfy { $0 == .bound } ? .bound : .wait
    }

    private mutating func next(
        _ match: VolumePlan.Match, _ labels: [String: String], _ claim: PersistentVolumeClaim?,
        _ volume: PersistentVolume?
    ) -> Step {
        let name = match.volume.metadata.name
        guard let claim, claim.metadata.uid == match.claim.metadata.uid else {
            return Self.missing(match.claim)
        }
        guard let volume else { return .failed("persistentvolume \"\(name)\" not found") }
        let reference = volume.spec.claimRef
        let isComplete = volume.isKept(for: claim) && !(reference?.uid ?? "").isEmpty
        guard let version = written[name] else {
            guard isComplete || reference == nil || volume.isKept(for: claim) else {
                return .failed("pv \"\(name)\" is bound to another claim")
            }
            guard isComplete else { return .write([.keep(volume, for: claim)]) }
            written[name] = volume.metadata.resourceVersion
            return claim.isFullyBound ? .bound : .wait
        }
        // What was written is not seen yet.
        if volume.metadata.resourceVersion.isOlder(than: version) { return .wait }
        guard volume.isReachable(from: labels) else { return mismatch(name) }
        guard isComplete else { return .failed("ClaimRef got reset for pv \"\(name)\"") }
        return claim.isFullyBound ? .bound : .wait
    }

    private mutating func next(
        _ wanted: PersistentVolumeClaim, _ labels: [String: String], _ claim: PersistentVolumeClaim?,
        _ volume: PersistentVolume?
    ) -> Step {
        guard let claim, claim.metadata.uid == wanted.metadata.uid else { return Self.missing(wanted) }
        let key = claim.key.description
        if let volume, !volume.isReachable(from: labels) { return mismatch(volume.metadata.name) }
        if claim.isFullyBound { return volume == nil ? .wait : .bound }
        guard let version = written[key] else {
            guard let selected = claim.selectedNode else { return .write([.select(claim, node: plan.node)]) }
            guard selected == plan.node else {
                return .failed(
                    "the volume of PVC \"\(claim.key.name)\" is being made for node \"\(selected)\"")
            }
            written[key] = claim.metadata.resourceVersion
            return .wait
        }
        if claim.metadata.resourceVersion.isOlder(than: version) { return .wait }
        // A provisioner that cannot make it there takes the node away again.
        guard claim.selectedNode == plan.node else {
            return .failed("provisioning failed for PVC \"\(claim.key.name)\"")
        }
        return .wait
    }

    private static func missing(_ claim: PersistentVolumeClaim) -> Step {
        .failed("persistentvolumeclaim \"\(claim.key.name)\" not found")
    }

    private func mismatch(_ volume: String) -> Step {
        .failed("pv \"\(volume)\" node affinity doesn't match node \"\(plan.node)\"")
    }
}

extension String {
    /// Whether this resource version comes before another of the same resource (CompareResourceVersion): decimal numbers of any
    /// length.
    fileprivate func isOlder(than other: String) -> Bool {
        utf8.count == other.utf8.count ? self < other : utf8.count < other.utf8.count
    }
}
