// What is published about the node: a function of what plugin and kubelet have said, and of what was published before,
// which stands in for whoever has not spoken yet. Nothing else is remembered.

internal import GanglionAPI
internal import KubeletAPI
internal import KubernetesAPI
internal import Neuron
internal import Placement

/// What is known of the node at one moment.
struct NodeReport: Equatable, Sendable {
    /// From the plugin; nil before its first word.
    var layout: NodeLayout?
    /// From the kubelet; nil before its first word.
    var holdings: [Holding]?
    /// What the kubelet has given out beside them.
    var unlisted = UnlistedCores()
    /// When the kubelet was asked for what it has said; nil before its first word.
    var heardAt: Timestamp?
    /// Why the plugin cannot be heard now; nil while it can.
    var pluginFault: String?
    /// Why the kubelet's list cannot be had now; nil while it can.
    var kubeletFault: PodResourcesFault?

    /// The status of the NeuronNode.
    ///
    /// - Parameters:
    ///   - previous: what is published now, nil where there is nothing.
    ///   - renewed: the time of the report that was written last.
    ///   - now: becomes the time of conditions that change.
    func status(
        previous: NeuronNodeStatus?, renewed: Timestamp? = nil, now: Timestamp
    ) -> NeuronNodeStatus {
        var status = layout.map { facts($0, previous) } ?? previous ?? NeuronNodeStatus()
        status.conditions = conditions.merged(with: previous?.conditions ?? [], now: now)
        let last = renewed ?? previous?.reportTime
        status.reportTime = previous?.reportTime
        // What is new is as old as the kubelet's word; where nothing is, that there is a word is told now and then.
        let isNew = status != previous
        status.reportTime = last
        if layout != nil, let heardAt, isNew || Self.isDue(heardAt, after: last) {
            status.reportTime = heardAt.wholeSeconds
        }
        return status
    }

    /// A clock that was set back must not keep a report from being renewed.
    private static func isDue(_ time: Timestamp, after last: Timestamp?) -> Bool {
        guard let last, time >= last else { return true }
        return time.seconds - last.seconds >= NeuronNodeStatus.renewal.components.seconds
    }

    private func facts(_ layout: NodeLayout, _ previous: NeuronNodeStatus?) -> NeuronNodeStatus {
        let holdings =
            self.holdings.map { $0 + unlisted.holdings }
            ?? previous?.allocations?.compactMap(Holding.init(published:))
        var status = NeuronNodeStatus()
        status.chipCount = layout.chips.count
        status.coreCount = layout.chips.reduce(0) { $0 + $1.cores.count }
        status.chips = layout.chips.map(\.published)
        if !layout.instanceType.isEmpty { status.instanceType = layout.instanceType }
        if !layout.driverVersion.isEmpty { status.driverVersion = layout.driverVersion }
        status.deviceSource = layout.deviceSource?.rawValue
        if layout.logicalCoreSize > 0 { status.logicalCoreSize = layout.logicalCoreSize }
        // Without the kubelet's word nothing is free: it would only seem so.
        if let holdings {
            let held = holdings.reduce(CoreSet()) { $0.union($1.cores) }
            let free = layout.healthyCores.subtracting(held)
            status.allocations = holdings.prefix(NeuronNodeStatus.maximumAllocations).map(\.allocation)
            let count = max(0, free.count - unlisted.others)
            status.freeCores = count
            status.largestFreeGroup = min(count, layout.topology?.largestFreeGroup(free) ?? 0)
        }
        return status
    }
}

extension NodeLayout.ChipState {
    /// As it stands in `status.chips`.
    var published: NeuronNodeStatus.Chip {
        .init(
            index: index, cores: cores.count, memory: memoryBytes > 0 ? Self.quantity(memoryBytes) : nil,
            health: fault == nil ? .healthy : .unhealthy, reason: fault,
            faults: faults.prefix(NeuronNodeStatus.Chip.maximumFaults).map { .init($0) },
            connected: Array(connected.prefix(NeuronNodeStatus.Chip.maximumLinks)))
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
