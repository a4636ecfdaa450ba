// Reads the files that health is judged from. Cheap enough to be done every few seconds for every chip.

internal import SystemIO

extension Discovery {
    /// Per-core counters that AWS answers with "replace the instance"; the others count application errors.
    package static let coreErrorCounters = ["hw_dma_abort_error", "hw_hbm_ue_error", "hw_nc_ue_error"]

    /// The files whose changes a driver that notifies tells of.
    package func notifyingFiles(chips: [Int]) -> Set<String> {
        Set(
            chips.flatMap { chip in
                [
                    "health_status/unhealthy_components", "sram_ecc_uncorrected", "mem_ecc_uncorrected",
                    "mem_ecc_repairable_uncorrected",
                ].map { chipPath(chip) + "/stats/hardware/" + $0 }
            })
    }

    /// Reads a chip's health files.
    package func readHealth(chip: Int) -> HealthReading {
        let path = chipPath(chip)
        let hardware = path + "/stats/hardware/"
        var reading = HealthReading(
            isPresent: Files.exists(path),
            reset: SysfsFile.parsed(path + "/reset", expected: "0, 1 or 2") { text in
                decimal(text).flatMap(ResetState.init(rawValue:))
            },
            sramUncorrected: SysfsFile.number(hardware + "sram_ecc_uncorrected"),
            memoryUncorrected: SysfsFile.number(hardware + "mem_ecc_uncorrected"),
            memoryRepairable: SysfsFile.number(hardware + "mem_ecc_repairable_uncorrected"),
            unhealthyComponents: SysfsFile.parsed(
                hardware + "health_status/unhealthy_components", expected: "names between commas",
                Self.components),
            coreCounters: [])
        guard reading.isPresent else { return reading }
        for core in 0..<16 {
            let status = path + "/neuron_core\(core)/stats/status/"
            guard Files.exists(status) else { break }
            for name in Self.coreErrorCounters {
                reading.coreCounters.append(
                    .init(core: core, name: name, total: SysfsFile.number(status + name + "/total")))
            }
        }
        return reading
    }

    /// `hbm, sram`: words of letters, digits and `_`, at most 32 of them.
    private static func components(_ text: String) -> [String]? {
        var names: [String] = []
        for piece in text.split(whereSeparator: { $0 == "," || $0 == " " || $0 == "\n" }) {
            let valid =
                piece.utf8.count <= 64
                && piece.utf8.allSatisfy { byte in
                    (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
                        || byte == 95
                }
            guard valid, names.count < 32 else { return nil }
            names.append(String(piece))
        }
        return names
    }
}
