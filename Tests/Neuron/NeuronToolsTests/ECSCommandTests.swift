import Arguments
import JSON
import Neuron
import NeuronTools
import Testing

@Suite("ganglion ecs")
struct ECSCommandTests {
    static func json(_ words: String) throws -> JSON {
        let output = try ECSCommand.output(words.split(separator: " ").map(String.init))
        #expect(output.failure == nil)
        return try JSON(parsing: Array(output.text.utf8))
    }

    @Test("prints a definition that aws ecs register-task-definition takes")
    func golden() throws {
        #expect(
            try ECSCommand.output(["--instance-type", "inf2.xlarge"]).text == """
                {
                  "containerDefinitions" : [
                    {
                      "command" : [
                        "ls",
                        "--wide"
                      ],
                      "cpu" : 4096,
                      "entryPoint" : [
                        "/ganglion"
                      ],
                      "environment" : [
                        {
                          "name" : "NEURON_RT_VISIBLE_CORES",
                          "value" : "0-1"
                        }
                      ],
                      "essential" : true,
                      "image" : "ganglion:dev",
                      "linuxParameters" : {
                        "devices" : [
                          {
                            "containerPath" : "/dev/neuron0",
                            "hostPath" : "/dev/neuron0",
                            "permissions" : [
                              "read",
                              "write"
                            ]
                          }
                        ]
                      },
                      "memory" : 15360,
                      "name" : "ganglion"
                    }
                  ],
                  "family" : "ganglion",
                  "networkMode" : "bridge",
                  "placementConstraints" : [
                    {
                      "expression" : "attribute:ecs.instance-type == inf2.xlarge",
                      "type" : "memberOf"
                    }
                  ],
                  "requiresCompatibilities" : [
                    "EC2"
                  ]
                }

                """)
    }

    @Test(
        "gives every chip of the type, and as much of the instance as ECS can",
        arguments: InstanceType.all.filter { !$0.name.hasPrefix("trn3") })
    func whole(type: InstanceType) throws {
        let container = try Self.json("-t \(type.name)")["containerDefinitions"]?[0]
        let paths = (0..<type.chipCount).map { JSON.string("/dev/neuron\($0)") }
        let devices = try #require(container?["linuxParameters"]?["devices"]?.array)
        #expect(devices.map { $0["hostPath"] } == paths)
        #expect(devices.map { $0["containerPath"] } == paths)
        #expect(
            container?["environment"]?[0]?["value"]
                == .string(type.coreCount() == 1 ? "0" : "0-\(type.coreCount() - 1)"))
        #expect(container?["cpu"] == JSON(type.vCPUs * 1024))
        let memory = try #require(container?["memory"]?.int)
        #expect(memory < type.hostMemoryGiB * 1024 && memory >= type.hostMemoryGiB * 900)
    }

    @Test("gives some of the chips, counted from 0 in the container, and their share of the rest")
    func some() throws {
        let container = try Self.json("-t inf2.48xlarge --chips 4-6 --cpu 2048 --port 8080")[
            "containerDefinitions"]?[0]
        let devices = try #require(container?["linuxParameters"]?["devices"]?.array)
        #expect(devices.map { $0["hostPath"] } == ["/dev/neuron4", "/dev/neuron5", "/dev/neuron6"])
        #expect(devices.map { $0["containerPath"] } == ["/dev/neuron0", "/dev/neuron1", "/dev/neuron2"])
        #expect(container?["environment"]?[0]?["value"] == "0-5")
        #expect(container?["cpu"] == 2048)
        #expect(container?["memory"] == 184_320)
        #expect(container?["portMappings"] == [["containerPort": 8080, "hostPort": 0, "protocol": "tcp"]])
    }

    @Test("takes environment, image, log and role")
    func rest() throws {
        let definition = try Self.json(
            "-t inf2.xlarge --image repo/vllm:1 --command= -e A=b=c -e NEURON_RT_VISIBLE_CORES=0 "
                + "--log-group /ecs/x --region eu-west-1 --execution-role arn:aws:iam::1:role/r --name vllm")
        let container = definition["containerDefinitions"]?[0]
        #expect(definition["executionRoleArn"] == "arn:aws:iam::1:role/r")
        #expect(definition["family"] == "vllm")
        #expect(container?["command"] == nil && container?["entryPoint"] == nil)
        #expect(
            container?["environment"] == [
                ["name": "A", "value": "b=c"], ["name": "NEURON_RT_VISIBLE_CORES", "value": "0"],
            ])
        #expect(
            container?["logConfiguration"] == [
                "logDriver": "awslogs",
                "options": [
                    "awslogs-group": "/ecs/x", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "vllm",
                ],
            ])
    }

    @Test(
        "refuses what there is not, in one sentence",
        arguments: [
            (
                "-t inf2.24xlage",
                "unknown instance type 'inf2.24xlage', did you mean inf2.24xlarge? known are inf1.x"
            ),
            ("-t trn3-gen1", "trn3-gen1 is no name that EC2 has: AWS names no sizes of Trainium3 yet"),
            ("-t inf2.24xlarge --chips 4-6", "--chips is 4-6, inf2.24xlarge has neuron0 to neuron5"),
            ("-t inf2.xlarge --chips 1", "--chips is 1, inf2.xlarge has neuron0 only"),
            ("-t inf2.xlarge --chips 3-1", "--chips is '3-1': write one chip or a range, as in 0 or 4-7"),
            ("-t inf2.xlarge --chips -1", "--chips is '-1': write one chip or a range, as in 0 or 4-7"),
            ("-t inf2.xlarge --log-group x", "--log-group and --region go together: give both or neither"),
            ("-t inf2.xlarge --region x", "--log-group and --region go together: give both or neither"),
            ("-t inf2.xlarge --chips 0-1-2", "--chips is '0-1-2': write one chip or a range, as in 0 or 4-7"),
        ])
    func refuses(words: String, failure: String) throws {
        let output = try ECSCommand.output(words.split(separator: " ").map(String.init))
        #expect(output.failure?.hasPrefix(failure) == true, "\(output)")
        #expect(output.text == "")
    }

    @Test(
        "refuses values out of range",
        arguments: [
            "--port 0", "--port 65536", "--env =x", "--env A", "--cpu 127", "--memory 5", "--name a/b",
            "--image=", "",
        ])
    func outOfRange(words: String) {
        #expect(throws: ArgumentError.self) {
            try ECSCommand.output(
                (words.isEmpty ? [] : ["-t", "inf2.xlarge"]) + words.split(separator: " ").map(String.init))
        }
    }
}
