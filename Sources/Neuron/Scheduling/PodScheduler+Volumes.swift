// What decisions ask about claims and volumes. A pod without claims is not asked for more than that it has none.

package import KubernetesAPI

extension PodScheduler {
    // MARK: Observing

    /// A claim is there, or has changed.
    package mutating func observe(_ claim: PersistentVolumeClaim) { volumes.observe(claim) }
    /// A claim is gone.
    package mutating func forget(claim key: ObjectKey) { volumes.forget(claim: key) }
    /// A volume is there, or has changed.
    package mutating func observe(_ volume: PersistentVolume) { volumes.observe(volume) }
    /// A volume is gone.
    package mutating func forget(volume name: String) { volumes.forget(volume: name) }
    /// A class is there, or has changed.
    package mutating func observe(_ storageClass: StorageClass) { volumes.observe(storageClass) }
    /// A class is gone.
    package mutating func forget(storageClass name: String) { volumes.forget(storageClass: name) }
    /// How many volumes the drivers of a node take has become this; a driver without a limit is not there.
    package mutating func observe(volumeLimits limits: [String: Int], of node: String) {
        volumes.observe(limits: limits, of: node)
    }

    /// What has to become of a pod's claims before the binding that was decided can go out; nil where they are bound, and
    /// where nothing is decided.
    package func volumePlan(of uid: String) -> VolumePlan? { volumes.plan(of: uid) }

    // MARK: Deciding

    /// Where a pod can have its volumes; nil for pods without claims.
    func volumeRules(for pod: PodInfo) -> Result<VolumeRules?, VolumeFault> {
        guard let claims = pod.claims else { return .success(nil) }
        do throws(VolumeFault) { return .success(try VolumeRules(pod, claims, volumes)) } catch {
            return .failure(error)
        }
    }

    /// Whether a pod's claims keep it from every node, whoever goes.
    func hasVolumeFault(_ pod: PodInfo) -> Bool {
        if case .failure = volumeRules(for: pod) { true } else { false }
    }

    /// Why a pod cannot have its volumes on a node.
    ///
    /// - Parameter gone: pods that are thought away.
    func refusal(
        of pod: PodInfo, _ rules: VolumeRules, on number: Int, without gone: Set<String> = []
    ) -> VolumeRules.Refusal? {
        let node = places[number].usage.node
        return rules.refusal(
            by: VolumeRules.Place(
                node: node, limits: volumes.limits[node.name] ?? [:],
                attached: { attached(to: node.name, without: gone.union([pod.uid])) }, gone: gone))
    }

    /// The volumes of CSI drivers that the pods on a node use, with their drivers.
    private func attached(to node: String, without gone: Set<String>) -> [String: String] {
        guard let holders = holders[node] else { return [:] }
        var attached: [String: String] = [:]
        let pods =
            Array(holders.bound.values) + holders.assumed.values.map(\.pod)
            + holders.reserved.values.map(\.pod)
        for pod in pods where !gone.contains(pod.uid) {
            for use in pod.claims?.uses ?? [] {
                if let (driver, volume) = volumes.driver(of: use.key) { attached[volume] = driver }
            }
        }
        return attached
    }

    /// Wakes the shapes that wait for what has changed of claims, volumes and classes.
    mutating func wakeForVolumes() {
        let changes = volumes.changes
        guard !changes.isEmpty else { return }
        volumes.changes = VolumeState.Changes()
        for index in claimShapes where !shapes[index].queue.isEmpty && concern(changes, index) {
            shapes[index].isAwake = true
            shapes[index].message = nil
            shapes[index].tellsAgain = true
        }
    }

    private func concern(_ changes: VolumeState.Changes, _ shape: Int) -> Bool {
        guard !changes.limits, let claims = shapes[shape].example.claims else { return true }
        return claims.uses.contains { use in
            if changes.claims.contains(use.key) { return true }
            guard let claim = volumes.claim(use.key) else { return false }
            guard claim.isFullyBound else { return changes.classes.contains(claim.className) }
            return changes.volumes.contains(claim.spec.volumeName ?? "")
        }
    }
}
