// The driver's files, one by one, as driver 2.24.7.0 writes them (neuron_cdev.c, neuron_sysfs_metrics.c) and as the
// release notes tell of newer ones. Content, line ends and modes are the driver's: a mistake that discovery makes on
// a real node it must make here.

internal import FakeChip
internal import SystemIO
internal import Text

/// Writes the tree of one fake node.
struct FakeTree {
    let root: String
    let type: InstanceType
    let version: DriverVersion
    let logicalCoreSize: Int?
    /// Whether to write the counters that only monitors read, a hundred files per core.
    var hasMonitorCounters = true

    private var sys: String { root + "/sys" }
    private var family: NeuronFamily { type.family }

    func write() throws(SystemError) {
        for chip in 0..<type.chipCount { try writeChip(chip) }
        try writeClass()
        try file(sys + "/module/neuron/version", "\(version)\n", 0o444)
        try file(sys + "/devices/virtual/dmi/id/product_name", type.name + "\n", 0o444)
        try file(sys + "/devices/virtual/dmi/id/sys_vendor", "Amazon EC2\n", 0o444)
        try file(sys + "/devices/virtual/dmi/id/board_asset_tag", "i-0fa4e0fa4e0fa4e00\n", 0o444)
        for chip in 0..<type.chipCount { try writePCI(chip) }
        try file(
            root + "/ganglion/pci",
            (0..<type.chipCount).map { "\($0) \(type.fakeAddress(ofChip: $0))\n" }.joined(), 0o644)
        if let logicalCoreSize {
            try file(
                root + "/opt/aws/neuron/logical_nc_config", "NEURON_LOGICAL_NC_CONFIG=\(logicalCoreSize)\n",
                0o644)
        }
        for chip in 0..<type.chipCount {
            try Files.makeDirectory(root + "/dev")
            try Files.write(root + "/dev/neuron\(chip)", deviceFile(chip), mode: 0o666)
        }
        // Last, for it says that the tree is whole.
        try file(root + FakeDevice.marker, type.name + "\n", 0o644)
    }

    private func writeChip(_ chip: Int) throws(SystemError) {
        let path = sys + "/devices/virtual/neuron_device/neuron\(chip)"
        let mode: UInt32 = version < .readableByAll ? 0o400 : 0o444
        try file(path + "/core_count", "\(type.physicalCoresPerChip)", mode)
        try file(path + "/connected_devices", Self.connectedDevices(type.adjacency[chip]), mode)
        try file(path + "/reset", "1\n", 0o600)
        try file(path + "/dev", "243:\(chip)\n", 0o444)
        try file(path + "/uevent", "MAJOR=243\nMINOR=\(chip)\nDEVNAME=neuron\(chip)\n", 0o644)
        try Files.link(path + "/subsystem", to: "../../../../class/neuron_device")
        try file(path + "/info/notify_delay", "-1\n")
        try file(path + "/info/architecture/arch_type", family.deviceArchitecture + "\n")
        try file(path + "/info/architecture/instance_type", family.sysfsInstanceType + "\n")
        try file(path + "/info/architecture/device_name", family.deviceName + "\n")
        let host = path + "/stats/memory_usage/host_mem/"
        for category in hasMonitorCounters ? Self.hostCategories : [] {
            try counters(host + category, ["total", "present", "peak"])
        }
        try file(path + "/stats/power/utilization", "POWER_STATUS_NO_DATA,0,0.00,0.00,0.00\n")
        if family.hasHardwareStatistics {
            try file(path + "/info/serial_number", serialNumber(chip) + "\n")
            try writeHardware(path + "/stats/hardware/")
        }
        for core in 0..<type.physicalCoresPerChip { try writeCore(path + "/neuron_core\(core)") }
    }

    private func writeHardware(_ path: String) throws(SystemError) {
        var names = ["sram_ecc_uncorrected", "mem_ecc_uncorrected", "mem_ecc_repairable_uncorrected"]
        if hasComponentHealth {
            names += ["sram_ecc_corrected", "mem_ecc_corrected"]
            try file(path + "health_status/unhealthy_components", "\n", 0o444)
            try file(path + "health_status/healthcheck_heartbeat", "0\n", 0o444)
        }
        for name in names { try file(path + name, "0\n") }
    }

