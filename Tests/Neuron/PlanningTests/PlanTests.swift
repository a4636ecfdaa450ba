import Arguments
import JSON
import Neuron
import NeuronTools
import Packing
import SystemIO
import TestSupport
import Testing

@testable import Planning

@Suite("ganglion plan")
struct PlanTests {
    static func plan(
        _ csv: String, _ types: [String], _ change: (inout PlanRequest) -> Void = { _ in }
    ) async throws -> PlanReport {
        let models = try ModelReader.read(Array(csv.utf8), file: "models.csv")
        var request = PlanRequest(
            file: "models.csv", models: models, types: try types.map { try InstanceType.named($0) },
            prices: .builtIn)
        change(&request)
        return try await Planner.plan(request, settings: .init(rounds: 4))
    }

    @Test("the seed's arithmetic: 3,040 models, 76 an instance, 40 x inf1.6xlarge, $47.20 an hour")
    func seed() async throws {
        // 19 to a chip: 389 MB of 7.4 GB, 4.36 % of 83 %.
        let report = try await Self.plan(
            "name,memory,compute,copies,rate\nbert,389MB,4.36,3040,6230\n", ["inf1.6xlarge"]
        ) {
            $0.memoryLimit = .octets(7_400_000_000)
            $0.computeLimit = 83_000_000
        }
        #expect(report.instances.count == 40)
        #expect(report.instances.allSatisfy { $0.blocks.count == 76 })
        #expect(report.cost == 47_200_000)
        #expect(report.isOptimal)
        #expect(Money.dollars(report.costPerModelHour) == "$0.0155")
        #expect(Money.decimal((report.costPerMillionRequests ?? 0) / 1e6, 2) == "2.10")
    }

    @Test("the seed's mixed fleet: 32 x inf1.6xlarge and 21 x g4dn.12xlarge at $3.912 are $119.91 an hour")
    func mixedSeed() throws {
        let inf1 = try #require(PriceList.builtIn.prices["inf1.6xlarge"])
        #expect(Money.dollars(Double(32 * inf1 + 21 * 3_912_000)) == "$119.91")
    }

    @Test("fills single cores of an Inf2 chip, each with its own memory")
    func cores() async throws {
        let report = try await Self.plan(
            "name,memory,compute,cores\na,10GB,40,1\nb,10GB,40,1\nc,6GB,5,1\n", ["inf2.xlarge"])
        #expect(report.instances.count == 1)
        #expect(
            report.instances[0].blocks.map(\.cores) == [0...0, 0...0, 1...1]
                || report.instances[0].blocks.map(\.cores).count == 3)
        let two = try await Self.plan(
            "name,memory,compute,cores\na,10GB,40,1\nb,10GB,40,1\nc,10GB,5,1\n", ["inf2.xlarge"])
        #expect(two.instances.count == 2)
    }

    @Test(
        "says why a model fits no instance",
        arguments: [
            (
                "gpt,24GB,10,1", "inf2.xlarge",
                "models.csv:2: \"gpt\" fits no instance: one core of inf2.xlarge may hold 17.18 GB, it takes 24 GB"
            ),
            (
                "wide,10GB,10,4", "inf2.xlarge",
                "models.csv:2: \"wide\" fits no instance: inf2.xlarge has 2 cores at most, it asks for 4"
            ),
            (
                "busy,1GB,30,1", "inf1.xlarge",
                "models.csv:2: \"busy\" fits no instance: one core of inf1.xlarge may be 100 % of a chip busy at most, it takes 30 %"
            ),
        ])
    func reasons(row: String, type: String, sentence: String) async {
        await #expect { try await Self.plan("name,memory,compute,cores\n\(row)\n", [type]) } throws: {
            "\($0)" == sentence
        }
    }

    @Test("FP32 GPT-J fits two cores of a chip")
    func tensorParallel() async throws {
        let report = try await Self.plan("name,memory,compute,cores\ngpt,24GB,10,2\n", ["inf2.xlarge"])
        #expect(report.instances.count == 1)
    }

    @Test("keeps copies that are spread on different instances")
    func spread() async throws {
        let report = try await Self.plan(
            "name,memory,compute,copies,spread\na,1GB,1,3,true\nb,1GB,1,3,false\n", ["inf2.xlarge"])
        #expect(report.instances.count == 3)
        #expect(report.instances.allSatisfy { $0.blocks.filter { $0.model == 0 }.count == 1 })
    }

    @Test("turns a rate and a P90 into cores by the clock of the hardware")
    func clock() async throws {
        let report = try await Self.plan(
            "name,memory,rate,p90,clock\nbert,1.4GB,1000,20,bert-large\n", ["inf2.xlarge"])
        // A core does 323 batches of one a second; batches of several fill in time at such a rate.
        #expect(report.models >= 3)
        #expect(report.models <= 5)
        await #expect {
            try await Self.plan("name,memory,rate,p90,clock\nbert,1GB,10,2,bert-large\n", ["inf2.xlarge"])
        } throws: {
            "\($0)"
                == "models.csv:2: \"bert\": one request alone takes, on inf2 3.1 ms: the P90 asked for cannot be met"
        }
    }

    @Test("scales compute between families by TFLOPS")
    func families() async throws {
        let report = try await Self.plan("name,memory,compute\na,1GB,90\nb,1GB,90\n", ["inf2.xlarge"]) {
            $0.measuredOn = .inferentia
        }
        #expect(report.instances.count == 1)
    }

    @Test("draws each model once in memory and once in compute, parsed as XML would be")
    func picture() async throws {
        let report = try await Self.plan("name,memory,compute\n<a>&\"b\",1GB,50\nc,1GB,60\n", ["inf2.xlarge"])
        let svg = PlanSVG.draw(report)
        #expect(svg.hasPrefix("<svg ") && svg.hasSuffix("</svg>\n"))
        #expect(svg.split(separator: "class=\"block\"").count - 1 == 4)
        #expect(svg.contains("&lt;a&gt;&amp;"))
        #expect(!svg.contains("<a>"))
        #expect(svg.contains("prefers-color-scheme: dark"))
        let text = PlanPicture.text(report, width: 80)
        #expect(text.split(separator: "\n").count == 1 + report.instances.count)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test("prints a table, and JSON that has every model, and writes the picture")
    func command() async throws {
        let folder = try TemporaryDirectory()
        let file = folder.path + "/m.csv"
        try Files.write(file, Array("name,memory,compute\na,1GB,50\nb,1GB,60\n".utf8))
        let table = try await PlanCommand.output([file, "-i", "inf2.xlarge", "--svg", folder.path + "/p.svg"])
        #expect(table.failure == nil)
        #expect(table.text.contains("2 on 2 instances (2 x inf2.xlarge)"))
        #expect(table.text.contains("nothing is cheaper"))
        #expect(Files.exists(folder.path + "/p.svg"))
        let output = try await PlanCommand.output([file, "-i", "inf2.xlarge", "-o", "json"])
        let json = try JSON(parsing: Array(output.text.utf8))
        #expect(json["models"]?.int == 2)
        #expect(json["optimal"]?.bool == true)
        #expect(json["cost"]?["perHour"]?.double == 1.5164)
        #expect(json["instances"]?.array?.count == 2)
    }

    @Test("writes nothing where the input is wrong")
    func nothingHalfWritten() async throws {
        let folder = try TemporaryDirectory()
        let file = folder.path + "/m.csv"
        try Files.write(file, Array("name,memory,compute\na,1TB,50\n".utf8))
        let output = try await PlanCommand.output([file, "--svg", folder.path + "/p.svg"])
        #expect(output.text.isEmpty)
        #expect(output.failure?.hasPrefix("\(file):2: \"a\" fits no instance: ") == true)
        #expect(!Files.exists(folder.path + "/p.svg"))
    }

    @Test("names an unknown type")
    func unknownType() async throws {
        let output = try await PlanCommand.output(["none.csv", "-i", "inf2.xlarg"])
        #expect(output.failure?.contains("did you mean inf2.xlarge?") == true)
    }
}

