// The strategies of the built-in kinds that have rules of their own.

internal import APIMachinery
internal import JSON
internal import SystemIO

/// What the API server does with pods.
struct PodStrategy: ResourceStrategy {
    var baseline: JSON { ["metadata": [:], "spec": ["containers": .null], "status": [:]] }
    var deleteReturnsObject: Bool { true }

    func applyDefaults(_ object: inout JSON) { PodDefaults.apply(&object) }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        PodDefaults.admit(&object)
        object.status = PodDefaults.initialStatus(object)
    }

    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext) {
        if context.subresource.isEmpty {
            PodDefaults.admit(&object)
        } else {
            // A kubelet's conditions carry no probe time; the type prints the member all the same.
            if let conditions = object.status?.conditions?.array {
                object.status?.conditions = .array(
                    conditions.map {
                        var condition = $0
                        if condition.lastProbeTime == nil { condition.lastProbeTime = .null }
                        if condition.lastTransitionTime == nil { condition.lastTransitionTime = .null }
                        return condition
                    })
            }
            if object.status?.qosClass == nil { object.status?.qosClass = old.status?.qosClass }
        }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        guard let old else { return PodValidation.faults(object) }
        if context.subresource.isEmpty { return PodValidation.updateFaults(object, old: old) }
        return []
    }
}

/// Services: cluster IPs and ports.
struct ServiceStrategy: ResourceStrategy {
    var deleteReturnsObject: Bool { true }

    func applyDefaults(_ object: inout JSON) {
        var spec = object.spec ?? [:]
        if spec.type == nil { spec.type = "ClusterIP" }
        if spec.sessionAffinity == nil { spec.sessionAffinity = "None" }
        if let ports = spec.ports?.array {
            spec.ports = .array(
                ports.map {
                    var port = $0
                    guard port.object != nil else { return port }
                    if port["protocol"] == nil { port["protocol"] = "TCP" }
                    if [nil, .null, 0, ""].contains(port.targetPort) { port.targetPort = port.port }
                    return port
                })
        }
        object.spec = spec
    }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        if object.spec?.internalTrafficPolicy == nil { object.spec?.internalTrafficPolicy = "Cluster" }
        object.spec?.ipFamilies = ["IPv4"]
        object.spec?.ipFamilyPolicy = "SingleStack"
        object.status = ["loadBalancer": [:]]
    }

    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext) {
        for key in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]
        where object.spec?[key] == nil { object.spec?[key] = old.spec?[key] }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults: [FieldError] = []
        let spec = object.spec ?? [:]
        let type = spec.type?.string ?? ""
        if !["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"].contains(type) {
            faults.append(
                .notSupported(
                    "spec.type", .string(type), ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]))
        }
        let ports = spec.ports?.array ?? []
        let headless = spec.clusterIP?.string == "None"
        if ports.isEmpty, !headless, type != "ExternalName" { faults.append(.required("spec.ports")) }
        var names: Set<String> = []
        for (index, port) in ports.enumerated() {
            let path = "spec.ports[\(index)]"
            let name = port.name?.string ?? ""
            if name.isEmpty {
                if ports.count > 1 { faults.append(.required("\(path).name")) }
            } else if !ObjectNames.isLabel(name) {
                faults.append(.invalid("\(path).name", .string(name), ObjectNames.labelFault))
            } else if !names.insert(name).inserted {
                faults.append(.duplicate("\(path).name", .string(name)))
            }
            let number = port.port?.int ?? 0
            if !(1...65_535).contains(number) {
                faults.append(
                    .invalid("\(path).port", JSON(number), "must be between 1 and 65535, inclusive"))
            }
            if let target = port.targetPort?.int, !(1...65_535).contains(target) {
                faults.append(
                    .invalid("\(path).targetPort", JSON(target), "must be between 1 and 65535, inclusive"))
            }
        }
        if let old, let before = old.spec?.clusterIP?.string, let now = spec.clusterIP?.string, before != now
        {
            faults.append(.invalid("spec.clusterIP", .string(now), "field is immutable"))
        }
        return faults
    }
}

/// What the API server does with namespaces.
struct NamespaceStrategy: ResourceStrategy {
    var deleteReturnsObject: Bool { true }

    /// The label that names it is not anybody's to change.
    private func label(_ object: inout JSON, _ context: WriteContext) {
        var labels = object.metadata?.labels?.strings ?? [:]
        labels["kubernetes.io/metadata.name"] = context.name
        object.metadata?.labels = JSON(labels)
    }

    func prepareForUpdate(_ object: inout JSON, old: JSON, _ context: WriteContext) {
        label(&object, context)
    }

    func prepareForCreate(_ object: inout JSON, _ context: WriteContext) {
        label(&object, context)
        object.spec = ["finalizers": ["kubernetes"]]
        object.status = ["phase": "Active"]
    }
}

/// Secrets: stringData becomes data.
struct SecretStrategy: ResourceStrategy {
    func applyDefaults(_ object: inout JSON) {
        if object.type == nil { object.type = "Opaque" }
        if let plain = object.stringData?.object {
            var data = object.data ?? [:]
            for (key, value) in plain {
                data[key] = .string(Base64.encode((value.string ?? "").utf8))
            }
            object.data = data
            object.stringData = nil
        }
    }

    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        let faults = DataKeys.faults(object, ["data"])
        return old?.immutable?.bool == true && old?.data != object.data
            ? faults + [.forbidden("data", "field is immutable when `immutable` is set")] : faults
    }
}

/// The keys of config maps and secrets, which may become file names (validation.IsConfigMapKey).
enum DataKeys {
    static func faults(_ object: JSON, _ fields: [String]) -> [FieldError] {
        fields.flatMap { field in
            (object[field]?.object ?? [:]).keys.sorted().compactMap { key in
                fault(key).map { .invalid("\(field)[\(key)]", .string(key), $0) }
            }
        }
    }

    private static func fault(_ key: String) -> String? {
        if key.utf8.count > 253 { return "must be no more than 253 bytes" }
        if key == "." { return "must not be '.'" }
        if key.hasPrefix("..") { return key == ".." ? "must not be '..'" : "must not start with '..'" }
        let isValid = { (octet: UInt8) in
            (97...122).contains(octet) || (65...90).contains(octet) || (48...57).contains(octet)
                || [45, 46, 95].contains(octet)
        }
        if !key.isEmpty, key.utf8.allSatisfy(isValid) { return nil }
        return
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or"
            + " 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
    }
}

/// Config maps.
struct ConfigMapStrategy: ResourceStrategy {
    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        var faults = DataKeys.faults(object, ["data", "binaryData"])
        if old?.immutable?.bool == true, old?.data != object.data {
            faults.append(.forbidden("data", "field is immutable when `immutable` is set"))
        }
        return faults
    }
}

/// What the API server does with nodes.
struct NodeStrategy: ResourceStrategy {

    func applyDefaults(_ object: inout JSON) {
        if object.spec == nil { object.spec = [:] }
        if object.status?.allocatable == nil, let capacity = object.status?.capacity {
            object.status?.allocatable = capacity
        }
    }
}

/// What the API server does with leases.
struct LeaseStrategy: ResourceStrategy {
    func validate(_ object: JSON, old: JSON?, _ context: WriteContext) -> [FieldError] {
        if let seconds = object.spec?.leaseDurationSeconds?.int, seconds <= 0 {
            return [.invalid("spec.leaseDurationSeconds", JSON(seconds), "must be greater than 0")]
        }
        return []
    }
}
