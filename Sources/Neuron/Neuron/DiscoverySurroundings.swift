// What the chips' own files do not tell: the instance type, the logical core size, and where a chip sits.

internal import Placement
internal import SystemIO

extension Discovery {
    /// The instance type: from the setting, else the firmware, else from what the chips leave possible.
    func instanceType(
        family: NeuronFamily?, chipCount: Int, _ problems: inout [DiscoveryProblem]
    ) -> (type: InstanceType?, name: String?, source: InstanceTypeSource?) {
        let firmware = SysfsFile.text(settings.sysfsRoot + "/devices/virtual/dmi/id/product_name").value
        var name: String?
        var source: InstanceTypeSource?
        if let setting = settings.instanceType, !setting.isEmpty {
            (name, source) = (setting, .setting)
        } else if let firmware, Self.looksLikeInstanceType(firmware) {
            (name, source) = (firmware, .firmware)
        }
        if let given = name, let origin = source {
            do throws(UnknownInstanceType) {
                let type = try InstanceType.named(given)
                if family == nil || type.family == family { return (type, type.name, origin) }
                problems.append(
                    .instanceTypeMismatch(name: given, source: origin, family: family ?? type.family))
                (name, source) = (nil, nil)
            } catch {
                problems.append(.unknownInstanceType(error, source: origin))
            }
        }
        guard name == nil, let family else { return (nil, name, source) }
        let possible = InstanceType.all(of: family, chipCount: chipCount)
        guard possible.count == 1, let type = possible.first else { return (nil, nil, nil) }
        return (type, type.name, .inferred)
    }

    /// EC2's firmware names the type; other makers put a product's name with blanks there.
    private static func looksLikeInstanceType(_ text: String) -> Bool {
        if InstanceType.all.contains(where: { $0.name == text }) { return true }
        return text.utf8.count <= 64 && text.contains(".")
            && text.utf8.allSatisfy { byte in
                (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 46
            }
    }

    /// The EC2 instance id, which Nitro firmware puts into the asset tag.
    func instanceID() -> String? {
        let tag = SysfsFile.text(settings.sysfsRoot + "/devices/virtual/dmi/id/board_asset_tag").value
        guard let tag, tag.hasPrefix("i-"), tag.utf8.count <= 32,
            tag.utf8.dropFirst(2).allSatisfy({ (48...57).contains($0) || (97...122).contains($0) })
        else { return nil }
        return tag
    }

    /// Physical cores in a logical core: from the setting, else AWS's node-wide file, else the family's default.
    func logicalCoreSize(
        family: NeuronFamily?, physicalCores: Int, _ problems: inout [DiscoveryProblem]
    ) -> Int {
        let allowed = (family?.logicalCoreSizes ?? [1]).filter { physicalCores % $0 == 0 }
        let fallback = allowed.last ?? 1
        let file = settings.logicalCoreConfigFile
        var said: (size: Int, source: String)?
        if let size = settings.logicalCoreSize {
            said = (size, InstanceTypeSource.setting.description)
        } else {
            let reading = SysfsFile.parsed(
                file, expected: "NEURON_LOGICAL_NC_CONFIG=1 or 2", mend: "correct the file or remove it",
                Self.logicalCoreConfig)
            if let problem = reading.problem { problems.append(problem) }
            if let size = reading.value { said = (size, file) }
        }
        guard let said else { return fallback }
        guard allowed.contains(said.size) else {
            problems.append(.logicalCoreSize(said.size, allowed: allowed, source: said.source))
            return fallback
        }
        return said.size
    }

    /// `NEURON_LOGICAL_NC_CONFIG=1`, among comments and other lines.
    private static func logicalCoreConfig(_ text: String) -> Int? {
        for line in text.split(separator: "\n") {
            var rest = line.drop { $0 == " " }
            if rest.hasPrefix("export ") { rest = rest.dropFirst(7) }
            guard rest.hasPrefix("NEURON_LOGICAL_NC_CONFIG=") else { continue }
            return decimal(rest.dropFirst(25).prefix { $0 != " " && $0 != "\r" }, maximum: 64).map { Int($0) }
        }
        return nil
    }

    /// Where the chips are on the PCI bus.
    ///
    /// The driver tells it only through an ioctl on the device node, which is not asked unless the settings say so;
    /// the fake device, which has no driver, writes `ganglion/pci` beside its sysfs, lines of a chip's number and its
    /// address.
    func pciAddresses(of chips: [Int], _ problems: inout [DiscoveryProblem]) -> [Int: PCIAddress] {
        var addresses: [Int: PCIAddress] = [:]
        for chip in settings.asksDriver ? chips : [] {
            addresses[chip] = DriverQuery.pciAddress(device: settings.deviceRoot + "/neuron\(chip)")
        }
        let reading = SysfsFile.text(settings.sysfsRoot + "/../ganglion/pci")
        if let problem = reading.problem { problems.append(problem) }
        for line in (reading.value ?? "").split(separator: "\n").prefix(Self.maximumChips) {
            let words = line.split(separator: " ")
            guard words.count == 2, let chip = decimal(words[0], maximum: 63),
                let address = PCIAddress(String(words[1]))
            else { continue }
            addresses[Int(chip)] = address
        }
        return addresses
    }

    /// Reads the NUMA node and the near CPUs of a PCI device.
    func locate(_ chip: inout Chip, at address: PCIAddress) {
        let path = settings.sysfsRoot + "/bus/pci/devices/\(address)/"
        if let text = SysfsFile.text(path + "numa_node").value {
            chip.numaNode = text == "-1" ? -1 : decimal(text, maximum: 1023).map { Int($0) }
        }
        let cpus = SysfsFile.text(path + "local_cpulist").value ?? ""
        let isList = cpus.utf8.allSatisfy { (48...57).contains($0) || $0 == 44 || $0 == 45 }
        chip.cpuAffinity = !cpus.isEmpty && isList ? cpus : nil
    }
}
