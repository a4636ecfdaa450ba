// Claims, volumes and classes for the tests of volumes, as short as they can be.

import GanglionAPI
import JSON
import KubernetesAPI
import SchedulingTestSupport

@testable import Scheduling

/// What a test of volumes has: nodes a in zone 1, b in zone 2, and what there is of storage.
struct Storage {
    var scheduler = PodScheduler()

    init(
        nodes: [String: [String: String]] = [
            "a": ["topology.kubernetes.io/zone": "z1"], "b": ["topology.kubernetes.io/zone": "z2"],
        ]
    ) {
        for (name, labels) in nodes {
            scheduler.observe(
                Make.node(name) { node in
                    for (key, value) in labels { node[path: ["metadata", "labels", key]] = .string(value) }
                    node[path: ["metadata", "labels", "kubernetes.io/hostname"]] = .string(name)
                })
        }
    }

    static func pod(
        _ name: String, _ claims: [String], ephemeral: [String] = [], cores: Int = 2, node: String = "",
        priority: Int = 0, gang: Int? = nil, scheduler: String = WellKnown.scheduler
    ) -> PodInfo {
        let volumes =
            claims.map { ["name": .string($0), "persistentVolumeClaim": ["claimName": .string($0)]] as JSON }
            + ephemeral.map {
                ["name": .string($0), "ephemeral": ["volumeClaimTemplate": ["spec": [:]]]] as JSON
            }
        var pod = Make.pod(
            name, cores: cores, node: node, assigned: node.isEmpty ? nil : "0,1",
            phase: node.isEmpty ? "Pending" : "Running", scheduler: scheduler,
            extra: ["volumes": .array(volumes), "priority": JSON(priority)]
        ).pod
        if let gang {
            pod.metadata.annotations[WellKnown.gangAnnotation] = "g"
            pod.metadata.annotations[WellKnown.gangSizeAnnotation] = "\(gang)"
        }
        return PodInfo(pod)
    }

    static func claim(
        _ name: String, _ size: Quantity = 1, className: String? = "wait", volume: String? = nil,
        modes: [VolumeAccessMode] = [.readWriteOnce], change: (inout PersistentVolumeClaim) -> Void = { _ in }
    ) -> PersistentVolumeClaim {
        var claim = PersistentVolumeClaim(
            ObjectMetadata(name: name, namespace: "n"),
            spec: PersistentVolumeClaimSpec(size, storageClassName: className, accessModes: modes))
        claim.metadata.uid = "uid-\(name)"
        claim.metadata.resourceVersion = "10"
        if let volume {
            claim.spec.volumeName = volume
            claim.metadata.annotations[PersistentVolumeClaim.bindCompletedAnnotation] = "yes"
            claim.status.phase = "Bound"
        } else {
            claim.status.phase = "Pending"
        }
        change(&claim)
        return claim
    }

    static func volume(
        _ name: String, _ size: Quantity = 1, className: String? = "wait", on node: String? = nil,
        csi: String? = nil, change: (inout PersistentVolume) -> Void = { _ in }
    ) -> PersistentVolume {
        var volume = PersistentVolume(ObjectMetadata(name: name))
        volume.metadata.resourceVersion = "20"
        volume.spec.capacity["storage"] = size
        volume.spec.accessModes = [.readWriteOnce, .readWriteOncePod]
        volume.spec.storageClassName = className
        volume.spec.csi = csi.map { CSIVolume(driver: $0, volumeHandle: name) }
        volume.status.phase = "Available"
        if let node {
            volume.spec.nodeAffinity = VolumeNodeAffinity(
                required: NodeSelector([
                    NodeSelectorTerm(matchExpressions: [
                        SelectorRequirement("kubernetes.io/hostname", .in, [node])
                    ])
                ]))
        }
        change(&volume)
        return volume
    }

    static func storageClass(
        _ name: String = "wait", waits: Bool = true, provisioner: String = "p.example.com",
        topologies: [TopologySelectorTerm] = []
    ) -> StorageClass {
        StorageClass(
            ObjectMetadata(name: name), provisioner: provisioner,
            volumeBindingMode: waits ? "WaitForFirstConsumer" : "Immediate", allowedTopologies: topologies)
    }

    mutating func decide() -> [String] {
        scheduler.decide().map { decision in
            switch decision {
            case .bind(let pod, let node, _): "\(pod.key.name) -> \(node)"
            case .unschedulable(let pod, let message): "\(pod.key.name): \(message)"
            case .preempt(let pod, let node, let victims):
                "\(pod.key.name) on \(node) for \(victims.map(\.key.name).joined(separator: " "))"
            }
        }
    }

    /// What becomes of the claims of a pod: `volume for claim`, `claim`.
    func plan(_ pod: String) -> [String]? {
        scheduler.volumePlan(of: "uid-\(pod)").map { plan in
            plan.matches.map { "\($0.volume.metadata.name) for \($0.claim.metadata.name)" }
                + plan.provisions.map(\.metadata.name)
        }
    }
}
