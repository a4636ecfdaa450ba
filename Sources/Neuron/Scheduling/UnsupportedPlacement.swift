// What a pod may ask of its place and this operator does not look at. The kubelet checks none of it: a pod that is bound
// without it runs where it must not, or waits for its volume for ever. So it is not bound, and told which field it is.

package import KubernetesAPI

/// Something that this operator cannot place by.
package struct UnsupportedPlacement: Hashable, Sendable {
    /// The field below a pod's `spec`.
    package var field: String
    /// What is wrong with it and what to do.
    package var words: String

    /// The first thing of a pod's spec that this operator cannot place by; nil where there is none.
    package init?(_ spec: PodSpec) {
        for (index, volume) in spec.volumes.enumerated() {
            guard case .other(let kind, _) = volume.source, Self.disks.contains(kind) else { continue }
            self.init(
                field: "volumes[\(index)].\(kind)",
                words:
                    "(\(volume.name)) is a disk that one node at a time can have, which ganglion-operator looks at in"
                    + " PersistentVolumes alone: make one of it, and use a persistentVolumeClaim")
            return
        }
        guard !spec.resourceClaims.isEmpty else { return nil }
        self.init(
            field: "resourceClaims",
            words: "is nothing that ganglion-operator can place by yet: take it out")
    }

    private init(field: String, words: String) {
        self.field = field
        self.words = words
    }

    /// Disks that are named in a pod itself, which kube-scheduler's VolumeRestrictions and NodeVolumeLimits look at.
    private static let disks: Set = [
        "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "cinder", "rbd", "iscsi",
    ]
}
