// `ganglion fake fault` and `ganglion fake heal`: what a chip looks like to the driver when it fails, so that one can see
// pods and node follow before it happens.

internal import Arguments
internal import FakeChip
internal import Neuron
internal import SystemIO

/// The commands.
package enum FakeFaultCommand {
    /// How a chip fails.
    package enum Fault: String, ArgumentChoice {
        /// The chip did not come back from a reset: nothing can open it.
        case resetFailed = "reset-failed"
        /// Its memory has an error that cannot be corrected. Inferentia has no such counter.
        case memoryErrors = "memory-errors"
        /// Its first core aborted a transfer.
        case dmaAbort = "dma-abort"
        /// The next execution does not end, and fails after NEURON_RT_EXEC_TIMEOUT.
        case hang
        /// The next execution meets an error of device memory.
        case memoryError = "memory-error"
        /// The next execution meets an error of the core's own memory.
        case coreMemoryError = "core-memory-error"
        /// The next execution's transfer is aborted.
        case transferAbort = "transfer-abort"
        /// The next execution's collective hangs.
        case collectives
        /// The next execution gives numbers that are none.
        case numericalError = "numerical-error"
        /// The core hangs, from the next execution on, until its process has ended.
        case coreReset = "core-reset"
        /// The next load finds no memory.
        case outOfMemory = "out-of-memory"

        /// What the core's next execution or load meets; nil for what the driver shows at once.
        var ofExecution: ExecutionFault? { ExecutionFault(rawValue: rawValue) }
    }

    private static let dmaCounter = "hw_dma_abort_error"

    /// Lets a chip of a fake node fail.
    ///
    /// - Parameter core: of the chip, for a fault of an execution.
    package static func fail(chip: Int, root: String, fault: Fault, core: Int = 0) -> CommandOutput {
        if let execution = fault.ofExecution {
            return change(chip, root, "core \(core) fails at the next execution or load: \(fault.rawValue)") {
                (fake) throws(FakeDeviceError) in try fake.request(execution, chip: chip, core: core)
            }
        }
        if fault == .memoryErrors, Files.exists(path(chip, root)), !hasCounters(chip, root) {
            return CommandOutput(
                failure:
                    "neuron\(chip) counts no memory errors, as no Inferentia chip does: take --fault reset-failed"
            )
        }
        return change(chip, root, "fails: \(fault.rawValue)") { (fake) throws(FakeDeviceError) in
            switch fault {
            case .resetFailed: try fake.setResetState(.invalid, chip: chip)
            case .memoryErrors: try fake.setMemoryErrors(.memory, chip: chip, to: 1)
            case .dmaAbort: try fake.setCoreErrors(dmaCounter, chip: chip, core: 0, to: 1)
            case .hang, .memoryError, .coreMemoryError, .transferAbort, .collectives, .numericalError,
                .coreReset, .outOfMemory:
                break
            }
        }
    }

    /// Takes back whatever `fail` did to a chip.
    package static func heal(chip: Int, root: String) -> CommandOutput {
        change(chip, root, "is healthy") { (fake) throws(FakeDeviceError) in
            try fake.setResetState(.ready, chip: chip)
            if hasCounters(chip, root) { try fake.setMemoryErrors(.memory, chip: chip, to: 0) }
            try fake.setCoreErrors(dmaCounter, chip: chip, core: 0, to: 0)
            for core in 0..<64 { try fake.request(nil, chip: chip, core: core) }
        }
    }

    private static func path(_ chip: Int, _ root: String) -> String {
        root + "/sys/devices/virtual/neuron_device/neuron\(chip)"
    }

    private static func hasCounters(_ chip: Int, _ root: String) -> Bool {
        Files.exists(path(chip, root) + "/stats/hardware")
    }

    private static func change(
        _ chip: Int, _ root: String, _ effect: String,
        _ body: (FakeDevice) throws(FakeDeviceError) -> Void
    ) -> CommandOutput {
        let fake = FakeDevice(root: root)
        guard fake.installed != nil else {
            return CommandOutput(
                failure:
                    "\(root) is no fake node: make one with \"ganglion fake create\", or name another --root")
        }
        do throws(FakeDeviceError) {
            try body(fake)
            return CommandOutput(text: "neuron\(chip) in \(root) \(effect)\n")
        } catch {
            return CommandOutput(failure: error.description)
        }
    }

    private static let root = Option<String>("root", placeholder: "DIR", help: "The fake node's directory")
    private static let chip = Option<Int>("chip", placeholder: "N", help: "N of /dev/neuronN")
    private static let fault = Option<Fault>("fault", default: .resetFailed, help: "How it fails")
    private static let core = Option(
        "core", default: 0, placeholder: "N", help: "The chip's core whose next execution or load fails",
        check: { (0...63).contains($0) ? nil : "must be from 0 to 63" })

    /// `fault` and `heal`, below `fake`.
    static let commands = [
        Command(
            "fault", summary: "Let a chip of a fake node fail", arguments: [root, chip, fault, core],
            examples: [
                .init(
                    "ganglion fake fault --root /tmp/node --chip 3", "neuron3 is unhealthy until it is healed"
                ),
                .init(
                    "ganglion fake fault --root /tmp/node --chip 0 --core 1 --fault hang",
                    "the next execution on core 1 of neuron0 fails with NRT_TIMEOUT"),
            ]
        ) { values in
            try print(
                fail(chip: values[chip], root: values[root], fault: values[fault], core: values[core]))
        },
        Command("heal", summary: "Take a chip's faults back", arguments: [root, chip]) { values in
            try print(heal(chip: values[chip], root: values[root]))
        },
    ]
}
