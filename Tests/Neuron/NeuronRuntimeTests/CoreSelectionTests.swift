import Testing

@testable import NeuronRuntime

@Suite("Which cores a process asks for")
struct CoreSelectionTests {
    @Test(
        "NEURON_RT_VISIBLE_CORES is a consecutive list of numbers and ranges",
        arguments: [
            ("3", 3..<4), ("0-7", 0..<8), ("3-5,6", 3..<7), ("0,1,2,3", 0..<4), ("4, 5", 4..<6),
            ("7-7", 7..<8),
        ] as [(String, Range<Int>)])
    func lists(text: String, expected: Range<Int>) throws {
        #expect(try CoreSelection.parse(text) == expected)
    }

    @Test(
        "gaps, steps back, repeats and wrap-around are refused",
        arguments: ["3,5,6", "3,2", "1,1", "5-3", "0-3,3", "22,23,0,1"])
    func gaps(text: String) {
        #expect(throws: DeviceError.notContiguous(value: text)) { try CoreSelection.parse(text) }
        #expect(
            DeviceError.notContiguous(value: "3,5").description
                == "Neuron cores are not contiguous in NEURON_RT_VISIBLE_CORES=3,5: name consecutive, increasing"
                + " cores, such as 4-7")
    }

    @Test(
        "what is no list is refused", arguments: ["", "a", "1,", "-1", "1-", "0x1", "99999", "1 2", "1--2"])
    func nonsense(text: String) {
        #expect(throws: DeviceError.badVariable(name: "NEURON_RT_VISIBLE_CORES", value: text)) {
            try CoreSelection.parse(text)
        }
    }

    @Test("the list beats the number, no number means all")
    func precedence() throws {
        #expect(try CoreSelection(environment: [:]) == .all)
        #expect(try CoreSelection(environment: ["NEURON_RT_NUM_CORES": "0"]) == .all)
        #expect(try CoreSelection(environment: ["NEURON_RT_NUM_CORES": "2"]) == .count(2))
        #expect(
            try CoreSelection(environment: ["NEURON_RT_NUM_CORES": "2", "NEURON_RT_VISIBLE_CORES": "4-7"])
                == .cores(4..<8))
        #expect(throws: DeviceError.badVariable(name: "NEURON_RT_NUM_CORES", value: "two")) {
            try CoreSelection(environment: ["NEURON_RT_NUM_CORES": "two"])
        }
    }
}
