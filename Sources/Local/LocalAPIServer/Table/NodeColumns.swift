// The columns of nodes, services, endpoint slices and events.

internal import CEL
internal import JSON

private func orNone(_ text: String?) -> JSON {
    guard let text, !text.isEmpty else { return "<none>" }
    return .string(text)
}

/// Columns of nodes.
enum NodeColumns {
    static let columns: [TableColumn] = [
        .name,
        TableColumn("Status", "The status of the node") { .string(status($0)) },
        TableColumn("Roles", "The roles of the node") { .string(roles($0)) },
        .age,
        TableColumn("Version", "Kubelet Version reported by the node.") {
            $0.status?.nodeInfo?.kubeletVersion ?? ""
        },
        TableColumn("Internal-IP", "List of addresses reachable to the node.", priority: 1) {
            orNone(address($0, "InternalIP"))
        },
        TableColumn("External-IP", "List of addresses reachable to the node.", priority: 1) {
            orNone(address($0, "ExternalIP"))
        },
        TableColumn("OS-Image", "OS Image reported by the node.", priority: 1) {
            unknown($0.status?.nodeInfo?.osImage)
        },
        TableColumn("Kernel-Version", "Kernel Version reported by the node.", priority: 1) {
            unknown($0.status?.nodeInfo?.kernelVersion)
        },
        TableColumn("Container-Runtime", "ContainerRuntime Version reported by the node.", priority: 1) {
            unknown($0.status?.nodeInfo?.containerRuntimeVersion)
        },
    ]

    private static func unknown(_ value: JSON?) -> JSON {
        guard let text = value?.string, !text.isEmpty else { return "<unknown>" }
        return .string(text)
    }

    private static func address(_ node: JSON, _ type: String) -> String? {
        node.status?.addresses?.array?.first { $0.type?.string == type }?.address?.string
    }

    private static func status(_ node: JSON) -> String {
        let ready = node.status?.conditions?.array?.first { $0.type?.string == "Ready" }
        var text = ready.map { $0.status?.string == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        if node.spec?.unschedulable?.bool == true { text += ",SchedulingDisabled" }
        return text
    }

    private static func roles(_ node: JSON) -> String {
        let prefix = "node-role.kubernetes.io/"
        let roles = (node.metadata?.labels?.strings ?? [:]).keys.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }.sorted()
        return roles.isEmpty ? "<none>" : roles.joined(separator: ",")
    }
}

/// Columns of services and of what stands behind them.
enum ServiceColumns {
    static let columns: [TableColumn] = [
        .name,
        TableColumn("Type", "type determines how the Service is exposed.") { $0.spec?.type ?? "" },
        TableColumn("Cluster-IP", "clusterIP is the IP address of the service.") {
            orNone($0.spec?.clusterIP?.string)
        },
        TableColumn("External-IP", "externalIPs is a list of IP addresses for which nodes accept traffic.") {
            orNone($0.spec?.externalName?.string)
        },
        TableColumn("Port(s)", "The list of ports that are exposed by this service.") { .string(ports($0)) },
        .age,
        TableColumn(
            "Selector", "Route service traffic to pods with matching label keys and values.", priority: 1
        ) {
            let selector = $0.spec?.selector?.strings ?? [:]
            return orNone(
                selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
        },
    ]

    private static func ports(_ service: JSON) -> String {
        let ports = service.spec?.ports?.array ?? []
        if ports.isEmpty { return "<none>" }
        return ports.map { "\($0.port?.int ?? 0)/\($0["protocol"]?.string ?? "TCP")" }.joined(separator: ",")
    }

    static func endpoints(_ object: JSON) -> String {
        var all: [String] = []
        for subset in object.subsets?.array ?? [] {
            for address in subset.addresses?.array ?? [] {
                for port in subset.ports?.array ?? [] {
                    all.append("\(address.ip?.string ?? ""):\(port.port?.int ?? 0)")
                }
            }
        }
        if all.isEmpty { return "<none>" }
        let shown = all.prefix(3).joined(separator: ",")
        return all.count > 3 ? "\(shown) + \(all.count - 3) more..." : shown
    }

    static let slices: [TableColumn] = [
        .name,
        TableColumn("AddressType", "addressType specifies the type of address carried by this EndpointSlice.")
        {
            $0.addressType ?? ""
        },
        TableColumn(
            "Ports", "ports specifies the list of network ports exposed by each endpoint in this slice."
        ) {
            let ports = ($0.ports?.array ?? []).compactMap { $0.port?.int }.map { String($0) }
            return .string(ports.isEmpty ? "<unset>" : ports.joined(separator: ","))
        },
        TableColumn("Endpoints", "endpoints is a list of unique endpoints in this slice.") {
            let all = ($0.endpoints?.array ?? []).flatMap { $0.addresses?.array ?? [] }.compactMap(\.string)
            if all.isEmpty { return "<unset>" }
            let shown = all.prefix(3).joined(separator: ",")
            return .string(all.count > 3 ? "\(shown) + \(all.count - 3) more..." : shown)
        },
        .age,
    ]
}

/// Columns and field selectors of events; the objects come in the core form.
enum EventColumns {
    static let selectable = [
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type", "regarding.kind", "regarding.namespace", "regarding.name",
        "regarding.uid", "reportingController",
    ]

    static let columns: [TableColumn] = [
        TableColumn("Last Seen", "Time when this event was last observed") { .string(lastSeen($0)) },
        TableColumn("Type", "Type of this event (Normal, Warning), new types could be added in the future") {
            $0.type ?? ""
        },
        TableColumn("Reason", "This should be a short, machine understandable string.") { $0.reason ?? "" },
        TableColumn("Object", "The object that this event is about.") {
            let object = involved($0)
            return .string("\(object.kind?.string?.lowercased() ?? "")/\(object.name?.string ?? "")")
        },
        TableColumn("Subobject", "The object that this event is about.", priority: 1) {
            involved($0).fieldPath ?? ""
        },
        TableColumn("Source", "The component reporting this event.", priority: 1) {
            let source = $0.source?.component?.string ?? ""
            return .string(source.isEmpty ? $0.reportingComponent?.string ?? "" : source)
        },
        TableColumn("Message", "A human-readable description of the status of this operation.") {
            .string(trim(($0.message ?? $0.note)?.string ?? ""))
        },
        TableColumn("First Seen", "The time at which the event was first recorded.", priority: 1) {
            .string(TableColumn.age(of: $0.firstTimestamp?.string.map(JSON.string) ?? $0.eventTime))
        },
        TableColumn("Count", "The number of times this event has occurred.", priority: 1) {
            .string(String($0.series?.count?.int ?? $0.count?.int ?? 1))
        },
        TableColumn("Name", TableColumn.nameDescription, format: "name", priority: 1) {
            $0.metadata?.name ?? ""
        },
    ]

    private static func involved(_ event: JSON) -> JSON { event.involvedObject ?? event.regarding ?? [:] }

    private static func lastSeen(_ event: JSON) -> String {
        let series = event.series?.lastObservedTime
        let last = event.lastTimestamp?.string.map(JSON.string) ?? event.deprecatedLastTimestamp
        return TableColumn.age(of: series ?? last?.string.map(JSON.string) ?? event.eventTime)
    }
}
