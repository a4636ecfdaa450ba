// From the plugin's message to what the NeuronNode has: the kind as a word, and only what was said.

internal import GanglionAPI
internal import KubeletAPI

extension NeuronNodeStatus.Fault {
    /// What the plugin says is wrong.
    init(_ fault: NodePluginAPI.Fault) {
        self.init(
            Kind(fault.kind), core: fault.core.map { Int($0) },
            counter: fault.counter.isEmpty ? nil : fault.counter,
            count: fault.count == 0 ? nil : Int(clamping: fault.count))
    }
}

extension NeuronNodeStatus.Fault.Kind {
    /// The kind of a message.
    init(_ kind: NodePluginAPI.Fault.Kind) {
        self =
            switch kind {
            case .unknown: .unknown
            case .missing: .missing
            case .sramUncorrected: .sramUncorrected
            case .memoryUncorrected: .memoryUncorrected
            case .memoryRepairable: .memoryRepairable
            case .resetFailed: .resetFailed
            case .components: .componentUnhealthy
            case .core: .coreError
            case .kernelLog: .kernelLogError
            case .noDevice: .noDevice
            case .fakeBesideReal: .fakeBesideReal
            }
    }
}
