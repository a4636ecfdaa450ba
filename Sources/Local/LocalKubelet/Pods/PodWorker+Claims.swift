// The volumes of claims. A container starts when all claims of its pod are bound and their volumes are there: until then it
// waits as ContainerCreating, as it does in a real kubelet while volumes are not mounted.

internal import KubernetesAPI
internal import SystemIO

extension PodWorker {
    /// Waits until the claims of the pod can be used, and notes where they are.
    ///
    /// - Returns: false when the pod was stopped first.
    func awaitClaims() async -> Bool {
        for (volume, claim, isEphemeral) in pod.spec.claims(ofPod: pod.name) where claimPaths[volume] == nil {
            var pause = min(Self.firstPause, services.timings.backoffInitial)
            var told: String?
            while !isStopping, claimPaths[volume] == nil {
                switch await path(of: claim, isEphemeral) {
                case .success(let path): claimPaths[volume] = path
                case .failure(let fault):
                    // What is being bound just now is no news.
                    if told != nil, told != fault.words { tell(fault, of: volume, claim) }
                    told = told == nil ? "" : fault.words
                    publish()
                    await self.pause(pause, group: volume)
                    pause = min(pause * 2, services.timings.backoffMaximum)
                }
            }
            guard !isStopping else { return false }
        }
        return !isStopping
    }

    /// A kubelet looks at volumes ten times a second; who waits long is looked at less often.
    private static let firstPause = Duration.milliseconds(100)

    private func tell(_ fault: ClaimFault, of volume: String, _ claim: String) {
        services.events.record(
            .warning, "FailedMount",
            "Unable to attach or mount volumes: unmounted volumes=[\(volume)], unattached volumes=[], failed to"
                + " process volumes=[\(volume)]: error processing PVC \(pod.namespace)/\(claim): \(fault.words)",
            pod: pod)
    }

    /// Why a claim cannot be used.
    private struct ClaimFault: Error {
        var words: String
    }

    private func path(of name: String, _ isEphemeral: Bool) async -> Result<String, ClaimFault> {
        let claim: PersistentVolumeClaim
        let volume: PersistentVolume
        do throws(ClusterError) {
            let key = ObjectKey(namespace: pod.namespace, name: name)
            claim = try await services.cluster.get(PersistentVolumeClaim.self, key)
            if let fault = fault(of: claim, isEphemeral) { return .failure(fault) }
            volume = try await services.cluster.get(
                PersistentVolume.self, ObjectKey(name: claim.spec.volumeName ?? ""))
        } catch {
            return .failure(ClaimFault(words: "failed to fetch PVC from API server: \(error)"))
        }
        guard volume.spec.claimRef?.uid == claim.metadata.uid else {
            return .failure(
                ClaimFault(
                    words:
                        "failed to fetch PV \(volume.metadata.name) from API server: it is not bound to the claim"
                ))
        }
        return path(of: volume)
    }

    private func fault(of claim: PersistentVolumeClaim, _ isEphemeral: Bool) -> ClaimFault? {
        if claim.metadata.isTerminating { return ClaimFault(words: "PVC is being deleted") }
        if isEphemeral, claim.metadata.controller?.uid != pod.uid {
            return ClaimFault(
                words:
                    "PVC \(claim.key) was not created for pod \(pod.namespace)/\(pod.name) (pod is not owner)"
            )
        }
        guard claim.status.phase == "Bound", claim.isFullyBound else {
            return ClaimFault(words: "PVC is not bound")
        }
        guard claim.spec.volumeMode != "Block" else {
            return ClaimFault(
                words: "this kubelet has no block devices: make the claim with volumeMode Filesystem")
        }
        return nil
    }

    private func path(of volume: PersistentVolume) -> Result<String, ClaimFault> {
        let name = volume.metadata.name
        if let host = volume.spec.hostPath {
            do throws(SystemError) {
                if host.type == "DirectoryOrCreate" { try Files.makeDirectory(host.path, mode: 0o755) }
                return .success(host.path)
            } catch {
                return .failure(
                    ClaimFault(words: "MountVolume.SetUp failed for volume \"\(name)\": \(error)"))
            }
        }
        guard let local = volume.spec.local else {
            return .failure(
                ClaimFault(
                    words:
                        "volume \"\(name)\" is neither a hostPath nor local, which are what this kubelet mounts"
                ))
        }
        guard Files.exists(local.path) else {
            return .failure(
                ClaimFault(
                    words: "MountVolume.NewMounter initialization failed for volume \"\(name)\": path"
                        + " \"\(local.path)\" does not exist"))
        }
        return .success(local.path)
    }
}
