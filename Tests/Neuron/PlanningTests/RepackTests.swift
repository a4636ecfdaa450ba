import JSON
import Neuron
import NeuronTools
import SystemIO
import TestSupport
import Testing

@testable import Planning

@Suite("Files of running fleets")
struct CurrentPlacementTests {
    static func read(_ text: String, _ file: String = "fleet.json") throws -> CurrentPlacement {
        try CurrentPlacement.read(Array(text.utf8), file: file)
    }

    @Test("say the same in JSON, YAML and CSV")
    func formats() throws {
        let json = try Self.read(
            #"{"instances": [{"number": 1, "type": "inf1.xlarge", "models": [{"name": "a", "cores": "0-3"}]}, {"number": 2, "type": "inf2.xlarge", "models": []}], "models": 1}"#
        )
        let yaml = try Self.read(
            "instances:\n- number: 1\n  type: inf1.xlarge\n  models:\n  - {name: a, cores: 0-3}\n- {number: 2, type: inf2.xlarge, models: []}\n",
            "fleet.yaml")
        let csv = try Self.read(
            "name,instance,type,cores\na,1,inf1.xlarge,0-3\n,2,inf2.xlarge,\n", "fleet.csv")
        for placement in [json, yaml, csv] {
            #expect(placement.instances.map(\.label) == ["1", "2"])
            #expect(placement.instances.map(\.type.name) == ["inf1.xlarge", "inf2.xlarge"])
            #expect(placement.instances[0].models.map(\.name) == ["a"])
            #expect(placement.instances[0].models.map(\.core) == [0])
        }
    }

    @Test(
        "are refused with line and name",
        arguments: [
            ("", "fleet.json: the file is empty: give it a fleet, such as plan --output json prints it"),
            ("{}", "fleet.json:1: there is no list \"instances\""),
            (#"{"instances": []}"#, "fleet.json: there are no instances in it"),
            (
                "{\"instances\": [\n{\"number\": 7, \"models\": []}]}",
                "fleet.json:2: the instance \"7\" has no type"
            ),
            (
                #"{"instances": [{"number": 7, "type": "inf1.xlarge"}]}"#,
                "fleet.json:1: the instance \"7\" has no list \"models\""
            ),
            (
                #"{"instances": [{"number": 7, "type": "inf1.xlarge", "models": [{"name": "a", "cores": "x"}]}]}"#,
                "fleet.json:1: cores of \"a\" are \"x\": write such as 4-7, or 4"
            ),
            (
                #"{"instances": [{"number": 7, "type": "inf1.xlarge", "models": [{"name": "a", "cores": "-1"}]}]}"#,
                "fleet.json:1: cores of \"a\" are \"-1\": write such as 4-7, or 4"
            ),
            (
                #"{"instances": [{"number": 7, "type": "inf1.xlarge", "models": [{"name": "a", "cores": "4"}]}]}"#,
                "fleet.json:1: \"a\" is on core 4 of inf1.xlarge, which has 4: 0 to 3"
            ),
            (
                #"{"instances": [{"number": 7, "type": "inf1.xlarge", "models": []}, {"number": 7, "type": "inf1.xlarge", "models": []}]}"#,
                "fleet.json:1: the instance \"7\" is there twice"
            ),
        ])
    func faults(text: String, sentence: String) {
        #expect { try Self.read(text) } throws: { "\($0)" == sentence }
    }

    @Test("name an unknown type's nearest, and a type that changes")
    func types() {
        #expect { try Self.read("name,instance,type,cores\na,1,inf1.xlarg,0\n", "f.csv") } throws: {
            "\($0)".hasPrefix("f.csv:2: unknown instance type 'inf1.xlarg', did you mean inf1.xlarge?")
        }
        #expect {
            try Self.read("name,instance,type,cores\na,i,inf1.xlarge,0\nb,i,inf2.xlarge,0\n", "f.csv")
        } throws: {
            "\($0)" == "f.csv:3: the instance \"i\" is inf2.xlarge here and inf1.xlarge before"
        }
    }

    @Test("that are deep beyond measure are refused")
    func deep() {
        let text = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect { try Self.read(text) } throws: {
            "\($0)" == "fleet.json:1: the text is too deep or has too many parts"
        }
    }
}

