// From sysfs to an inventory. There is one code path for the real driver and for the fake device; what is missing in
// one driver's files comes from the instance table, and every doubt is told in `problems`.

internal import Placement
internal import SystemIO

/// Finds the Neuron chips of a node.
package struct Discovery: Sendable {
    /// Where it looks.
    package let settings: DiscoverySettings

    /// The driver's limit (neuron_device.h).
    static let maximumChips = 64

    /// A discovery that looks where `settings` says.
    package init(_ settings: DiscoverySettings) { self.settings = settings }

    /// Finds the chips under the two roots.
    package static func scan(sysfsRoot: String = "/sys", deviceRoot: String = "/dev") -> NeuronInventory {
        Discovery(DiscoverySettings(sysfsRoot: sysfsRoot, deviceRoot: deviceRoot)).scan()
    }

    /// Where a chip's files are. The class directory holds links to them, on every kernel.
    func chipPath(_ chip: Int) -> String { settings.sysfsRoot + "/class/neuron_device/neuron\(chip)" }

    /// Finds the chips. Never fails: what cannot be read is left out and told in `problems`.
    package func scan() -> NeuronInventory {
        var problems: [DiscoveryProblem] = []
        let found = chipNumbers(&problems).map { number in ChipFiles(number, path: chipPath(number)) }
        let families = found.compactMap { chip in
            chip.deviceName.value.flatMap(NeuronFamily.init(deviceName:))
        }
        let family = families.first
        for chip in found {
            if let name = chip.deviceName.value, NeuronFamily(deviceName: name) == nil {
                problems.append(.unknownFamily(chip: chip.number, deviceName: name))
            } else if let problem = chip.deviceName.problem {
                problems.append(problem)
            }
        }
        let type = instanceType(family: family, chipCount: found.count, &problems)
        let counted = coreCounts(found, family: family, &problems)
        let size = logicalCoreSize(family: family, physicalCores: counted.cores, &problems)
        let topology = topology(
            of: counted.chips, found: found.map(\.number), type: type.type, family: family,
            coresPerChip: counted.cores / size, &problems)
        let addresses = pciAddresses(of: counted.chips.map(\.number), &problems)
        let usable = counted.chips.filter { $0.number < topology.chipCount }
        for chip in counted.chips.dropFirst(usable.count) {
            problems.append(.chipNumber(name: "neuron\(chip.number)"))
        }
        var chips = usable.map { chip in
            var result = Chip(
                index: chip.number, physicalCoreCount: counted.cores, coreCount: counted.cores / size,
                connected: topology.adjacency[chip.number],
                memoryBytes: family?.memoryPerChip, serialNumber: chip.serialNumber,
                deviceName: chip.deviceName.value, devicePath: settings.deviceRoot + "/neuron\(chip.number)",
                pciAddress: addresses[chip.number],
                health: readHealth(chip: chip.number).evaluate(settings.health))
            if let address = result.pciAddress { locate(&result, at: address) }
            return result
        }
        checkDeviceFiles(&chips)
        if let host = settings.hostSysfsRoot, Self.isDriverLoaded(sysfsRoot: host) {
            problems.append(.driverBesideFake(path: host))
        }
        let leftOut = found.map(\.number).filter { number in !usable.contains { $0.number == number } }
            .map { ($0, readHealth(chip: $0).evaluate(settings.health)) }
        return NeuronInventory(
            instanceType: type.type, instanceTypeName: type.name, instanceTypeSource: type.source,
            instanceID: instanceID(), family: family, chips: chips,
            leftOut: Dictionary(uniqueKeysWithValues: leftOut), logicalCoreSize: size,
            driverVersion: driverVersion(&problems), topology: topology, problems: problems)
    }

    /// N of every `neuronN`, in the order of the numbers; text order would put 10 before 2.
    private func chipNumbers(_ problems: inout [DiscoveryProblem]) -> [Int] {
        let path = settings.sysfsRoot + "/class/neuron_device"
        guard Files.exists(path) else {
            problems.append(.noDriver(path: path))
            return []
        }
        var numbers: [Int] = []
        do throws(SystemError) {
            for name in try Files.list(path) where name.hasPrefix("neuron") {
                guard let number = decimal(name.dropFirst(6)), name == "neuron\(number)" else { continue }
                guard number < UInt64(Self.maximumChips) else {
                    problems.append(.chipNumber(name: name))
                    continue
                }
                numbers.append(Int(number))
            }
        } catch {
            problems.append(.unreadable(file: path, reason: SystemError.text(error.code)))
        }
        return numbers.sorted()
    }

    /// The chips whose core count can be used, and that count, which is the same for all.
    private func coreCounts(
        _ found: [ChipFiles], family: NeuronFamily?, _ problems: inout [DiscoveryProblem]
    ) -> (chips: [ChipFiles], cores: Int) {
        let counts = found.compactMap(\.coreCount.value)
        // The count that most chips have; of equals the larger.
        let common = Set(counts).max { a, b in
            (counts.filter { $0 == a }.count, a) < (counts.filter { $0 == b }.count, b)
        }
        guard let cores = common ?? family?.physicalCoresPerChip else {
            problems += found.compactMap(\.coreCount.problem)
            return ([], 1)
        }
        let usable = found.filter { chip in
            switch chip.coreCount {
            case .value(let value):
                if value == cores { return true }
                problems.append(
                    .coreCountDiffers(file: chip.path + "/core_count", value: value, others: cores))
                return false
            case .absent:
                problems.append(ChipFiles.noCoreCount(chip.path + "/core_count", value: ""))
                return false
            case .failed(.unreadable(let file, let reason)):
                problems.append(.coreCountAssumed(file: file, reason: reason, assumed: cores))
                return true
            case .failed(let problem):
                problems.append(problem)
                return false
            }
        }
        return (usable, cores)
    }

    /// The links of the chips: the driver's, else the table's. The driver prints none as soon as a chip is missing.
    private func topology(
        of chips: [ChipFiles], found: [Int], type: InstanceType?, family: NeuronFamily?, coresPerChip: Int,
        _ problems: inout [DiscoveryProblem]
    ) -> CoreTopology {
        problems += chips.compactMap(\.connected.problem)
        let highest = chips.last?.number ?? -1
        let known = type ?? family.flatMap { InstanceType.all(of: $0, chipCount: chips.count).first }
        var count = highest + 1
        var adjacency = [[Int]](repeating: [], count: count)
        for chip in chips { adjacency[chip.number] = chip.connected.value ?? [] }
        if let known, known.chipCount >= count {
            count = known.chipCount
            adjacency += [[Int]](repeating: [], count: count - adjacency.count)
            let table = known.adjacency
            for chip in 0..<count where adjacency[chip].isEmpty { adjacency[chip] = table[chip] }
            // Chips that were found and left out have been told already, and so has that there are none.
            for chip in 0..<count where !found.isEmpty && !found.contains(chip) {
                problems.append(.missingChip(chip, instanceType: known.name))
            }
        } else if count > 1, adjacency.allSatisfy(\.isEmpty) {
            problems.append(.noTopology(chips: chips.count))
        }
        for chip in chips {
            for other in chip.connected.value ?? [] where other >= count && !found.contains(other) {
                problems.append(.unknownLink(file: chip.path + "/connected_devices", chip: other))
            }
        }
        return CoreTopology(
            chipCount: count, coresPerChip: coresPerChip, adjacency: adjacency,
            groups: family?.groups ?? type?.family.groups ?? .anyRun)
    }

    private func driverVersion(_ problems: inout [DiscoveryProblem]) -> DriverVersion? {
        let reading = SysfsFile.parsed(
            settings.sysfsRoot + "/module/neuron/version", expected: "a version", DriverVersion.init(_:))
        if let problem = reading.problem { problems.append(problem) }
        return reading.value
    }
}

