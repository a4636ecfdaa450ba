// The conditions of a NeuronNode: observations in the form of Kubernetes' API conventions. All are there from the first
// write on, and the time of one changes only with its status.

internal import KubeletAPI
internal import KubernetesAPI

/// What is observed of a node; the raw values are the types in `status.conditions`.
enum NodeCondition: String, CaseIterable, Sendable {
    /// All chips can be given work.
    case healthy = "Healthy"
    /// The kubelet takes the devices from the plugin.
    case registered = "Registered"
    /// The kubelet has said who holds what.
    case allocationsKnown = "AllocationsKnown"
}

extension Condition {
    /// A message beyond this many characters is cut.
    static let maximumMessage = 1_000

    /// An observation of a node, without its time.
    init(_ type: NodeCondition, _ status: ConditionStatus, _ reason: String, _ message: String) {
        self.init(
            type: type.rawValue, status: status, reason: reason,
            message: String(message.prefix(Self.maximumMessage)))
    }
}

extension NodeReport {
    /// What follows from the report.
    var conditions: [Condition] { [healthy, registered, allocationsKnown] }

    private var healthy: Condition {
        guard let layout, pluginFault == nil else { return pluginUnreachable(.healthy) }
        guard !layout.chips.isEmpty else {
            return Condition(.healthy, .false, "NoChips", "the device plugin finds no chips")
        }
        let ill = layout.chips.filter { $0.fault != nil }
        guard !ill.isEmpty else {
            return Condition(
                .healthy, .true, "AllChipsHealthy",
                "\(layout.chips.count) \(layout.chips.count == 1 ? "chip is" : "chips are") healthy")
        }
        let names = ill.map { "neuron\($0.index) (\($0.fault ?? ""))" }.joined(separator: ", ")
        return Condition(
            .healthy, .false, "ChipsUnhealthy",
            "\(ill.count) of \(layout.chips.count) chips unhealthy: \(names)")
    }

    private var registered: Condition {
        guard let layout, pluginFault == nil else { return pluginUnreachable(.registered) }
        guard layout.isRegistered else {
            return Condition(
                .registered, .false, "NotRegistered", "the kubelet does not take devices from the plugin")
        }
        let names = layout.resources.keys.sorted().joined(separator: ", ")
        return Condition(
            .registered, .true, "DevicesAdvertised", "the kubelet takes \(names) from the plugin")
    }

    private var allocationsKnown: Condition {
        if let kubeletFault {
            return Condition(.allocationsKnown, .false, kubeletFault.reason, kubeletFault.sentence)
        }
        guard holdings != nil else {
            return Condition(
                .allocationsKnown, .unknown, "NotReadYet", "the kubelet's list has not been read yet")
        }
        return Condition(
            .allocationsKnown, .true, "PodResourcesRead", "allocations are those of the kubelet")
    }

    private func pluginUnreachable(_ type: NodeCondition) -> Condition {
        Condition(
            type, .unknown, "PluginUnreachable", pluginFault ?? "the device plugin has not been heard yet")
    }
}

extension PodResourcesFault {
    /// One sentence for a condition or a probe.
    var sentence: String { "the kubelet does not say who holds what: \(self)" }
}