@Suite("ganglion plan --current")
struct RepackCommandTests {
    static let models = "name,memory,compute\na,3GB,30\nb,3GB,30\nc,2GB,20\n"
    static let fleet = """
        name,instance,type,cores
        a,i-1,inf1.xlarge,0-3
        b,i-2,inf1.xlarge,0-3
        c,i-3,inf1.xlarge,0-3
        gone,i-3,inf1.xlarge,0-3

        """

    static func run(_ fleet: String, models: String = models, _ words: [String]) async throws -> (
        String, String?
    ) {
        let folder = try TemporaryDirectory()
        try Files.write(folder.path + "/m.csv", Array(models.utf8))
        try Files.write(folder.path + "/f.csv", Array(fleet.utf8))
        let output = try await PlanCommand.output(
            [
                folder.path + "/m.csv", "--current", folder.path + "/f.csv", "-i", "inf1.xlarge",
                "--time-limit", "1h",
            ]
                + words)
        return (output.text, output.failure?.replacing(folder.path + "/", with: ""))
    }

    @Test("gives instances up by few moves, and what it prints is read again")
    func again() async throws {
        let (text, failure) = try await Self.run(Self.fleet, ["--moves", "2", "-o", "json"])
        #expect(failure == nil)
        let json = try JSON(parsing: Array(text.utf8))
        #expect(json["moveCount"]?.int == 2)
        #expect(json["givenUp"]?.array?.count == 2)
        #expect(json["cost"]?["perHourBefore"]?.double == 0.684)
        #expect(json["cost"]?["perHour"]?.double == 0.228)
        #expect(json["instances"]?.array?.count == 1)
        let next = try CurrentPlacement.read(Array(text.utf8), file: "next.json")
        #expect(next.instances.map(\.models.count) == [3])
        #expect(["i-1", "i-2", "i-3"].contains(next.instances[0].label))
    }

    @Test("moves no more than is permitted")
    func budget() async throws {
        let (text, failure) = try await Self.run(Self.fleet, ["--moves", "1"])
        #expect(failure == nil)
        #expect(text.contains("1 of 1 permitted"))
        #expect(text.contains("$0.4560, $0.6840 before"))
        let (nothing, _) = try await Self.run(Self.fleet, ["--moves", "0"])
        #expect(nothing.contains("nothing is won by moving"))
    }

    @Test(
        "says what is wrong",
        arguments: [
            (
                "name,instance,type,cores\na,i-1,inf1.xlarge,0-3\na,i-2,inf1.xlarge,0-3\n",
                "f.csv:3: \"a\" is there already, on line 2"
            ),
            ("", "f.csv: the file is empty: give it a fleet, such as plan --output json prints it"),
            (
                "name,instance,type,cores\na,i-1,inf1.xlarge,0-3\nb,i-1,inf1.xlarge,0-3\nc,i-1,inf1.xlarge,0-3\nd,i-1,inf1.xlarge,9\n",
                "f.csv:5: \"d\" is on core 9 of inf1.xlarge, which has 4: 0 to 3"
            ),
        ])
    func faults(fleet: String, sentence: String) async throws {
        let (text, failure) = try await Self.run(fleet, [])
        #expect(text.isEmpty)
        #expect(failure == sentence)
    }

    @Test("says how many moves are needed where a model has outgrown its chip")
    func outgrown() async throws {
        let (_, failure) = try await Self.run(
            "name,instance,type,cores\na,i-1,inf1.xlarge,0-3\nb,i-1,inf1.xlarge,0-3\n",
            models: "name,memory,compute\na,6GB,30\nb,6GB,30\n", ["--moves", "0"])
        #expect(
            failure
                == "f.csv: models have no room where they are: 1 have to move, 0 may; permit more by --moves")
    }

    @Test("has moves for a running fleet only")
    func alone() async throws {
        let output = try await PlanCommand.output(["m.csv", "--moves", "3"])
        #expect(output.failure == "--moves: is for a running fleet: name its file by --current")
    }
}
