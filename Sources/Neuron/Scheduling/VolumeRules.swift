// Where a pod can have its volumes: kube-scheduler's filters VolumeRestrictions, NodeVolumeLimits, VolumeBinding and VolumeZone,
// in their order and with their words. What is wrong wherever the pod would go is found once, before any node is looked at.

internal import KubernetesAPI

/// Why a pod can be placed nowhere, for its claims: kube-scheduler's words.
package struct VolumeFault: Error, Equatable {
    /// What kube-scheduler says.
    package var words: String
}

/// Where one pod can have its volumes.
package struct VolumeRules: Sendable {
    /// Volumes that its claims are bound to.
    private var bound: [PersistentVolume] = []
    private var zones: [(volume: String, label: String, values: Set<String>)] = []
    /// Claims that wait for a node, the smallest first.
    private var waiting: [Waiting] = []
    /// ReadWriteOncePod claims that others use, with those pods.
    private var inUse: [(claim: ObjectKey, pods: Set<String>)] = []
    /// Volumes of CSI drivers that it uses, with their drivers.
    private var attachments: [String: String] = [:]

    /// A claim that waits for a node.
    private struct Waiting: Sendable {
        var claim: PersistentVolumeClaim
        /// Volumes that there are for it, the best first.
        var candidates: [PersistentVolume]
        var storageClass: StorageClass
    }

    /// The rules for a pod.
    ///
    /// - Throws: why it can be placed nowhere.
    package init(_ pod: PodInfo, _ claims: PodClaims, _ state: VolumeState) throws(VolumeFault) {
        for use in claims.uses {
            let claim = try Self.claim(use, of: pod, state)
            if !use.isEphemeral, claim.spec.accessModes.contains(.readWriteOncePod) {
                let others = state.users(of: use.key).subtracting([pod.uid])
                if !others.isEmpty { inUse.append((use.key, others)) }
            }
            if let (driver, volume) = state.driver(of: use.key) { attachments[volume] = driver }
            if claim.isFullyBound {
                try take(claim, use, state)
            } else if let storageClass = state.classes[claim.className], storageClass.waitsForConsumer,
                (claim.spec.volumeName ?? "").isEmpty
            {
                let candidates =
                    claim.selectedNode == nil
                    ? PersistentVolume.candidates(
                        for: claim, among: state.volumes(ofClass: claim.className)) : []
                waiting.append(Waiting(claim: claim, candidates: candidates, storageClass: storageClass))
            } else {
                throw VolumeFault(words: "pod has unbound immediate PersistentVolumeClaims")
            }
        }
        waiting.sort { left, right in
            left.claim.request == right.claim.request
                ? left.claim.key < right.claim.key : left.claim.request < right.claim.request
        }
    }

    /// A claim that can be used (podHasPVCs).
    private static func claim(
        _ use: PodClaims.Use, of pod: PodInfo, _ state: VolumeState
    ) throws(VolumeFault) -> PersistentVolumeClaim {
        let name = use.key.name
        guard let claim = state.claim(use.key) else {
            throw VolumeFault(
                words: use.isEphemeral
                    ? "waiting for ephemeral volume controller to create the persistentvolumeclaim \"\(name)\""
                    : "persistentvolumeclaim \"\(name)\" not found")
        }
        if claim.status.phase == "Lost" {
            throw VolumeFault(
                words: "persistentvolumeclaim \"\(name)\" bound to non-existent persistentvolume \""
                    + "\(claim.spec.volumeName ?? "")\"")
        }
        guard !claim.metadata.isTerminating else {
            throw VolumeFault(words: "persistentvolumeclaim \"\(name)\" is being deleted")
        }
        guard !use.isEphemeral || claim.metadata.controller?.uid == pod.uid else {
            throw VolumeFault(
                words: "PVC \(use.key) was not created for pod \(pod.key) (pod is not owner)")
        }
        return claim
    }

    private mutating func take(
        _ claim: PersistentVolumeClaim, _ use: PodClaims.Use, _ state: VolumeState
    ) throws(VolumeFault) {
        let name = claim.spec.volumeName ?? ""
        guard let volume = state.volume(name) else {
            throw VolumeFault(words: "persistentvolume \"\(name)\" not found")
        }
        bound.append(volume)
        guard !use.isEphemeral else { return }
        zones += volume.zones.map { (name, $0.label, $0.values) }
    }

    // MARK: Nodes

    /// What a node has for the pod's volumes.
    package struct Place {
        var node: CandidateNode
        /// How many volumes it takes, by driver.
        var limits: [String: Int]
        /// Volumes that pods on it use, with their drivers; asked for only where there are limits.
        var attached: () -> [String: String]
        /// Pods that are thought away.
        var gone: Set<String> = []

        /// A node.
        ///
        /// - Parameters:
        ///   - limits: how many volumes it takes, by driver.
        ///   - attached: volumes that pods on it use, with their drivers; asked for only where there are limits.
        ///   - gone: pods that are thought away, by uid.
        package init(
            node: CandidateNode, limits: [String: Int] = [:],
            attached: @escaping () -> [String: String] = { [:] }, gone: Set<String> = []
        ) {
            self.node = node
            self.limits = limits
            self.attached = attached
            self.gone = gone
        }
    }

    /// Why a pod cannot have its volumes on a node.
    package enum Refusal: Hashable, Sendable {
        /// Another pod has this ReadWriteOncePod claim.
        case inUse(claim: String)
        /// The node takes no more volumes of this driver.
        case limit(driver: String)
        /// This volume cannot be had from the node.
        case affinity(volume: String)
        /// There is no volume for this claim, and none can be made there.
        case unmatched(claim: String)
        /// The node is in another zone or region than this volume.
        case zone(volume: String)

        /// What follows "NODE ".
        package var words: String {
            switch self {
            case .inUse(let claim):
                "is unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by"
                    + " another pod (\(claim))"
            case .limit(let driver): "would exceed max volume count (\(driver))"
            case .affinity(let volume): "didn't match PersistentVolume's node affinity (\(volume))"
            case .unmatched(let claim): "didn't find available persistent volumes to bind (\(claim))"
            case .zone(let volume): "had no available volume zone (\(volume))"
            }
        }

        /// As kube-scheduler says it of several nodes.
        package var plural: String {
            switch self {
            case .inUse:
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use"
                    + " by another pod"
            case .limit: "node(s) exceed max volume count"
            case .affinity: "node(s) didn't match PersistentVolume's node affinity"
            case .unmatched: "node(s) didn't find available persistent volumes to bind"
            case .zone: "node(s) had no available volume zone"
            }
        }
    }

    /// Why the pod cannot have its volumes on a node; nil where it can.
    package func refusal(by place: Place) -> Refusal? {
        for (claim, pods) in inUse where !pods.isSubset(of: place.gone) { return .inUse(claim: claim.name) }
        if let driver = exceededDriver(place) { return .limit(driver: driver) }
        let labels = place.node.labels
        if let volume = bound.first(where: { !$0.isReachable(from: labels) }) {
            return .affinity(volume: volume.metadata.name)
        }
        if case .failure(let claim) = match(on: place.node) { return .unmatched(claim: claim.name) }
        guard PersistentVolume.zoneLabels.contains(where: { labels[$0] != nil }) else { return nil }
        for (volume, label, values) in zones {
            // A node may have the label of today alone.
            let today =
                label.hasSuffix("/zone") ? "topology.kubernetes.io/zone" : "topology.kubernetes.io/region"
            guard let value = labels[label] ?? labels[today], values.contains(value) else {
                return .zone(volume: volume)
            }
        }
        return nil
    }

    private func exceededDriver(_ place: Place) -> String? {
        guard !attachments.isEmpty, attachments.values.contains(where: { place.limits[$0] != nil }) else {
            return nil
        }
        let attached = place.attached()
        var new: [String: Int] = [:]
        for (volume, driver) in attachments where attached[volume] == nil { new[driver, default: 0] += 1 }
        return new.keys.sorted().first { driver in
            guard let limit = place.limits[driver], let more = new[driver] else { return false }
            return attached.values.count { $0 == driver } + more > limit
        }
    }

    /// A claim for which a node has nothing.
    private struct Unmatched: Error {
        var name: String
    }

    /// What becomes of the claims that wait, where the pod goes to a node.
    private func match(on node: CandidateNode) -> Result<VolumePlan, Unmatched> {
        var plan = VolumePlan(node: node.name, matches: [], provisions: [])
        var chosen: Set<String> = []
        for waiting in waiting {
            let (claim, storageClass) = (waiting.claim, waiting.storageClass)
            if let selected = claim.selectedNode {
                guard selected == node.name else { return .failure(Unmatched(name: claim.key.name)) }
            } else if let volume = waiting.candidates.first(where: {
                !chosen.contains($0.metadata.name) && $0.isReachable(from: node.labels)
            }) {
                chosen.insert(volume.metadata.name)
                plan.matches.append(VolumePlan.Match(claim: claim, volume: volume))
                continue
            }
            guard storageClass.provisions, storageClass.allows(node.labels) else {
                return .failure(Unmatched(name: claim.key.name))
            }
            plan.provisions.append(claim)
        }
        return .success(plan)
    }

    /// What has to become of the claims before the pod can be bound to a node that does not refuse it.
    package func plan(on node: CandidateNode) -> VolumePlan {
        switch match(on: node) {
        case .success(let plan): plan
        case .failure: VolumePlan(node: node.name, matches: [], provisions: [])
        }
    }
}
