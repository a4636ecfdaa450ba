// What can go wrong between a process and the NeuronCores, in the driver's and the runtime's terms.

internal import Text

/// Cores that a process cannot have.
package enum DeviceError: Error, Equatable {
    /// No `neuron0` under the root.
    case noDevices(root: String)
    /// A device node of the real driver, which this runtime does not speak to.
    case notEmulated(path: String)
    /// A file that is no fake device, or a damaged one.
    case damaged(path: String, problem: String)
    /// The chips' numbers on the host have a gap; the driver gives out runs of consecutive cores only.
    case chipsNotConsecutive(path: String, index: Int, expected: Int)
    /// A variable whose value cannot be understood.
    case badVariable(name: String, value: String)
    /// A core list with a gap or a step back.
    case notContiguous(value: String)
    /// Cores beyond the last one.
    case noSuchCores(Range<Int>, available: Int)
    /// Another process, or another group of this one, has the core (the driver's EBUSY).
    case busy(core: Int, coreOfChip: Int, chip: Int, path: String)
    /// There is no free run of this many cores.
    case noFreeRun(count: Int, longest: Int)
    /// The model and what is there already do not fit on the chip. Octets.
    case outOfMemory(chip: Int, needed: Int, free: Int, capacity: Int)
    /// A system call failed.
    case system(String)

    /// Whether it may pass by itself, when another owner ends.
    package var isPassing: Bool {
        switch self {
        case .busy, .noFreeRun: true
        default: false
        }
    }
}

extension DeviceError: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .noDevices(let root):
            "there is no Neuron device under \(root): on a machine without Neuron hardware make a fake device tree"
                + " with `ganglion fake create --instance-type inf2.xlarge --root DIR` and set"
                + " GANGLION_DEVICE_ROOT=DIR/dev"
        case .notEmulated(let path):
            "\(path) is a device of the real driver, and this runtime computes on the fake device only: set"
                + " GANGLION_DEVICE_ROOT to a fake tree's dev directory"
        case .damaged(let path, let problem):
            "\(path) is no fake Neuron device (\(problem)): make the device tree again"
        case .chipsNotConsecutive(let path, let index, let expected):
            "\(path) is chip \(index) where chip \(expected) should follow: give a pod consecutive chips, since"
                + " the driver hands out consecutive cores only"
        case .badVariable(let name, let value):
            "\(name)=\(value) is no number of cores or list of them: write it like 3, 0-7 or 4,5,6,7"
        case .notContiguous(let value):
            "Neuron cores are not contiguous in NEURON_RT_VISIBLE_CORES=\(value): name consecutive, increasing"
                + " cores, such as 4-7"
        case .noSuchCores(let cores, let available):
            "cores \(cores.spanText) were asked for, but the visible devices have \(available) cores: name cores from"
                + " 0 to \(available - 1)"
        case .busy(let core, let coreOfChip, let chip, let path):
            "core \(core) (core \(coreOfChip) of chip \(chip), \(path)) is in use by another owner (EBUSY): wait"
                + " for it to end or choose other cores"
        case .noFreeRun(let count, let longest):
            "there are no \(count) consecutive free cores, the longest free run has \(longest) (EBUSY): ask for"
                + " fewer or wait for a process to end"
        case .outOfMemory(let chip, let needed, let free, let capacity):
            "the model needs \(mebibytes(needed)) on chip \(chip), which has \(mebibytes(free)) free of"
                + " \(mebibytes(capacity)): use more cores per model, fewer models, or an instance with more memory"
        case .system(let sentence): sentence
        }
    }
}

/// Octets as MiB with one digit, enough to compare by.
private func mebibytes(_ bytes: Int) -> String {
    let tenths = Int((Double(bytes) / 104_857.6).rounded())
    return "\(tenths / 10).\(abs(tenths % 10)) MiB"
}
