// Discovery never gives up: what it cannot make sense of it tells, file by file, and goes on with the other chips.

internal import Text

/// Something that discovery came across.
package enum DiscoveryProblem: Error, Hashable, Sendable {
    /// The directory of the driver's class is not there.
    case noDriver(path: String)
    /// A file or directory exists and cannot be read.
    case unreadable(file: String, reason: String)
    /// A file's content is not what it should be.
    case malformed(file: String, value: String, expected: String, mend: String)
    /// It is no file of one value at all.
    case misshapen(file: String, problem: String)
    /// A chip's link leads to a chip that is not there.
    case unknownLink(file: String, chip: Int)
    /// A chip's number is higher than any the driver gives, or its cores would be beyond the 512th.
    case chipNumber(name: String)
    /// A chip says another core count than the others.
    case coreCountDiffers(file: String, value: Int, others: Int)
    /// `core_count` could not be read; the family's count was taken.
    case coreCountAssumed(file: String, reason: String, assumed: Int)
    /// A chip of a family that this version does not know.
    case unknownFamily(chip: Int, deviceName: String)
    /// A name of the instance type that is not in the table.
    case unknownInstanceType(UnknownInstanceType, source: InstanceTypeSource)
    /// The setting names a type of another family than the chips are.
    case instanceTypeMismatch(name: String, source: InstanceTypeSource, family: NeuronFamily)
    /// The type has a chip that is not there.
    case missingChip(Int, instanceType: String)
    /// The links between the chips are not known.
    case noTopology(chips: Int)
    /// A fake node is served although the driver is loaded.
    case driverBesideFake(path: String)
    /// The logical core size is not possible on these chips.
    case logicalCoreSize(Int, allowed: [Int], source: String)
}

extension DiscoveryProblem {
    /// Whether a chip or a setting is left out because of it; else it is a remark.
    package var isError: Bool {
        switch self {
        case .noDriver, .unreadable, .malformed, .misshapen, .unknownLink, .chipNumber, .coreCountDiffers,
            .missingChip:
            true
        case .coreCountAssumed, .unknownFamily, .unknownInstanceType, .instanceTypeMismatch, .noTopology,
            .driverBesideFake, .logicalCoreSize:
            false
        }
    }
}

extension DiscoveryProblem: CustomStringConvertible {
    /// One sentence: the thing, the value, the mend.
    package var description: String {
        switch self {
        case .noDriver(let path):
            "no Neuron driver: \(path) does not exist; load the neuron module, or name another --sysfs-root"
        case .unreadable(let file, let reason):
            "cannot read \(file) (\(reason)): run as root or use driver 2.28 or newer"
        case .malformed(let file, let value, let expected, let mend):
            "\(file) has \(quoted(value)), expected \(expected): \(mend)"
        case .misshapen(let file, let problem):
            "\(file) \(problem), expected a file with one value, which is left out: reload the driver, or name another "
                + "--sysfs-root"
        case .unknownLink(let file, let chip):
            "\(file) names neuron\(chip), which is not there: the link is left out, reload the driver"
        case .chipNumber(let name):
            "\(name) is left out: there can be 64 chips and 512 cores, numbered from 0"
        case .coreCountDiffers(let file, let value, let others):
            "\(file) has \(value), the other chips have \(others): the chip is left out, reload the driver"
        case .coreCountAssumed(let file, let reason, let assumed):
            "cannot read \(file) (\(reason)): took the family's \(assumed) cores; run as root or use driver 2.28 "
                + "or newer"
        case .unknownFamily(let chip, let name):
            "neuron\(chip) is a \(quoted(name)), which this version does not know: it is advertised without "
                + "topology and memory"
        case .unknownInstanceType(let unknown, let source):
            "\(unknown) (from \(source)); the chips are taken as they are"
        case .instanceTypeMismatch(let name, let source, let family):
            "the instance type \(name) (from \(source)) is not of the chips' family \(family.rawValue): it is ignored, "
                + "correct or remove the setting"
        case .missingChip(let chip, let type):
            "neuron\(chip) is missing, \(type) should have it: look for its probe error in the kernel log"
        case .noTopology(let chips):
            "the links between the \(chips) chips are not known: name the instance type with --instance-type"
        case .driverBesideFake(let path):
            "the Neuron driver is loaded (\(path)/module/neuron) while this node serves fake chips: restart the device "
                + "plugin, which then serves the real ones"
        case .logicalCoreSize(let size, let allowed, let source):
            "logical core size \(size) (from \(source)) is not possible on these chips, it can be "
                + "\(allowed.alternatives): correct NEURON_LOGICAL_NC_CONFIG"
        }
    }
}

/// A value from a file as a sentence can carry it: short, on one line.
func quoted(_ value: String) -> String {
    if value.isEmpty { return "nothing" }
    let plain = value.unicodeScalars.prefix(40).map { scalar in
        scalar.value < 32 || (127...159).contains(scalar.value) ? "?" : String(scalar)
    }
    return "'" + plain.joined() + (value.unicodeScalars.count > 40 ? "…" : "") + "'"
}