@Suite("ganglion bench --table")
struct BenchTableTests {
    @Test("prints every cell of AWS's table from its formula")
    func cells() throws {
        let lines = try BenchCommand.output(["--table"]).text.split(separator: "\n").map { line in
            line.split(separator: " ").map(String.init)
        }
        #expect(
            Array(lines[1...4]) == [
                [
                    "ElectraLargeDiscriminator", "1", "256", "35.7", "8.31", "4.30", "28.01", "120.34",
                    "0.0000023", "0.0000018",
                ],
                [
                    "ElectraLargeDiscriminator", "10", "256", "343.7", "72.9", "4.71", "2.91", "13.72",
                    "0.0000022", "0.0000015",
                ],
                [
                    "BertLargeUncased", "1", "128", "28.2", "3.1", "9.10", "35.46", "322.58", "0.0000018",
                    "0.0000007",
                ],
                [
                    "BertLargeUncased", "10", "128", "121.1", "23.6", "5.13", "8.26", "42.37", "0.0000008",
                    "0.0000005",
                ],
            ])
    }

    @Test("says what fits: 175 billion parameters in BF16 and not in FP32, GPT-J on two cores and not on one")
    func fits() {
        #expect(MemoryFit.examples.map(\.fits) == [true, false, true, false])
    }
}

@Suite("ganglion instances")
struct InstancesCommandTests {
    @Test("lists every type, with the date of the prices")
    func table() throws {
        let text = try InstancesCommand.output([]).text
        for type in InstanceType.all { #expect(text.contains(type.name)) }
        #expect(text.contains("prices: on demand, Linux, us-east-1, 2026-01-19"))
    }

    @Test("has seed figures in JSON")
    func json() throws {
        let json = try JSON(
            parsing: Array(try InstancesCommand.output(["--json", "--family", "inf2"]).text.utf8))
        let large = try #require(json["instances"]?.array?.first { $0["type"] == "inf2.48xlarge" })
        #expect(large["chips"]?.int == 12)
        #expect(large["cores"]?.int == 24)
        #expect(large["memoryOctets"]?.int == 384 << 30)
        #expect(large["tflops"]?["bf16"]?.double == 2280)
        #expect(large["tflops"]?["fp32"]?.double == 570)
        #expect(large["tops"]?["int8"]?.double == 4560)
        #expect(large["links"] == "ring")
        #expect(large["pricePerHourUSD"]?.double == 12.98127)
    }
}
