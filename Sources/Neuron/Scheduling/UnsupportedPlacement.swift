// What a pod may ask of its place and this operator does not look at. The kubelet checks none of it: a pod that is bound
// without it runs where it must not, or waits for its volume for ever. So it is not bound, and told which field it is.

internal import GanglionAPI
package import KubernetesAPI

/// Something that this operator cannot place by.
package struct UnsupportedPlacement: Hashable, Sendable {
    /// The field below a pod's `spec`.
    package var field: String
    /// What is wrong with it and what to do.
    package var words: String

    /// The first thing of a pod's spec that this operator cannot place by; nil where there is none.
    ///
    /// - Parameter annotations: the pod's, which say whether its volumes can be had from every node.
    package init?(_ spec: PodSpec, annotations: [String: String]) {
        let take = "is nothing that ganglion-operator can place by yet: take it out"
        if annotations[WellKnown.volumesAnnotation] != WellKnown.volumesOnAnyNode {
            for (index, volume) in spec.volumes.enumerated() {
                guard case .other(let kind, _) = volume.source, Self.boundVolumes.contains(kind) else {
                    continue
                }
                self.init(
                    field: "volumes[\(index)].\(kind)",
                    words:
                        "(\(volume.name)) may have to be in one zone or wait for a node, which ganglion-operator does"
                        + " not look at yet: take it out, or where every node can have the volume, say so with the"
                        + " annotation \(WellKnown.volumesAnnotation): \(WellKnown.volumesOnAnyNode)")
                return
            }
        }
        guard !spec.resourceClaims.isEmpty else { return nil }
        self.init(field: "resourceClaims", words: take)
    }

    private init(field: String, words: String) {
        self.field = field
        self.words = words
    }

    /// Volumes that kube-scheduler's VolumeBinding, VolumeZone, VolumeRestrictions and NodeVolumeLimits look at.
    private static let boundVolumes: Set = [
        "persistentVolumeClaim", "ephemeral", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk",
        "cinder", "rbd", "iscsi",
    ]
}
