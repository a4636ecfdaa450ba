import Testing

@testable import Planning

@Suite("Files of models")
struct ModelReaderTests {
    static func read(_ text: String, _ file: String = "models.csv") throws -> [PlannedModel] {
        try ModelReader.read(Array(text.utf8), file: file)
    }

    @Test("say the same in CSV, YAML and JSON")
    func formats() throws {
        let csv = try Self.read("name,memory,compute,cores\n\"a, b\",800MB,4.5,\nc,7.4,83%,4\n")
        let yaml = try Self.read(
            "models:\n- {name: 'a, b', memory: 800MB, compute: 4.5}\n- name: c\n  memory: 7.4\n  compute: 83%\n  cores: 4\n",
            "models.yaml")
        let json = try Self.read(
            #"[{"name": "a, b", "memory": "800MB", "compute": 4.5}, {"name": "c", "memory": 7.4, "compute": "83%", "cores": 4}]"#,
            "models.json")
        for models in [csv, yaml, json] {
            #expect(models.map(\.name) == ["a, b", "c"])
            #expect(models.map(\.memory) == [800_000_000, 7_400_000_000])
            #expect(models.map(\.compute) == [4_500_000, 83_000_000])
            #expect(models.map(\.cores) == [nil, 4])
        }
        #expect(csv.map(\.line) == [2, 3])
    }

    @Test(
        "are refused with line and name",
        arguments: [
            ("", "models.csv: the file is empty: give it a record for each of the models"),
            ("name,memory,compute\n", "models.csv: there are no models in it"),
            (
                "name,memory,compute\na,1,1\na,1,1\n",
                "models.csv:3: the model \"a\" is there already, on line 2"
            ),
            (
                "name,memory,compute\nm,-1,1\n",
                "models.csv:2: memory of \"m\" is \"-1\": write a size that is not negative, such as 800MB or 7.4 (GB)"
            ),
            (
                "name,memory,compute\nm,nan,1\n",
                "models.csv:2: memory of \"m\" is \"nan\": write a size that is not negative, such as 800MB or 7.4 (GB)"
            ),
            (
                "name,memory,compute\nm,1,inf\n",
                "models.csv:2: compute of \"m\" is \"inf\": write percent of a chip that are not negative, such as 4.5"
            ),
            (
                "name,memory,comptue\nm,1,1\n",
                "models.csv:2: unknown column \"comptue\", did you mean \"compute\"? known are name, memory, compute, cores, "
                    + "copies, spread, rate, p90, clock"
            ),
            ("name,name\nm,1\n", "models.csv:1: the column \"name\" is there twice"),
            ("name,memory,compute\nm,1\n", "models.csv:2: 2 values, the heading has 3 columns"),
            ("name,memory,compute\n\"m,1,1\n", "models.csv:2: a quote that is never closed"),
            (
                "name,memory,compute,cores\nm,1,1,0\n",
                "models.csv:2: cores of \"m\" is \"0\": write a whole number from 1 to 512"
            ),
        ])
    func faults(text: String, sentence: String) {
        #expect { try Self.read(text) } throws: { "\($0)" == sentence }
    }

    @Test(
        "in YAML and JSON are refused with the line",
        arguments: [
            (
                "models:\n- name: a\n  memory: [1]\n",
                "m.yaml:3: \"memory\" is a list or an object, a text or number is read"
            ),
            ("- &a {name: a}\n- *a\n", "m.yaml:2: an alias: write its value out"),
            ("just words", "m.yaml:1: the document is neither a list nor an object with \"models\""),
            ("other: 1\n", "m.yaml: the document has no \"models\""),
            ("models:\n- name: a\n  name: b\n", "m.yaml:3: \"name\" is there twice"),
        ])
    func structured(text: String, sentence: String) {
        #expect { try Self.read(text, "m.yaml") } throws: { "\($0)" == sentence }
    }

    @Test("of a million lines are refused at the first line too many")
    func million() {
        var text = "name,memory,compute\n"
        for index in 0..<260_000 { text += "\(index),1,1\n" }
        #expect { try Self.read(text) } throws: {
            "\($0)" == "models.csv:250002: more than 250000 records: split the file"
        }
    }
}

@Suite("Files of prices")
struct PriceListTests {
    static func read(_ text: String, _ file: String = "p.yaml") throws -> PriceList {
        try PriceList.reading(Array(text.utf8), file: file)
    }

    @Test("take the place of the built-in ones")
    func reads() throws {
        let list = try Self.read("currency: USD\ndate: 2026-11-30\nprices:\n  inf2.xlarge: 0.5\n")
        #expect(list.prices["inf2.xlarge"] == 500_000)
        #expect(list.prices["inf1.xlarge"] == 228_000)
        #expect(list.origin == "p.yaml, 2026-11-30")
        #expect(try Self.read("type,price\ninf1.xlarge,0.2\n", "p.csv").prices["inf1.xlarge"] == 200_000)
    }

    @Test(
        "are refused with line and type",
        arguments: [
            (
                "currency: EUR\nprices:\n  inf2.xlarge: 0.5\n",
                "p.yaml:1: the prices are in \"EUR\": only USD is reckoned with, convert them"
            ),
            (
                "prices:\n  inf2.xlarge: -1\n",
                "p.yaml:2: the price of inf2.xlarge is \"-1\": write US dollars an hour, such as 0.7582"
            ),
            ("prices: {}\n", "p.yaml: there are no prices in it"),
        ])
    func faults(text: String, sentence: String) {
        #expect { try Self.read(text) } throws: { "\($0)" == sentence }
    }

    @Test("name an unknown type's nearest")
    func unknown() {
        #expect { try Self.read("prices:\n  inf2.xlarg: 1\n") } throws: {
            "\($0)".hasPrefix("p.yaml:2: unknown instance type 'inf2.xlarg', did you mean inf2.xlarge?")
        }
    }
}

@Suite("Exact numbers")
struct ExactNumberTests {
    @Test(
        "are read without floating point",
        arguments: [
            ("7.4", 7_400_000_000), ("3.7GB", 3_700_000_000), ("800 MB", 800_000_000), ("1.5Gi", 3 << 29),
            (".5", 500_000_000),
        ])
    func memory(text: String, octets: Int) {
        #expect(MemorySize.octets(text) == octets)
    }

    @Test(
        "refuse what is none",
        arguments: ["", ".", "1e9", "-1", "+1", "1.2.3", "0x10", "1 GB GB", "9999999999999999"])
    func refuses(text: String) {
        #expect(MemorySize.octets(text) == nil)
    }

    @Test("are rounded up where they do not come out even")
    func up() {
        #expect(ExactNumber("0.0000001")?.times(1_000_000) == 1)
        #expect(ExactNumber("999999999999999")?.times(1 << 40) == nil)
    }
}
