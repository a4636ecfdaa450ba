// A task definition for Amazon ECS, which knows no Neuron chips: a container gets those device nodes that the definition
// lists, and the scheduler is told by a constraint which instances have them.

internal import JSON
internal import Neuron
internal import Placement

/// What `aws ecs register-task-definition --cli-input-json` takes.
struct ECSTaskDefinition {
    /// The instance type that the task is for.
    let type: InstanceType
    /// Its chips that the container gets, without a gap.
    let chips: Range<Int>
    var family: String
    var image: String
    /// The program and its arguments; empty for what the image runs.
    var command: [String]
    /// nil for none.
    var port: Int?
    var environment: [(name: String, value: String)]
    /// In units of 1/1024 vCPU.
    var cpu: Int
    /// In MiB; the container is killed above it.
    var memory: Int
    /// A CloudWatch log group and its region; nil for the container runtime's own log.
    var log: (group: String, region: String)?
    var executionRole: String?

    /// Everything that an instance can give to one task. A sixteenth of the memory, and at least 768 MiB, is left to the
    /// system: an instance registers less with ECS than its type's name promises.
    static func whole(_ type: InstanceType) -> (cpu: Int, memory: Int) {
        let memory = type.hostMemoryGiB * 1024
        return (type.vCPUs * 1024, memory - max(768, memory / 16))
    }

    /// The device nodes: the runtime in the container counts chips from 0 on.
    var devices: JSON {
        .array(
            chips.map { chip in
                [
                    "hostPath": .string("/dev/neuron\(chip)"),
                    "containerPath": .string("/dev/neuron\(chip - chips.lowerBound)"),
                    "permissions": ["read", "write"],
                ]
            })
    }

    /// The definition.
    var json: JSON {
        var container: JSON = [
            "name": .string(family), "image": .string(image), "essential": true, "cpu": JSON(cpu),
            "memory": JSON(memory), "linuxParameters": ["devices": devices],
            "environment": .array(
                environment.map { ["name": .string($0.name), "value": .string($0.value)] }),
        ]
        // Both, for a program is found whatever entry point the image has.
        if let program = command.first {
            container["entryPoint"] = [.string(program)]
            container["command"] = JSON(Array(command.dropFirst()))
        }
        if let port {
            container["portMappings"] = [["containerPort": JSON(port), "hostPort": 0, "protocol": "tcp"]]
        }
        if let log {
            container["logConfiguration"] = [
                "logDriver": "awslogs",
                "options": [
                    "awslogs-group": .string(log.group), "awslogs-region": .string(log.region),
                    "awslogs-stream-prefix": .string(family),
                ],
            ]
        }
        var definition: JSON = [
            "family": .string(family), "requiresCompatibilities": ["EC2"], "networkMode": "bridge",
            "containerDefinitions": [container],
            "placementConstraints": [
                [
                    "type": "memberOf",
                    "expression": .string("attribute:ecs.instance-type == \(type.name)"),
                ]
            ],
        ]
        if let executionRole { definition["executionRoleArn"] = .string(executionRole) }
        return definition
    }
}
