// An alert is written for a reason, not for a sentence: each kind of fault has its own, so that "replace the instance" and
// "reload the driver" can go to different people.

internal import KubeletAPI

extension NodePluginAPI.Fault.Kind {
    /// The reason of the event about a chip with this fault.
    var eventReason: String {
        switch self {
        case .missing: "ChipMissing"
        case .sramUncorrected: "ChipSRAMUncorrected"
        case .memoryUncorrected: "ChipMemoryUncorrected"
        case .memoryRepairable: "ChipMemoryRepairable"
        case .resetFailed: "ChipResetFailed"
        case .components: "ChipComponentUnhealthy"
        case .core: "ChipCoreError"
        case .kernelLog: "ChipKernelLogError"
        case .noDevice: "ChipNoDevice"
        case .fakeBesideReal: "ChipFakeBesideReal"
        case .unknown: "ChipUnhealthy"
        }
    }

    /// Whether it goes without another instance: with a reload of the driver, or with what stands in the wrong place.
    private var isMendedInPlace: Bool {
        switch self {
        case .memoryRepairable, .resetFailed, .noDevice, .fakeBesideReal: true
        case .missing, .sramUncorrected, .memoryUncorrected, .components, .core, .kernelLog, .unknown: false
        }
    }

    /// The one of several that says what has to be done: a reload of the driver does not help where another fault needs a
    /// new instance.
    static func foremost(_ kinds: some Sequence<Self>) -> Self {
        kinds.first { !$0.isMendedInPlace } ?? kinds.first { _ in true } ?? .unknown
    }
}