/// What was read of one chip, before it is made sense of together with the others.
struct ChipFiles {
    let number: Int
    let path: String
    let coreCount: Reading<Int>
    let connected: Reading<[Int]>
    let deviceName: Reading<String>
    let serialNumber: String?

    init(_ number: Int, path: String) {
        self.number = number
        self.path = path
        coreCount = SysfsFile.parsed(
            path + "/core_count", expected: Self.coreCounts, mend: Self.leftOut
        ) { text in
            decimal(text, maximum: 64).flatMap { $0 > 0 ? Int($0) : nil }
        }
        connected = SysfsFile.parsed(
            path + "/connected_devices", expected: "chip numbers between commas", Self.chipList)
        deviceName = SysfsFile.text(path + "/info/architecture/device_name")
        let serial = SysfsFile.text(path + "/info/serial_number").value ?? ""
        serialNumber =
            serial.utf8.count == 16
                && serial.utf8.allSatisfy {
                    ($0 | 0x20) >= 97 && ($0 | 0x20) <= 102 || (48...57).contains($0)
                }
            ? serial : nil
    }

    private static let coreCounts = "a number of cores, 1 to 64"
    private static let leftOut = "the chip is left out, unless it is known already: reload the driver"

    /// A chip without a usable core count.
    static func noCoreCount(_ file: String, value: String) -> DiscoveryProblem {
        .malformed(file: file, value: value, expected: coreCounts, mend: leftOut)
    }

    /// `12, 3, 4, 1`; no text means no neighbours.
    private static func chipList(_ text: String) -> [Int]? {
        guard !text.isEmpty else { return [] }
        var chips: [Int] = []
        for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
            let digits = piece.drop { $0 == " " }
            guard let chip = decimal(digits, maximum: UInt64(Discovery.maximumChips - 1)) else { return nil }
            chips.append(Int(chip))
        }
        return chips
    }
}
