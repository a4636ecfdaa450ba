// The conditions of a NeuronNode: observations in the form of Kubernetes' API conventions. All are there from the first
// write on, and the time of one changes only with its status.

internal import JSON

/// The conditions of a report.
struct NodeConditions: Equatable, Sendable {
    /// One condition.
    struct Condition: Equatable, Sendable {
        var type: String
        /// nil is Unknown.
        var isTrue: Bool?
        var reason: String
        var message: String
    }

    /// A message beyond this many characters is cut.
    static let maximumMessage = 1_000

    let list: [Condition]

    /// What follows from a report.
    init(_ report: NodeReport) {
        list = [Self.healthy(report), Self.registered(report), Self.allocationsKnown(report)]
    }

    /// As they stand in `status.conditions`.
    func json(previous: [JSON], now: String) -> [JSON] {
        list.map { condition in
            let status = condition.isTrue.map { $0 ? "True" : "False" } ?? "Unknown"
            let before = previous.first { $0["type"]?.string == condition.type }
            let time = before?["status"]?.string == status ? before?["lastTransitionTime"]?.string : nil
            return [
                "type": .string(condition.type), "status": .string(status),
                "reason": .string(condition.reason),
                "message": .string(String(condition.message.prefix(Self.maximumMessage))),
                "lastTransitionTime": .string(time ?? now),
            ]
        }
    }

    private static func healthy(_ report: NodeReport) -> Condition {
        guard let layout = report.layout, report.pluginFault == nil else { return unheard("Healthy", report) }
        guard !layout.chips.isEmpty else {
            return Condition(
                type: "Healthy", isTrue: false, reason: "NoChips", message: "the device plugin finds no chips"
            )
        }
        let ill = layout.chips.filter { $0.fault != nil }
        guard !ill.isEmpty else {
            return Condition(
                type: "Healthy", isTrue: true, reason: "AllChipsHealthy",
                message: "\(layout.chips.count) \(layout.chips.count == 1 ? "chip is" : "chips are") healthy")
        }
        let names = ill.map { "neuron\($0.index) (\($0.fault ?? ""))" }.joined(separator: ", ")
        return Condition(
            type: "Healthy", isTrue: false, reason: "ChipsUnhealthy",
            message: "\(ill.count) of \(layout.chips.count) chips unhealthy: \(names)")
    }

    private static func registered(_ report: NodeReport) -> Condition {
        guard let layout = report.layout, report.pluginFault == nil else {
            return unheard("Registered", report)
        }
        guard layout.isRegistered else {
            return Condition(
                type: "Registered", isTrue: false, reason: "NotRegistered",
                message: "the kubelet does not take devices from the plugin")
        }
        let names = layout.resources.keys.sorted().joined(separator: ", ")
        return Condition(
            type: "Registered", isTrue: true, reason: "DevicesAdvertised",
            message: "the kubelet takes \(names) from the plugin")
    }

    private static func allocationsKnown(_ report: NodeReport) -> Condition {
        if let fault = report.kubeletFault {
            return Condition(
                type: "AllocationsKnown", isTrue: false, reason: "KubeletUnreachable", message: fault)
        }
        guard report.holdings != nil else {
            return Condition(
                type: "AllocationsKnown", isTrue: nil, reason: "NotReadYet",
                message: "the kubelet's list has not been read yet")
        }
        return Condition(
            type: "AllocationsKnown", isTrue: true, reason: "PodResourcesRead",
            message: "allocations are those of the kubelet")
    }

    private static func unheard(_ type: String, _ report: NodeReport) -> Condition {
        Condition(
            type: type, isTrue: nil, reason: "PluginUnreachable",
            message: report.pluginFault ?? "the device plugin has not been heard yet")
    }
}
