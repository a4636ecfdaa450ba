import Placement
import Testing

@testable import Neuron

@Suite("Ids of cores")
struct CoreNumberingTests {
    private static let halves = CoreNumbering(logicalCoreSize: 1, defaultSize: 2)
    private static let pairs = CoreNumbering(logicalCoreSize: 2, defaultSize: 2)
    private static let only = CoreNumbering(logicalCoreSize: 1, defaultSize: 1)

    @Test("are plain numbers in the family's default layout, and name the layout in another")
    func ids() {
        #expect(Self.only.id(31) == "31")
        #expect(Self.pairs.id(63) == "63")
        #expect(Self.halves.id(127) == "lnc1-127")
        for numbering in [Self.only, Self.pairs, Self.halves] {
            for core in [0, 1, 9, 10, 511] { #expect(numbering.core(numbering.id(core)) == core) }
        }
        #expect(Self.halves.core("7") == nil)
        #expect(Self.pairs.core("lnc1-7") == nil)
    }

    @Test(
        "of any layout lead to the cores that share hardware with them",
        arguments: [
            (halves, "lnc1-4", [4]), (pairs, "lnc1-4", [2]), (pairs, "lnc1-5", [2]), (pairs, "2", [2]),
            (only, "7", [7]), (only, "lnc2-7", [14, 15]), (pairs, "1048575", []),
            // Core 2 of two, or AWS's core 2 of one.
            (halves, "2", [2, 4, 5]),
        ] as [(CoreNumbering, String, CoreSet)])
    func sharing(numbering: CoreNumbering, id: String, cores: CoreSet) {
        #expect(numbering.sharing(id) == cores)
    }

    @Test(
        "have one spelling, and what is none leads nowhere",
        arguments: [
            "", "-1", "+1", "07", "lnc", "lnc1", "lnc1-", "lnc-1", "lnc1--1", "lnc2-7", "lnc01-7", "lnc0-7",
            "lnc65-7", "lnc1-07", "lnc1-7-", "1048576", "9223372036854775808", "Dev-1", "neuron-7", "7 ", "٧",
        ])
    func foreign(id: String) {
        #expect(Self.pairs.core(id) == nil)
        #expect(Self.pairs.sharing(id) == [])
        #expect(Self.halves.core(id) == nil)
    }
}
