// What the API server does with claims, volumes and classes of storage, with the real server's sentences
// (pkg/apis/core/validation, pkg/apis/storage/validation), and what its admission plugins DefaultStorageClass and
// StorageObjectInUseProtection add.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

/// Claims on storage.
struct ClaimStrategy: ResourceStrategy {
    func applyDefaults(_ object: inout JSON) {
        if object.spec?.volumeMode == nil, object.spec != nil { object.spec?.volumeMode = "Filesystem" }
        if object.status?.phase == nil { object.status = (object.status ?? [:]).with("phase", "Pending") }
    }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        object.status = ["phase": "Pending"]
        object.protect(PersistentVolumeClaim.protectionFinalizer)
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        guard context.subresource.isEmpty else { return [] }
        return StorageValidation.claimFaults(object.spec ?? [:], "spec")
            + (old.map { StorageValidation.updateFaults(object, old: $0) } ?? [])
    }

    /// Gives a claim that names no class the default one: of several, the newest (DefaultStorageClass).
    static func setDefaultClass(_ claim: inout JSON, classes: [JSON]) {
        let annotation = "volume.beta.kubernetes.io/storage-class"
        guard claim.spec?.storageClassName == nil, claim.metadata?.annotations?[annotation] == nil else {
            return
        }
        let defaults = classes.filter {
            $0.metadata?.annotations?[StorageClass.defaultAnnotation]?.string == "true"
        }.map { (made: $0.metadata?.creationTimestamp?.string ?? "", name: $0.metadata?.name?.string ?? "") }
        guard let newest = defaults.max(by: { ($0.made, $1.name) < ($1.made, $0.name) }) else { return }
        claim.spec?.storageClassName = .string(newest.name)
    }
}

/// Volumes.
struct VolumeStrategy: ResourceStrategy {
    func applyDefaults(_ object: inout JSON) {
        guard object.spec != nil else { return }
        if object.spec?.persistentVolumeReclaimPolicy == nil {
            object.spec?.persistentVolumeReclaimPolicy = "Retain"
        }
        if object.spec?.volumeMode == nil { object.spec?.volumeMode = "Filesystem" }
        if object.spec?.hostPath?.object != nil, object.spec?.hostPath?.type == nil {
            object.spec?.hostPath?.type = ""
        }
    }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        object.status = ["phase": "Pending", "lastPhaseTransitionTime": .string(context.now.text)]
        object.protect(PersistentVolume.protectionFinalizer)
    }

    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext) {
        guard context.subresource == "status", object.status?.phase != old.status?.phase else { return }
        object.status?.lastPhaseTransitionTime = .string(context.now.text)
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        guard context.subresource.isEmpty else { return [] }
        let spec = object.spec ?? [:]
        var faults = StorageValidation.volumeFaults(spec)
        guard let before = old?.spec else { return faults }
        let (new, kept) = (StorageValidation.source(of: spec), StorageValidation.source(of: before))
        if new != kept {
            faults.append(
                .forbidden(
                    "spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"))
        }
        if spec.volumeMode != before.volumeMode {
            faults.append(.invalid("volumeMode", spec.volumeMode ?? .null, "field is immutable"))
        }
        if let affinity = before.nodeAffinity, affinity != spec.nodeAffinity {
            faults.append(
                .invalid(
                    "nodeAffinity", spec.nodeAffinity ?? .null,
                    "field is immutable, except for updating"
                        + " from beta label to GA"))
        }
        return faults
    }
}

/// Classes of storage.
struct StorageClassStrategy: ResourceStrategy {
    var baseline: JSON { ["metadata": [:]] }

    func applyDefaults(_ object: inout JSON) {
        if object.reclaimPolicy == nil { object.reclaimPolicy = "Delete" }
        if object.volumeBindingMode == nil { object.volumeBindingMode = "Immediate" }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        let provisioner = object.provisioner?.string ?? ""
        if provisioner.isEmpty {
            faults.append(.required("provisioner"))
        } else if !ObjectNames.isQualified(provisioner.lowercased()) {
            faults.append(.invalid("provisioner", .string(provisioner), ObjectNames.qualifiedFault))
        }
        for (field, words) in [
            ("reclaimPolicy", ["Delete", "Retain"]),
            ("volumeBindingMode", ["Immediate", "WaitForFirstConsumer"]),
        ] {
            let word = object[field]?.string ?? ""
            if !words.contains(word) { faults.append(.notSupported(field, .string(word), words)) }
        }
        guard let old else { return faults }
        for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"]
        where old[field] != object[field] {
            faults.append(.invalid(field, object[field] ?? .null, "field is immutable"))
        }
        return faults
    }
}

/// What CSI drivers say of nodes.
struct CSINodeStrategy: ResourceStrategy {
    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        var names: Set<String> = []
        for (index, driver) in (object.spec?.drivers?.array ?? []).enumerated() {
            let path = "spec.drivers[\(index)]"
            let name = driver.name?.string ?? ""
            if name.isEmpty {
                faults.append(.required("\(path).name"))
            } else if !names.insert(name).inserted {
                faults.append(.duplicate("\(path).name", .string(name)))
            }
            if (driver.nodeID?.string ?? "").isEmpty { faults.append(.required("\(path).nodeID")) }
            if let count = driver.allocatable?.count?.int, count < 0 {
                faults.append(
                    .invalid(
                        "\(path).allocatable.count", JSON(count), "must be greater than or equal to 0"))
            }
        }
        return faults
    }
}

extension JSON {
    /// Nobody can take it away while it is used: its controller takes the finalizer off.
    fileprivate mutating func protect(_ finalizer: String) {
        let finalizers = self.metadata?.finalizers?.array ?? []
        guard !finalizers.contains(.string(finalizer)) else { return }
        self.metadata?.finalizers = .array(finalizers + [.string(finalizer)])
    }

    fileprivate func with(_ member: String, _ value: JSON) -> JSON {
        var copy = self
        copy[member] = value
        return copy
    }
}
