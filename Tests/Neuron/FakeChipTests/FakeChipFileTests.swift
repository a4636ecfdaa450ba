import FakeChip
import Testing

@Suite("The file of a fake chip")
struct FakeChipFileTests {
    private let chip = FakeChipFile(index: 3, cores: 2, memory: 34_359_738_368)

    @Test("has its description, then from octet 4096 on 64 octets for each core")
    func layout() throws {
        let octets = chip.octets
        #expect(octets.count == 4096 + 2 * 64)
        let header = "neuron-fake-device 1\nindex: 3\ncores: 2\nmemory: 34359738368\n"
        #expect(Array(octets.prefix(header.utf8.count)) == Array(header.utf8))
        #expect(octets[header.utf8.count..<4096].allSatisfy { $0 == 0 })
        #expect(Array(octets[4096..<4098]) == Array("0\n".utf8))
        #expect(FakeChipFile.offset(ofCore: 1) == 4160)
    }

    @Test("says what it was made of")
    func parses() throws {
        #expect(try FakeChipFile(parsing: chip.octets) == chip)
    }

    @Test(
        "is refused where it is something else",
        arguments: [
            ("", "it does not begin with \"neuron-fake-device 1\""),
            ("neuron-fake-device 10\n", "it does not begin with \"neuron-fake-device 1\""),
            ("neuron-fake-device 1\ncores: 1\nmemory: 1\n", "its index is \"\""),
            ("neuron-fake-device 1\nindex: 4096\n", "its index is \"4096\""),
            ("neuron-fake-device 1\nindex: 0\ncores: 0\n", "its cores is \"0\""),
            ("neuron-fake-device 1\nindex: 0\ncores: 1\nmemory: 0\n", "its memory is \"0\""),
            ("neuron-fake-device 1\nindex: 0\ncores: 1\nmemory: 1x\n", "its memory is \"1x\""),
        ])
    func refused(text: String, problem: String) {
        #expect(throws: FakeChipError(problem)) { try FakeChipFile(parsing: text.utf8) }
    }

    @Test("an entry says what is reserved, and a damaged one nothing", arguments: [0, 1, 1 << 50])
    func entries(reserved: Int) {
        let entry = FakeChipFile.entry(reserved: reserved)
        #expect(entry.count == FakeChipFile.entrySize)
        #expect(FakeChipFile.reserved(entry) == reserved)
        #expect(FakeChipFile.reserved([UInt8(ascii: "-")] + entry) == 0)
        #expect(FakeChipFile.reserved([UInt8](repeating: UInt8(ascii: "9"), count: 64)) == 0)
    }
}
