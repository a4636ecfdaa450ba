// The faults of pods, in the words and the order of pkg/apis/core/validation.

internal import APIMachinery
internal import CEL
internal import JSON
internal import KubernetesAPI

/// Checks pods.
enum PodValidation {
    static let updateFault =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

    static func faults(_ pod: JSON) -> [FieldError] {
        var faults: [FieldError] = []
        let spec = pod.spec ?? [:]
        var volumes: Set<String> = []
        for (index, volume) in (spec.volumes?.array ?? []).enumerated() {
            let path = "spec.volumes[\(index)].name"
            let name = volume.name?.string ?? ""
            if name.isEmpty {
                faults.append(.required(path))
            } else if !ObjectNames.isLabel(name) {
                faults.append(.invalid(path, .string(name), ObjectNames.labelFault))
            } else if !volumes.insert(name).inserted {
                faults.append(.duplicate(path, .string(name)))
            }
            claims(volume, "spec.volumes[\(index)]", &faults)
        }
        let containers = spec.containers?.array ?? []
        if containers.isEmpty { faults.append(.required("spec.containers")) }
        var names: Set<String> = []
        for (list, elements) in [
            ("containers", containers), ("initContainers", spec.initContainers?.array ?? []),
        ] {
            for (index, container) in elements.enumerated() {
                check(container, "spec.\(list)[\(index)]", volumes, &names, &faults)
            }
        }
        let policy = spec.restartPolicy?.string ?? ""
        if !["Always", "OnFailure", "Never"].contains(policy) {
            faults.append(
                .notSupported("spec.restartPolicy", .string(policy), ["Always", "OnFailure", "Never"]))
        }
        if let grace = spec.terminationGracePeriodSeconds?.int, grace < 0 {
            faults.append(
                .invalid(
                    "spec.terminationGracePeriodSeconds", JSON(grace), "must be greater than or equal to 0"))
        }
        for (key, value) in (spec.nodeSelector?.strings ?? [:]).sorted(by: { $0.key < $1.key }) {
            if !ObjectNames.isQualified(key) {
                faults.append(.invalid("spec.nodeSelector", .string(key), ObjectNames.qualifiedFault))
            }
            if !ObjectNames.isLabelValue(value) {
                faults.append(.invalid("spec.nodeSelector", .string(value), ObjectNames.labelValueFault))
            }
        }
        return faults
    }

    private static func claims(_ volume: JSON, _ path: String, _ faults: inout [FieldError]) {
        if let claim = volume.persistentVolumeClaim, claim.object != nil,
            (claim.claimName?.string ?? "").isEmpty
        {
            faults.append(.required("\(path).persistentVolumeClaim.claimName"))
        }
        guard let ephemeral = volume.ephemeral, ephemeral.object != nil else { return }
        let place = "\(path).ephemeral.volumeClaimTemplate"
        if let template = ephemeral.volumeClaimTemplate, template.object != nil {
            faults += StorageValidation.claimFaults(template.spec ?? [:], "\(place).spec")
        } else {
            faults.append(.required(place))
        }
    }

    private static func check(
        _ container: JSON, _ path: String, _ volumes: Set<String>, _ names: inout Set<String>,
        _ faults: inout [FieldError]
    ) {
        let name = container.name?.string ?? ""
        if name.isEmpty {
            faults.append(.required("\(path).name"))
        } else if !ObjectNames.isLabel(name) {
            faults.append(.invalid("\(path).name", .string(name), ObjectNames.labelFault))
        }
        let image = container.image?.string ?? ""
        if image.isEmpty {
            faults.append(.required("\(path).image"))
        } else if trim(image) != image {
            faults.append(
                .invalid("\(path).image", .string(image), "must not have leading or trailing whitespace"))
        }
        for (index, port) in (container.ports?.array ?? []).enumerated() {
            let number = port.containerPort?.int ?? 0
            if !(1...65_535).contains(number) {
                faults.append(
                    .invalid(
                        "\(path).ports[\(index)].containerPort", JSON(number),
                        "must be between 1 and 65535, inclusive"))
            }
        }
        for (index, variable) in (container.env?.array ?? []).enumerated()
        where (variable.name?.string ?? "").isEmpty {
            faults.append(.required("\(path).env[\(index)].name"))
        }
        for (index, mount) in (container.volumeMounts?.array ?? []).enumerated() {
            let volume = mount.name?.string ?? ""
            if volume.isEmpty {
                faults.append(.required("\(path).volumeMounts[\(index)].name"))
            } else if !volumes.contains(volume) {
                faults.append(
                    FieldError(
                        reason: "FieldValueNotFound", field: "\(path).volumeMounts[\(index)].name",
                        message: "Not found: \(quoted(volume))"))
            }
            if (mount.mountPath?.string ?? "").isEmpty {
                faults.append(.required("\(path).volumeMounts[\(index)].mountPath"))
            }
        }
        if let policy = container.imagePullPolicy?.string,
            !["Always", "IfNotPresent", "Never"].contains(policy)
        {
            faults.append(
                .notSupported(
                    "\(path).imagePullPolicy", .string(policy), ["Always", "IfNotPresent", "Never"]))
        }
        resources(container.resources ?? [:], "\(path).resources", &faults)
        if !name.isEmpty, !names.insert(name).inserted {
            faults.append(.duplicate("\(path).name", .string(name)))
        }
    }

