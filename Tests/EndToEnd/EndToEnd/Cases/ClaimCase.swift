// Models on a volume, as most people keep them.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient

extension Case {
    static let claimCase = Case(
        "model-server-claim",
        "a ModelServer with a claim gets ready, and its claim is bound where it runs and kept while it is used"
    ) { context in
        try await context.requireRuntimes()
        try require(node: context.node.allocatable >= 2, "the node has fewer than 2 NeuronCores")
        try require(
            node: try await context.hasDefaultClass(),
            "the cluster has no default StorageClass: annotate one with \(StorageClass.defaultAnnotation)")
        let key = ObjectKey(namespace: context.namespace, name: "models")
        try await context.client.create(
            PersistentVolumeClaim(
                ObjectMetadata(name: key.name, namespace: key.namespace),
                spec: PersistentVolumeClaimSpec(Quantity(1 << 30))))
        let life = ModelServerLife.foreign(context, claim: key.name)
        try await life.apply()
        try await life.ready(replicas: 1)
        let claim = try await context.client.get(PersistentVolumeClaim.self, key)
        try require(
            claim.status.phase == "Bound", "the claim is \(claim.status.phase ?? "in no phase"), not Bound")
        if let selected = claim.selectedNode {
            try require(
                selected == context.node.name,
                "the volume was made for \(selected), the server runs on \(context.node.name)")
        }
        try await context.client.delete(PersistentVolumeClaim.self, key)
        let held = try await context.client.get(PersistentVolumeClaim.self, key)
        try require(held.metadata.isTerminating, "a claim that is used was not held back from its deletion")
        try await life.delete()
        try await context.gone(.persistentVolumeClaims, key)
    }
}

extension CaseContext {
    fileprivate func hasDefaultClass() async throws -> Bool {
        let classes = try await client.list(.storageClasses)
        return classes.items?.array?.contains {
            $0.meta.annotations[StorageClass.defaultAnnotation] == "true"
        } ?? false
    }
}
