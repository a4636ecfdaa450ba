import Testing

@testable import Packing

@Suite("Instances that have so many chips")
struct InstanceCoverTests {
    @Test(
        "are bought as cheaply as can be",
        arguments: [(0, 0), (1, 228_000), (4, 912_000), (5, 1_140_000), (160, 36_480_000)])
    func cheapest(units: Int, cost: Int) {
        let cover = InstanceCover.cheapest(
            units, of: [(index: 0, units: 1, price: 228_000), (index: 1, units: 4, price: 1_180_000)])
        #expect(cover.cost == cost)
    }

    @Test("may have more chips than are needed")
    func rounding() {
        let cover = InstanceCover.cheapest(
            5, of: [(index: 0, units: 1, price: 500), (index: 1, units: 4, price: 900)])
        #expect(cover.cost == 1400)
        #expect(cover.types == [1, 0])
    }
}
