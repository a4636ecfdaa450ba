// Fake chips for tests, as the fake device writes them.

import FakeChip
import SystemIO
import TestSupport

extension TemporaryDirectory {
    /// Makes `neuron0`, `neuron1` ...
    func addChips(_ count: Int, first: Int = 0, cores: Int = 2, memory: Int = 34_359_738_368) throws {
        for chip in 0..<count {
            try Files.write(
                path + "/neuron\(chip)",
                FakeChipFile(index: first + chip, cores: cores, memory: memory).octets)
        }
    }
}
