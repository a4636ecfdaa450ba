// What is published about the node: a function of what plugin and kubelet have said, and of what was published before,
// which stands in for whoever has not spoken yet. Nothing else is remembered.

internal import JSON
internal import KubernetesClient
internal import Neuron
internal import Placement

/// What is known of the node at one moment.
struct NodeReport: Equatable, Sendable {
    /// The most entries of `status.allocations` (the schema's limit).
    static let maximumAllocations = 1_024

    /// From the plugin; nil before its first word.
    var layout: NodeLayout?
    /// From the kubelet; nil before its first word.
    var holdings: [Holding]?
    /// Why the plugin cannot be heard now; nil while it can.
    var pluginFault: String?
    /// Why the kubelet cannot be heard now; nil while it can.
    var kubeletFault: String?

    /// The status of the NeuronNode.
    ///
    /// - Parameters:
    ///   - previous: what is published now, nil where there is nothing.
    ///   - now: becomes the time of conditions that change, RFC 3339.
    func status(previous: JSON?, now: String) -> JSON {
        var status = facts(previous)
        status["conditions"] = .array(
            NodeConditions(self).json(previous: previous?["conditions"]?.array ?? [], now: now))
        return status
    }

    private func facts(_ previous: JSON?) -> JSON {
        guard let layout else {
            var kept = previous ?? [:]
            kept["conditions"] = nil
            return kept
        }
        let holdings =
            self.holdings ?? (previous?["allocations"]?.array).map { Holding.read(published: $0) }
        var status: JSON = [
            "chipCount": JSON(layout.chips.count),
            "coreCount": JSON(layout.chips.reduce(0) { $0 + $1.cores.count }),
            "chips": .array(layout.chips.map(Self.json)),
        ]
        if !layout.instanceType.isEmpty { status["instanceType"] = .string(layout.instanceType) }
        if !layout.driverVersion.isEmpty { status["driverVersion"] = .string(layout.driverVersion) }
        if let source = layout.deviceSource { status["deviceSource"] = .string(source.rawValue) }
        if layout.logicalCoreSize > 0 { status["logicalCoreSize"] = JSON(layout.logicalCoreSize) }
        // Without the kubelet's word nothing is free: it would only seem so.
        if let holdings {
            let held = holdings.reduce(CoreSet()) { $0.union($1.cores) }
            let free = layout.healthyCores.subtracting(held)
            status["allocations"] = .array(holdings.prefix(Self.maximumAllocations).map(\.json))
            status["freeCores"] = JSON(free.count)
            status["largestFreeGroup"] = JSON(layout.topology?.largestFreeGroup(free) ?? 0)
        }
        return status
    }

    private static func json(_ chip: NodeLayout.Chip) -> JSON {
        var json: JSON = [
            "index": JSON(chip.index), "cores": JSON(chip.cores.count),
            "health": chip.fault == nil ? "Healthy" : "Unhealthy",
            "connected": .array(chip.connected.prefix(16).map { JSON($0) }),
        ]
        if let fault = chip.fault { json["reason"] = .string(fault) }
        if chip.memoryBytes > 0 { json["memory"] = .string(quantity(chip.memoryBytes)) }
        return json
    }

    /// Bytes as Kubernetes writes them: `32Gi`.
    static func quantity(_ bytes: UInt64) -> String {
        // A loop over pairs of shift and unit would read as well, but the optimiser orders what it makes of that
        // differently from run to run, and an executable shall be the same octets each time.
        let units = ["", "Ki", "Mi", "Gi"]
        var value = bytes
        var unit = 0
        while unit < units.count - 1, value & 1023 == 0 {
            value >>= 10
            unit += 1
        }
        return "\(value)\(units[unit])"
    }
}
