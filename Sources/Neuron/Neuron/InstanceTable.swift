// The instance types, from AWS's hardware pages (SDK 2.32); prices are Linux on-demand in us-east-1 of January 2026.
// Trainium3 rows are one server of an UltraServer: AWS publishes no size names for them, so theirs are ours.

extension InstanceType {
    /// The day of the prices.
    package static let priceDate = "2026-01-19"

    /// Every instance type, smallest first within a family.
    package static let all: [InstanceType] = [
        row("inf1.xlarge", .inferentia, 1, 4, 8, 64, .single, 228_000),
        row("inf1.2xlarge", .inferentia, 1, 8, 16, 64, .single, 362_000),
        row("inf1.6xlarge", .inferentia, 4, 24, 48, 256, .ring, 1_180_000),
        row("inf1.24xlarge", .inferentia, 16, 96, 192, 1024, .ring, 4_721_000),
        row("inf2.xlarge", .inferentia2, 1, 4, 16, 190, .single, 758_200),
        row("inf2.8xlarge", .inferentia2, 1, 32, 128, 190, .single, 1_967_860),
        row("inf2.24xlarge", .inferentia2, 6, 96, 384, 1140, .line, 6_490_630),
        row("inf2.48xlarge", .inferentia2, 12, 192, 768, 2280, .ring, 12_981_270),
        row("trn1.2xlarge", .trainium1, 1, 8, 32, 190, .single, 1_343_750),
        row("trn1.32xlarge", .trainium1, 16, 128, 512, 3040, .torus, 21_500_000),
        row("trn1n.32xlarge", .trainium1, 16, 128, 512, 3040, .torus, 24_780_000),
        row("trn2.3xlarge", .trainium2, 1, 12, 128, 667, .single, nil),
        row("trn2.48xlarge", .trainium2, 16, 192, 2048, 10_700, .torus, nil),
        row("trn2u.48xlarge", .trainium2, 16, 192, 2048, 10_700, .torus, nil),
        row("trn3-gen1", .trainium3, 16, 192, 2048, 10_736, .allToAll, nil),
        row("trn3-gen2", .trainium3, 4, 64, 768, 2684, .allToAll, nil),
    ]

    private static func row(
        _ name: String, _ family: NeuronFamily, _ chips: Int, _ vCPUs: Int, _ hostGiB: Int, _ teraflops: Int,
        _ links: ChipLinks, _ price: Int?
    ) -> InstanceType {
        InstanceType(
            name: name, family: family, chipCount: chips, vCPUs: vCPUs, hostMemoryGiB: hostGiB,
            teraflops: teraflops, links: links, hourlyPriceMicrodollars: price)
    }

    /// The types with exactly `chipCount` chips of a family; more than one where they differ in size only.
    static func all(of family: NeuronFamily, chipCount: Int) -> [InstanceType] {
        all.filter { $0.family == family && $0.chipCount == chipCount }
    }
}