    /// Extended resources are whole numbers whose limit and request agree.
    private static func resources(_ resources: JSON, _ path: String, _ faults: inout [FieldError]) {
        for list in ["limits", "requests"] {
            for (name, amount) in (resources[list]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                let place = "\(path).\(list)[\(name)]"
                guard let quantity = Quantity(amount.string ?? amount.text()) else {
                    faults.append(
                        .invalid(
                            place, amount,
                            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                        ))
                    continue
                }
                if quantity < .zero {
                    faults.append(
                        .invalid(place, .string(quantity.text), "must be greater than or equal to 0"))
                }
                if isExtended(name), !quantity.isWhole {
                    faults.append(.invalid(place, .string(quantity.text), "must be an integer"))
                }
            }
        }
        for (name, request) in (resources.requests?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
            let limit = resources.limits?[name]
            guard let wanted = request.string.flatMap({ Quantity($0) }) else { continue }
            let allowed = limit?.string.flatMap { Quantity($0) }
            if isExtended(name) {
                if limit == nil {
                    faults.append(
                        .required("\(path).limits", "Limit must be set for non overcommitable resources"))
                } else if let allowed, allowed != wanted {
                    faults.append(
                        .invalid(
                            "\(path).requests", .string(wanted.text),
                            "must be equal to \(name) limit of \(allowed.text)"))
                }
            } else if let allowed, wanted > allowed {
                faults.append(
                    .invalid(
                        "\(path).requests", .string(wanted.text),
                        "must be less than or equal to \(name) limit of \(allowed.text)"))
            }
        }
    }

    static func isExtended(_ name: String) -> Bool {
        name.contains("/") && !name.hasPrefix("kubernetes.io/") && !name.contains(".kubernetes.io/")
    }

    /// What an update changes that it may not.
    static func updateFaults(_ pod: JSON, old: JSON) -> [FieldError] {
        var before = old.spec ?? [:]
        var after = pod.spec ?? [:]
        var faults: [FieldError] = []
        let oldTolerations = before.tolerations?.array ?? []
        let newTolerations = after.tolerations?.array ?? []
        if !oldTolerations.allSatisfy({ newTolerations.contains($0) }) {
            faults.append(
                .forbidden(
                    "spec.tolerations", "existing toleration can not be modified except its tolerationSeconds"
                ))
        }
        let gated = before.schedulingGates?.array ?? []
        let stillGated = after.schedulingGates?.array ?? []
        if !stillGated.allSatisfy({ gated.contains($0) }) {
            faults.append(
                .forbidden("spec.schedulingGates", "only deletion is allowed, but found new scheduling gate"))
        }
        for key in ["tolerations", "activeDeadlineSeconds", "schedulingGates"] {
            before[key] = nil
            after[key] = nil
        }
        if !gated.isEmpty {
            for key in ["nodeSelector", "affinity"] {
                before[key] = nil
                after[key] = nil
            }
        }
        for list in PodDefaults.containerLists {
            for side in [true, false] {
                let containers = (side ? before : after)[list]?.array ?? []
                let bare = JSON.array(
                    containers.map {
                        var container = $0
                        container.image = nil
                        return container
                    })
                if side { before[list] = bare } else { after[list] = bare }
            }
        }
        if before != after {
            let keys = Set((before.object ?? [:]).keys).union((after.object ?? [:]).keys)
                .filter { before[$0] != after[$0] }.sorted()
            let lines = keys.map { key in
                "- \(quoted(key)): \(before[key]?.text() ?? "null"),\n+ \(quoted(key)): \(after[key]?.text() ?? "null"),\n"
            }
            faults.append(.forbidden("spec", updateFault + "\n" + lines.joined()))
        }
        return faults
    }
}
