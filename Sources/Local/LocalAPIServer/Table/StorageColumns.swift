// The columns of claims, volumes and classes of storage (pkg/printers/internalversion).

internal import CEL
internal import JSON
internal import KubernetesAPI

/// Columns of everything about storage.
enum StorageColumns {
    private static let more = "More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes"

    static let claims: [TableColumn] = [
        .name,
        TableColumn("Status", "phase represents the current phase of PersistentVolumeClaim.") { phase($0) },
        TableColumn(
            "Volume", "volumeName is the binding reference to the PersistentVolume backing this claim."
        ) { $0.spec?.volumeName ?? "" },
        TableColumn("Capacity", "capacity represents the actual resources of the underlying volume.") {
            ($0.spec?.volumeName?.string ?? "").isEmpty ? "" : amount($0.status?.capacity)
        },
        TableColumn(
            "Access Modes",
            "accessModes contains the actual access modes the volume backing the PVC has. \(more)#access-modes-1"
        ) { ($0.spec?.volumeName?.string ?? "").isEmpty ? "" : modes($0.status?.accessModes) },
        TableColumn("StorageClass", "StorageClass of the pvc") { storageClass($0) },
        TableColumn("VolumeAttributesClass", "VolumeAttributesClass of the pvc") {
            $0.spec?.volumeAttributesClassName ?? "<unset>"
        },
        .age,
        TableColumn(
            "VolumeMode",
            "volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when"
                + " not included in claim spec.", priority: 1
        ) { $0.spec?.volumeMode ?? "<unset>" },
    ]

    static let volumes: [TableColumn] = [
        .name,
        TableColumn(
            "Capacity",
            "capacity is the description of the persistent volume's resources and capacity. \(more)#capacity"
        ) { amount($0.spec?.capacity) },
        TableColumn(
            "Access Modes", "accessModes contains all ways the volume can be mounted. \(more)#access-modes"
        ) { modes($0.spec?.accessModes) },
        TableColumn(
            "Reclaim Policy",
            "persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its"
                + " claim. Valid options are Retain (default for manually created PersistentVolumes), Delete"
                + " (default for dynamically provisioned PersistentVolumes), and Recycle (deprecated). Recycle must"
                + " be supported by the volume plugin underlying this PersistentVolume. \(more)#reclaiming"
        ) { $0.spec?.persistentVolumeReclaimPolicy ?? "" },
        TableColumn(
            "Status",
            "phase indicates if a volume is available, bound to a claim, or released by a claim. \(more)#phase"
        ) { phase($0) },
        TableColumn(
            "Claim",
            "claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim."
                + " Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and"
                + " PVC. \(more)#binding"
        ) { volume in
            guard let claim = volume.spec?.claimRef else { return "" }
            return .string("\(claim.namespace?.string ?? "")/\(claim.name?.string ?? "")")
        },
        TableColumn("StorageClass", "StorageClass of the pv") { storageClass($0) },
        TableColumn("VolumeAttributesClass", "VolumeAttributesClass of the pv") {
            $0.spec?.volumeAttributesClassName ?? "<unset>"
        },
        TableColumn(
            "Reason",
            "reason is a brief CamelCase string that describes any failure and is meant for machine parsing and"
                + " tidy display in the CLI."
        ) { $0.status?.reason ?? "" },
        .age,
        TableColumn(
            "VolumeMode",
            "volumeMode defines if a volume is intended to be used with a formatted filesystem or to remain in raw"
                + " block state. Value of Filesystem is implied when not included in spec.", priority: 1
        ) { $0.spec?.volumeMode ?? "<unset>" },
    ]

    static let classes: [TableColumn] = [
        TableColumn("Name", TableColumn.nameDescription, format: "name") { storageClass in
            let name = storageClass.metadata?.name?.string ?? ""
            let annotation = storageClass.metadata?.annotations?[StorageClass.defaultAnnotation]
            return .string(annotation?.string == "true" ? "\(name) (default)" : name)
        },
        TableColumn("Provisioner", "provisioner indicates the type of the provisioner.") {
            $0.provisioner ?? ""
        },
        TableColumn(
            "ReclaimPolicy",
            "reclaimPolicy controls the reclaimPolicy for dynamically provisioned PersistentVolumes of this storage"
                + " class. Defaults to Delete."
        ) { $0.reclaimPolicy ?? "Delete" },
        TableColumn(
            "VolumeBindingMode",
            "volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.  When unset,"
                + " VolumeBindingImmediate is used. This field is only honored by servers that enable the"
                + " VolumeScheduling feature."
        ) { $0.volumeBindingMode ?? "Immediate" },
        TableColumn(
            "AllowVolumeExpansion",
            "allowVolumeExpansion shows whether the storage class allow volume expand."
        ) { $0.allowVolumeExpansion ?? false },
        .age,
    ]

    static let nodes: [TableColumn] = [
        .name,
        TableColumn(
            "Drivers", "Drivers indicates the number of CSI drivers registered on the node", type: "integer"
        ) { JSON($0.spec?.drivers?.array?.count ?? 0) },
        .age,
    ]

    private static func phase(_ object: JSON) -> JSON {
        object.metadata?.deletionTimestamp?.string != nil ? "Terminating" : object.status?.phase ?? ""
    }

    private static func amount(_ list: JSON?) -> JSON {
        let text = list?.storage?.string ?? "0"
        return .string(Quantity(text)?.text ?? text)
    }

    /// As GetAccessModesAsString writes them.
    private static func modes(_ list: JSON?) -> JSON {
        let found = Set((list?.array ?? []).compactMap(\.string))
        let short = [
            ("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"),
            ("ReadWriteOncePod", "RWOP"),
        ]
        return .string(short.filter { found.contains($0.0) }.map(\.1).joined(separator: ","))
    }

    private static func storageClass(_ object: JSON) -> JSON {
        object.metadata?.annotations?["volume.beta.kubernetes.io/storage-class"]
            ?? object.spec?.storageClassName ?? ""
    }
}
