// What a pod may ask of its place and this operator does not look at. The kubelet checks none of it: a pod that is bound
// without it runs where it must not, or waits for its volume for ever. So it is not bound, and told which field it is.

internal import KubernetesAPI

extension PodSpec {
    /// The first thing that this operator cannot place by: the path of the field below `spec`, and what is wrong with it; nil
    /// where there is none. What is only preferred does no harm.
    var unsupportedPlacement: String? {
        if affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution.isEmpty == false {
            return Self.sentence("affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution")
        }
        if affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution.isEmpty == false {
            return Self.sentence(
                "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution",
                "; preferred terms are let pass")
        }
        for (index, constraint) in topologySpreadConstraints.enumerated()
        where constraint.whenUnsatisfiable != "ScheduleAnyway" {
            return Self.sentence(
                "topologySpreadConstraints[\(index)]",
                " with whenUnsatisfiable \(constraint.whenUnsatisfiable)")
        }
        for (index, volume) in volumes.enumerated() {
            guard case .other(let kind, _) = volume.source, Self.boundVolumes.contains(kind) else { continue }
            return Self.sentence(
                "volumes[\(index)].\(kind)",
                " (\(volume.name)), which may have to be in one zone or wait for a node")
        }
        if !resourceClaims.isEmpty { return Self.sentence("resourceClaims") }
        return nil
    }

    /// Volumes that kube-scheduler's VolumeBinding, VolumeZone, VolumeRestrictions and NodeVolumeLimits look at.
    private static let boundVolumes: Set = [
        "ephemeral", "awsElasticBlockStore", "gcePersistentDisk", "azureDisk", "cinder",
        "rbd", "iscsi",
    ]

    private static func sentence(_ field: String, _ rest: String = "") -> String {
        "spec.\(field) is nothing that ganglion-operator can place by yet\(rest): take it out"
    }
}
