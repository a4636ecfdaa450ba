// What is wrong with a chip goes to the node agent in its parts, so that whoever reads the NeuronNode or its events need not
// take sentences apart.

internal import KubeletAPI
internal import Neuron

extension NodePluginAPI.Fault {
    /// A fault as messages: one, or one for each part that the driver calls unhealthy.
    static func list(_ fault: HealthFault) -> [NodePluginAPI.Fault] {
        switch fault {
        case .missing: [Self(kind: .missing)]
        case .sramUncorrected(let count):
            [Self(kind: .sramUncorrected, counter: "sram_ecc_uncorrected", count: count)]
        case .memoryUncorrected(let count):
            [Self(kind: .memoryUncorrected, counter: "mem_ecc_uncorrected", count: count)]
        case .memoryRepairable(let count):
            [Self(kind: .memoryRepairable, counter: "mem_ecc_repairable_uncorrected", count: count)]
        case .resetFailed: [Self(kind: .resetFailed)]
        case .components(let names): names.map { Self(kind: .components, counter: $0) }
        case .core(let core, let counter, let count):
            [Self(kind: .core, core: Int32(clamping: core), counter: counter, count: count)]
        case .kernelLog(let error, let core):
            [Self(kind: .kernelLog, core: core.map { Int32(clamping: $0) }, counter: error)]
        case .noDevice: [Self(kind: .noDevice)]
        case .fakeBesideReal: [Self(kind: .fakeBesideReal)]
        }
    }
}
