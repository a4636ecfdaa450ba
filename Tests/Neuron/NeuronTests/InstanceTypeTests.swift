import Neuron
import Placement
import Testing

@Suite("Instance types")
struct InstanceTypeTests {
    @Test(
        "have these chips, cores at the default and at logical core size 1, and GiB of device memory",
        arguments: [
            ("inf1.xlarge", 1, 4, 4, 8), ("inf1.2xlarge", 1, 4, 4, 8), ("inf1.6xlarge", 4, 16, 16, 32),
            ("inf1.24xlarge", 16, 64, 64, 128), ("inf2.xlarge", 1, 2, 2, 32), ("inf2.8xlarge", 1, 2, 2, 32),
            ("inf2.24xlarge", 6, 12, 12, 192), ("inf2.48xlarge", 12, 24, 24, 384),
            ("trn1.2xlarge", 1, 2, 2, 32),
            ("trn1.32xlarge", 16, 32, 32, 512), ("trn1n.32xlarge", 16, 32, 32, 512),
            ("trn2.3xlarge", 1, 4, 8, 96),
            ("trn2.48xlarge", 16, 64, 128, 1536), ("trn2u.48xlarge", 16, 64, 128, 1536),
            ("trn3-gen1", 16, 64, 128, 2304), ("trn3-gen2", 4, 16, 32, 576),
        ])
    func table(name: String, chips: Int, cores: Int, single: Int, gib: Int) throws {
        let type = try InstanceType.named(name)
        #expect(type.chipCount == chips)
        #expect(type.coreCount() == cores)
        #expect(type.coreCount(logicalCoreSize: 1) == single)
        #expect(type.memory == UInt64(gib) << 30)
        #expect(type.topology().coreCount == cores)
        #expect(type.topology(logicalCoreSize: 1).coreCount == single)
    }

    @Test("are all in the table above, once")
    func complete() {
        #expect(InstanceType.all.count == 16)
        #expect(Set(InstanceType.all.map(\.name)).count == 16)
    }

    @Test("have host sizes and prices where AWS publishes them")
    func prices() throws {
        let large = try InstanceType.named("inf2.48xlarge")
        #expect(large.vCPUs == 192)
        #expect(large.hostMemoryGiB == 768)
        #expect(large.hourlyPriceMicrodollars == 12_981_270)
        #expect(try InstanceType.named("trn2.48xlarge").hourlyPriceMicrodollars == nil)
    }

    @Test("link chips both ways, and never a chip to itself", arguments: InstanceType.all)
    func symmetric(type: InstanceType) {
        let adjacency = type.adjacency
        #expect(adjacency.count == type.chipCount)
        for (chip, neighbours) in adjacency.enumerated() {
            #expect(!neighbours.contains(chip))
            #expect(Set(neighbours).count == neighbours.count)
            for neighbour in neighbours { #expect(adjacency[neighbour].contains(chip)) }
        }
    }

    @Test(
        "link chips in the driver's order",
        arguments: [
            ("inf2.48xlarge", 0, [11, 1]), ("inf2.48xlarge", 11, [10, 0]), ("inf2.24xlarge", 0, [1]),
            ("inf2.24xlarge", 4, [3, 5]), ("inf2.24xlarge", 5, [4]), ("trn1.32xlarge", 0, [12, 3, 4, 1]),
            ("trn1.32xlarge", 5, [1, 4, 9, 6]), ("trn1.32xlarge", 15, [11, 14, 3, 12]),
            ("trn2.48xlarge", 0, [12, 1, 3, 4]), ("trn2.48xlarge", 4, [8, 5, 7, 0]), ("inf2.xlarge", 0, []),
            ("trn3-gen2", 1, [0, 2, 3]),
        ] as [(String, Int, [Int])])
    func rows(name: String, chip: Int, neighbours: [Int]) throws {
        #expect(try InstanceType.named(name).adjacency[chip] == neighbours)
    }

    @Test("of Trainium1 and 2 are the same torus, listed in different orders")
    func torus() throws {
        let first = try InstanceType.named("trn1.32xlarge").adjacency.map(Set.init)
        #expect(try InstanceType.named("trn2.48xlarge").adjacency.map(Set.init) == first)
    }

    @Test("take their family's groups")
    func groups() throws {
        #expect(try InstanceType.named("inf2.48xlarge").topology().groups == .anyRun)
        #expect(try InstanceType.named("trn1.32xlarge").topology().validCoreCounts == [1, 2, 8, 16, 32])
        #expect(
            try InstanceType.named("trn2.48xlarge").topology().validCoreCounts == [1, 2, 3, 4, 16, 32, 64])
    }

    @Test("are known by SageMaker's names too")
    func sageMaker() throws {
        #expect(try InstanceType.named("ml.inf2.24xlarge").name == "inf2.24xlarge")
    }

    @Test("that do not exist are refused with the nearest and the list")
    func unknown() {
        let error = #expect(throws: UnknownInstanceType.self) { try InstanceType.named("inf2.49xlarge") }
        #expect(error?.nearestName == "inf2.48xlarge")
        #expect(
            error?.description
                == "unknown instance type 'inf2.49xlarge', did you mean inf2.48xlarge? known are inf1.xlarge, "
                + "inf1.2xlarge, inf1.6xlarge, inf1.24xlarge, inf2.xlarge, inf2.8xlarge, inf2.24xlarge, "
                + "inf2.48xlarge, trn1.2xlarge, trn1.32xlarge, trn1n.32xlarge, trn2.3xlarge, trn2.48xlarge, "
                + "trn2u.48xlarge, trn3-gen1, trn3-gen2")
        let far = #expect(throws: UnknownInstanceType.self) { try InstanceType.named("zzzzzzzzzzzz") }
        #expect(
            far?.description.hasPrefix("unknown instance type 'zzzzzzzzzzzz': known are inf1.xlarge,") == true
        )
    }
}

@Suite("Small readings")
struct SmallReadingTests {
    @Test("driver versions compare by their numbers")
    func versions() throws {
        let old = try #require(DriverVersion("2.24.7.0"))
        #expect(old == DriverVersion(2, 24, 7, 0))
        #expect(old < .readableByAll)
        #expect(DriverVersion(2, 28, 0, 0) >= .readableByAll)
        #expect(DriverVersion(2, 9) < DriverVersion(2, 10))
        #expect(old.description == "2.24.7.0")
    }

    @Test(
        "what is no version is none", arguments: ["", "2.", "a", "2.-1", "1.2.3.4.5.6.7.8.9", "2.24.7.0-rc"])
    func noVersion(text: String) { #expect(DriverVersion(text) == nil) }

    @Test("PCI addresses are read and written with and without their domain")
    func pci() throws {
        let address = try #require(PCIAddress("0000:00:1f.0"))
        #expect(address == PCIAddress(bus: 0, slot: 31))
        #expect(address.description == "0000:00:1f.0")
        #expect(address.short == "00:1f.0")
        #expect(PCIAddress("10000:cc:00.7")?.description == "10000:cc:00.7")
    }

    @Test(
        "what is no PCI address is none",
        arguments: [
            "", "00:1f.0", "0000:00:20.0", "0000:00:1f.8", "0000:100:1f.0", "0000:00:1f", "0000:+1:1f.0",
        ])
    func noPCI(text: String) { #expect(PCIAddress(text) == nil) }
}
