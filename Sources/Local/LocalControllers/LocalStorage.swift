// The storage of a local cluster is a directory: each volume is one in it. It stands in for the local-path provisioner, which
// kind has, under its name and with its annotations.

package import KubernetesAPI
internal import SystemIO

/// Where volumes are made.
package struct LocalStorage: Sendable {
    /// Its name in the class and on volumes.
    package static let provisioner = "rancher.io/local-path"
    /// The annotation of a volume with who made it.
    static let provisionedBy = "pv.kubernetes.io/provisioned-by"

    /// The directory.
    let path: String

    /// Volumes in a directory; it is made when the first one is.
    package init(path: String) { self.path = path }

    /// The class that claims without one get.
    package static let standardClass: StorageClass = {
        var metadata = ObjectMetadata(name: "standard")
        metadata.annotations[StorageClass.defaultAnnotation] = "true"
        var standard = StorageClass(
            metadata, provisioner: provisioner, volumeBindingMode: "WaitForFirstConsumer")
        standard.reclaimPolicy = "Delete"
        return standard
    }()

    /// Makes a claim's volume on a node.
    func make(
        for claim: PersistentVolumeClaim, _ storageClass: StorageClass, on node: Node
    ) throws(SystemError) -> PersistentVolume {
        let key = claim.key
        let name = "pvc-\(claim.metadata.uid)"
        let directory = "\(path)/\(name)_\(key.namespace)_\(key.name)"
        try Files.makeDirectory(path, mode: 0o755)
        try Files.makeDirectory(directory, mode: 0o755)
        var metadata = ObjectMetadata(name: name)
        metadata.annotations[Self.provisionedBy] = Self.provisioner
        var spec = PersistentVolumeSpec()
        spec.capacity["storage"] = claim.request
        spec.accessModes = claim.spec.accessModes
        spec.persistentVolumeReclaimPolicy = storageClass.reclaimPolicy ?? "Delete"
        spec.storageClassName = claim.className
        spec.volumeMode = claim.spec.volumeMode
        spec.hostPath = HostPathVolume(path: directory, type: "DirectoryOrCreate")
        spec.claimRef = claim.reference
        let label = "kubernetes.io/hostname"
        spec.nodeAffinity = VolumeNodeAffinity(
            required: NodeSelector([
                NodeSelectorTerm(matchExpressions: [
                    SelectorRequirement(label, .in, [node.metadata.labels[label] ?? node.metadata.name])
                ])
            ]))
        return PersistentVolume(metadata, spec: spec)
    }

    /// Takes away what is in a volume.
    func remove(_ volume: PersistentVolume) throws(SystemError) {
        // Nobody's directory but one of its own, whatever the object says.
        guard let directory = volume.spec.hostPath?.path,
            directory.hasPrefix("\(path)/\(volume.metadata.name)_"),
            !directory.dropFirst(path.utf8.count + 1).contains("/")
        else { return }
        try Files.removeTree(directory)
    }
}
