// `ganglion ecs`: tasks with Neuron chips on Amazon ECS.

package import Arguments
internal import JSON
internal import Neuron
internal import Placement

/// The `ecs` command.
package enum ECSCommand {
    /// What the command prints for these words; for tests.
    ///
    /// - Throws: `ArgumentError` for words that it does not take.
    package static func output(_ words: [String]) throws(ArgumentError) -> CommandOutput {
        switch try command.parse(words) {
        case .show(let text): CommandOutput(text: text)
        case .run(_, let values): run(values)
        }
    }

    private static func run(_ values: ArgumentValues) -> CommandOutput {
        do {
            return CommandOutput(text: try definition(values).json.text(pretty: true) + "\n")
        } catch {
            return CommandOutput(failure: "\(error)")
        }
    }

    private static func definition(_ values: ArgumentValues) throws -> ECSTaskDefinition {
        let type = try InstanceType.named(values[instanceType])
        guard type.isLaunchable else {
            throw CommandFailure(
                description: "\(type.name) is no name that EC2 has: AWS names no sizes of Trainium3 yet")
        }
        guard (values[logGroup] == nil) == (values[region] == nil) else {
            throw CommandFailure(description: "--log-group and --region go together: give both or neither")
        }
        var log: (group: String, region: String)?
        if let group = values[logGroup], let region = values[region] { log = (group, region) }
        let chips = try chips(values[chips], of: type)
        let whole = ECSTaskDefinition.whole(type)
        let share = Double(chips.count) / Double(type.chipCount)
        let cores = type.coresPerChip() * chips.count
        var environment = [
            (name: "NEURON_RT_VISIBLE_CORES", value: cores == 1 ? "0" : "0-\(cores - 1)")
        ]
        for entry in values[environmentEntries] {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            environment.removeAll { $0.name == parts[0] }
            environment.append((String(parts[0]), String(parts.last ?? "")))
        }
        return ECSTaskDefinition(
            type: type, chips: chips, family: values[name], image: values[image],
            command: values[words].split(separator: " ").map(String.init), port: values[port],
            environment: environment, cpu: values[cpu] ?? Int(Double(whole.cpu) * share),
            memory: values[memory] ?? Int(Double(whole.memory) * share), log: log,
            executionRole: values[executionRole])
    }

    /// Chips of a task: the runtime wants its cores, and so its chips, without a gap.
    private static func chips(_ text: String?, of type: InstanceType) throws -> Range<Int> {
        guard let text else { return 0..<type.chipCount }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, (1...2).contains(ends.count),
            first >= 0, last >= first
        else {
            throw CommandFailure(
                description: "--chips is '\(text.prefix(40))': write one chip or a range, as in 0 or 4-7")
        }
        guard last < type.chipCount else {
            throw CommandFailure(
                description: "--chips is \(text), \(type.name) has neuron0"
                    + (type.chipCount > 1 ? " to neuron\(type.chipCount - 1)" : " only"))
        }
        return first..<last + 1
    }

    private static let instanceType = Option<String>(
        "instance-type", short: "t", placeholder: "TYPE",
        help: "The EC2 instance type; \"ganglion fake list\" names them")
    private static let chips = Option<String?>(
        "chips", placeholder: "RANGE",
        help: "Chips of the instance, such as 0 or 4-7, where several tasks share it (default all)")
    private static let name = Option(
        "name", default: "ganglion", placeholder: "NAME", help: "The definition's family and container",
        check: { isName($0) ? nil : "must be 1 to 255 letters, digits, - and _" })
    private static let image = Option(
        "image", default: "ganglion:dev", placeholder: "IMAGE", help: "The container's image",
        check: { $0.isEmpty || $0.contains(" ") ? "must be an image's name" : nil })
    private static let words = Option(
        "command", default: "/ganglion ls --wide", placeholder: "WORDS",
        help: "What the container runs, words parted by blanks; empty for what the image runs")
    private static let port = Option<Int?>(
        "port", placeholder: "PORT", help: "A port to reach the container on, at a free port of the instance",
        check: { (1...65_535).contains($0) ? nil : "must be from 1 to 65535" })
    private static let environmentEntries = Option<[String]>(
        "env", short: "e", placeholder: "NAME=VALUE", help: "A variable of the container's environment",
        check: { $0.contains("=") && !$0.hasPrefix("=") ? nil : "must be NAME=VALUE" })
    private static let cpu = Option<Int?>(
        "cpu", placeholder: "UNITS", help: "1024 for a vCPU (default the chips' share of the instance)",
        check: { (128...196_608).contains($0) ? nil : "must be from 128 to 196608" })
    private static let memory = Option<Int?>(
        "memory", placeholder: "MIB",
        help: "Memory in MiB (default the chips' share of the instance, less what the system needs)",
        check: { $0 >= 6 ? nil : "must be at least 6" })
    private static let logGroup = Option<String?>(
        "log-group", placeholder: "NAME", help: "Send the log to this CloudWatch log group")
    private static let region = Option<String?>(
        "region", placeholder: "REGION", help: "The log group's region, which ECS wants with it")
    private static let executionRole = Option<String?>(
        "execution-role", placeholder: "ARN",
        help: "The role by which ECS pulls the image and writes the log")

    /// `ecs` for the command line.
    package static let command = Command(
        "ecs", summary: "Print an Amazon ECS task definition with an instance's Neuron chips",
        details: """
            ECS gives a container the device nodes that its definition lists, so a definition is for one instance \
            type. Tasks that share an instance need chips of their own: nothing but the definition keeps them apart.
            """,
        arguments: [
            instanceType, chips, name, image, words, port, environmentEntries, cpu, memory, logGroup,
            region, executionRole,
        ],
        examples: [
            .init("ganglion ecs --instance-type inf2.24xlarge", "six chips, listed by ganglion ls"),
            .init(
                "ganglion ecs -t inf2.48xlarge --chips 4-7 --name half --port 8080 --command '' --image IMAGE",
                "four of twelve chips for a server"),
        ]
    ) { values in try print(run(values)) }

    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 45 || byte == 95
            }
    }
}

extension InstanceType {
    /// Whether it is a name of EC2's, `family.size`, and not one of ours.
    fileprivate var isLaunchable: Bool { name.contains(".") }
}