    private func writeCore(_ path: String) throws(SystemError) {
        try file(path + "/info/architecture/arch_type", family.coreArchitecture + "\n")
        for counter in hasMonitorCounters ? Self.statusCounters : Discovery.coreErrorCounters {
            try counters(path + "/stats/status/" + counter, ["total", "present"])
        }
        guard hasMonitorCounters else { return }
        let memory = ["total", "present", "peak"]
        try counters(path + "/stats/memory_usage/host_mem", memory)
        try counters(path + "/stats/memory_usage/device_mem", memory)
        for category in Self.deviceCategories {
            try counters(path + "/stats/memory_usage/device_mem/" + category, memory)
        }
        for counter in Self.otherCounters {
            try counters(path + "/stats/other_info/" + counter, ["total", "present"])
        }
        if family.hasHardwareStatistics {
            let rows = (0..<4).map { "\($0),0,0,0\n" }.joined()
            try file(path + "/stats/tensor_engine/pe_cntrs", "xrow_grp,mm_active,wl_active,idle\n" + rows)
        }
    }

    /// The class: links to the chips, and files that every machine has and only UltraServers fill.
    private func writeClass() throws(SystemError) {
        let path = sys + "/class/neuron_device"
        let ultra = type.name.hasPrefix("trn2u")
        let files = [
            ("node_id_2", "0\n"), ("node_id_4", "0\n"), ("server_id_2", "00000000000000f2\n"),
            ("server_id_4", "00000000000000f4\n"), ("ultraserver_mode", "1,2,4\n"),
        ]
        for (name, content) in files { try file(path + "/" + name, ultra ? content : "", 0o444) }
        for chip in 0..<type.chipCount {
            try Files.link(
                path + "/neuron\(chip)", to: "../../devices/virtual/neuron_device/neuron\(chip)")
        }
    }

    private func writePCI(_ chip: Int) throws(SystemError) {
        let path = sys + "/bus/pci/devices/\(type.fakeAddress(ofChip: chip))/"
        let place = type.fakePlace(ofChip: chip)
        try file(path + "vendor", "0x1d0f\n", 0o444)
        if let device = family.pciDevice {
            try file(path + "device", "0x" + String(device, radix: 16) + "\n", 0o444)
        }
        try file(path + "numa_node", "\(place.numaNode)\n", 0o644)
        try file(path + "local_cpulist", place.cpus + "\n", 0o444)
    }

    private func deviceFile(_ chip: Int) -> [UInt8] {
        FakeChipFile(
            index: chip, cores: type.coresPerChip(logicalCoreSize: logicalCoreSize),
            memory: Int(clamping: type.memoryPerChip)
        ).octets
    }

    /// Differs by type and chip, and is the same each time.
    private func serialNumber(_ chip: Int) -> String {
        let text = String(FNV1a("\(type.name)/\(chip)".utf8).value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    private var hasComponentHealth: Bool {
        version >= .componentHealth && (family == .trainium2 || family == .trainium3)
    }

    /// The driver's buffer has 20 characters; a longer list comes out empty (neuron_cdev.c).
    static func connectedDevices(_ neighbours: [Int]) -> String {
        let text = neighbours.map(String.init).joined(separator: ", ") + "\n"
        return text.utf8.count < 20 ? text : ""
    }

    private func counters(_ path: String, _ names: [String]) throws(SystemError) {
        try Files.makeDirectory(path)
        for name in names { try Files.write(path + "/" + name, Array("0\n".utf8)) }
    }

    private func file(_ path: String, _ content: String, _ mode: UInt32 = 0o644) throws(SystemError) {
        if let slash = path.lastIndex(of: "/") { try Files.makeDirectory(String(path[..<slash])) }
        try Files.write(path, Array(content.utf8), mode: mode)
    }

    private static let hostCategories = [
        "application_memory", "constants", "dma_buffers", "dma_rings", "driver_memory", "notifications",
        "tensors",
        "uncategorized",
    ]
    private static let deviceCategories = [
        "collectives", "constants", "dma_rings", "driver_memory", "model_code", "model_shared_scratchpad",
        "nonshared_scratchpad", "notifications", "runtime_memory", "tensors", "uncategorized",
    ]
    private static let otherCounters = [
        "flop_count", "inference_count", "model_load_count", "reset_req_count", "reset_fail_count",
        "nc_time_in_use",
    ]
    private static let statusCounters = [
        "success", "failure", "timeout", "exec_bad_input", "hw_error", "execute_completed_with_error",
        "execute_completed_with_num_error", "generic_error", "resource_error", "resource_nc_error",
        "execute_failed_to_queue", "invalid_error", "unsupported_neff_version", "oob_error",
        "hw_collectives_error",
        "hw_hbm_ue_error", "hw_nc_ue_error", "hw_dma_abort_error", "execute_sw_nq_overflow",
        "execute_sw_semaphore_error", "execute_sw_event_error", "execute_sw_psum_collision",
        "execute_sw_sequencer_fatal", "hw_repairable_hbm_ue_error",
    ]
}
