// The faults of claims and volumes, in the words and the order of pkg/apis/core/validation.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

/// Checks claims and volumes.
enum StorageValidation {
    private static let accessModes = [
        "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod",
    ]
    private static let modes = ["Block", "Filesystem"]

    /// The faults of a claim's spec (ValidatePersistentVolumeClaimSpec).
    ///
    /// - Parameter path: where it stands.
    static func claimFaults(_ spec: JSON, _ path: String) -> [FieldError] {
        var faults = accessFaults(spec, path, "at least 1 access mode is required")
        let storage = "\(path).resources[storage]"
        if let amount = spec.resources?.requests?.storage {
            faults += positiveFaults(amount, storage)
        } else {
            faults.append(.required(storage))
        }
        if let name = spec.storageClassName?.string, !name.isEmpty, !ObjectNames.isSubdomain(name) {
            faults.append(.invalid("\(path).storageClassName", .string(name), ObjectNames.subdomainFault))
        }
        if let mode = spec.volumeMode?.string, !modes.contains(mode) {
            faults.append(.notSupported("\(path).volumeMode", .string(mode), modes))
        }
        return faults
    }

    /// What an update of a claim changes that it may not (ValidatePersistentVolumeClaimUpdate).
    static func updateFaults(_ claim: JSON, old: JSON) -> [FieldError] {
        var (before, after) = (old.spec ?? [:], claim.spec ?? [:])
        let (oldSize, newSize) = (size(before), size(after))
        if (before.volumeName?.string ?? "").isEmpty { before.volumeName = after.volumeName }
        if claim.status?.phase?.string == "Bound" {
            after.resources?.requests?.storage = before.resources?.requests?.storage
            after.volumeAttributesClassName = before.volumeAttributesClassName
        }
        // A claim that was made before there was a default class may get one.
        if before.storageClassName == nil { before.storageClassName = after.storageClassName }
        var faults: [FieldError] = []
        if before != after {
            faults.append(
                .forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName"
                        + " for bound claims"))
        }
        if newSize < oldSize, newSize <= Quantity(claim.status?.capacity?.storage?.string ?? "0") ?? .zero {
            faults.append(
                .forbidden("spec.resources.requests.storage", "field can not be less than status.capacity"))
        }
        return faults
    }

    private static func size(_ spec: JSON) -> Quantity {
        spec.resources?.requests?.storage.flatMap { Quantity($0.string ?? $0.text()) } ?? .zero
    }

    /// The faults of a volume's spec (ValidatePersistentVolumeSpec).
    static func volumeFaults(_ spec: JSON) -> [FieldError] {
        var faults = accessFaults(spec, "spec", "")
        let capacity = spec.capacity?.object ?? [:]
        if capacity.isEmpty { faults.append(.required("spec.capacity")) }
        if capacity.count != 1 || capacity["storage"] == nil {
            faults.append(.notSupported("spec.capacity", spec.capacity ?? .null, ["storage"]))
        }
        for (name, amount) in capacity.sorted(by: { $0.key < $1.key }) {
            faults += positiveFaults(amount, "spec.capacity[\(name)]")
        }
        if let policy = spec.persistentVolumeReclaimPolicy?.string,
            !["Delete", "Recycle", "Retain"].contains(policy)
        {
            faults.append(
                .notSupported(
                    "spec.persistentVolumeReclaimPolicy", .string(policy), ["Delete", "Recycle", "Retain"]))
        }
        if let affinity = spec.nodeAffinity, affinity.required?.object == nil {
            faults.append(.required("spec.nodeAffinity.required", "must specify required node constraints"))
        }
        let sources = source(of: spec).keys.sorted()
        if sources.isEmpty { faults.append(.required("spec", "must specify a volume type")) }
        for extra in sources.dropFirst() {
            faults.append(.forbidden("spec.\(extra)", "may not specify more than 1 volume type"))
        }
        for kind in ["hostPath", "local"] where spec[kind]?.object != nil {
            let path = spec[kind]?.path?.string ?? ""
            if path.isEmpty {
                faults.append(.required("spec.\(kind).path"))
            } else if path.split(separator: "/").contains("..") {
                faults.append(.invalid("spec.\(kind).path", .string(path), "must not contain '..'"))
            }
        }
        if sources.first == "local", spec.nodeAffinity == nil {
            faults.append(.required("spec.nodeAffinity", "Local volume requires node affinity"))
        }
        if let mode = spec.volumeMode?.string, !modes.contains(mode) {
            faults.append(.notSupported("spec.volumeMode", .string(mode), modes))
        }
        return faults
    }

    /// What a volume is made of: all members of its spec that no volume of another kind has.
    static func source(of spec: JSON) -> [String: JSON] {
        let common: Set = [
            "capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName",
            "mountOptions", "volumeMode", "nodeAffinity", "volumeAttributesClassName",
        ]
        return (spec.object ?? [:]).filter { !common.contains($0.key) && !$0.value.isNull }
    }

    private static func accessFaults(_ spec: JSON, _ path: String, _ missing: String) -> [FieldError] {
        let found = (spec.accessModes?.array ?? []).map { $0.string ?? "" }
        guard !found.isEmpty else { return [.required("\(path).accessModes", missing)] }
        var faults = found.filter { !accessModes.contains($0) }.map {
            FieldError.notSupported("\(path).accessModes", .string($0), accessModes)
        }
        let known = Set(found.filter(accessModes.contains))
        if known.contains("ReadWriteOncePod"), known.count > 1 {
            faults.append(
                .forbidden(
                    "\(path).accessModes", "may not use ReadWriteOncePod with other access modes"))
        }
        return faults
    }

    private static func positiveFaults(_ amount: JSON, _ path: String) -> [FieldError] {
        guard let quantity = Quantity(amount.string ?? amount.text()), quantity <= .zero else { return [] }
        return [.invalid(path, .string(quantity.text), "must be greater than zero")]
    }
}
