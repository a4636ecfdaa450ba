// Claims, volumes and classes of storage, and what CSI drivers say of nodes.

internal import KubernetesAPI

extension BuiltInResources {
    /// Those of the core group.
    static let coreStorage: [ResourceType] = [
        make(
            "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim",
            shortNames: ["pvc"],
            subresources: [
                Subresource(name: "status", kind: "PersistentVolumeClaim", verbs: Subresource.status)
            ],
            columns: StorageColumns.claims, strategy: ClaimStrategy(),
            rules: MergeRules(
                lists: ["status.conditions": ["type"]], atomicObjects: ["spec.selector", "spec.dataSource"])),
        make(
            "", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", namespaced: false,
            shortNames: ["pv"],
            subresources: [
                Subresource(name: "status", kind: "PersistentVolume", verbs: Subresource.status)
            ],
            columns: StorageColumns.volumes, strategy: VolumeStrategy(),
            rules: MergeRules(lists: [:], atomicObjects: ["spec.nodeAffinity.required"])),
    ]

    /// Those of storage.k8s.io.
    static let storage: [ResourceType] = [
        make(
            "storage.k8s.io", "v1", "storageclasses", "storageclass", "StorageClass", namespaced: false,
            shortNames: ["sc"], columns: StorageColumns.classes, strategy: StorageClassStrategy()),
        make(
            "storage.k8s.io", "v1", "csinodes", "csinode", "CSINode", namespaced: false,
            columns: StorageColumns.nodes, strategy: CSINodeStrategy(),
            rules: MergeRules(lists: ["spec.drivers": ["name"]])),
    ]
}
