import Testing

@testable import Planning

@Suite("Amounts for people")
struct MoneyTests {
    @Test(
        "are rounded and grouped",
        arguments: [
            (47_200_000.0, "$47.20"), (119_912_000, "$119.91"), (2_100, "$0.0021000"), (15_526, "$0.0155"),
        ])
    func dollars(micros: Double, text: String) {
        #expect(Money.dollars(micros) == text)
    }

    @Test(
        "have commas",
        arguments: [(0, "0"), (999, "999"), (3040, "3,040"), (1_234_567, "1,234,567"), (-1000, "-1,000")])
    func grouped(number: Int, text: String) {
        #expect(Money.grouped(number) == text)
    }
}
