// `ganglion fake`: nodes with Neuron chips for machines that have none.

package import Arguments
internal import Neuron
internal import Placement

/// The `fake` command.
package enum FakeCommand {
    /// Writes a fake node of an instance type.
    ///
    /// - Parameter logicalCoreSize: physical cores in a logical one; the family's default when nil.
    package static func create(
        instanceType: String, root: String, logicalCoreSize: Int? = nil
    ) -> CommandOutput {
        do throws(FakeDeviceError) {
            let fake = try FakeDevice.create(
                instanceType: instanceType, at: root, logicalCoreSize: logicalCoreSize)
            return CommandOutput(text: describe(fake, instanceType, root))
        } catch {
            return CommandOutput(failure: error.description)
        }
    }

    /// `inf2.xlarge in /tmp/node: 1 chip, 2 cores`, as discovery finds it.
    static func describe(_ fake: FakeDevice, _ instanceType: String, _ root: String) -> String {
        let found = Discovery(fake.settings).scan()
        return "\(found.instanceTypeName ?? instanceType) in \(root): \(count(found.chips.count, "chip")), "
            + "\(count(found.cores.count, "core"))\n"
    }

    /// The instance types there are.
    package static func list() -> CommandOutput {
        let rows = InstanceType.all.map { type in
            let logical =
                type.family.logicalCoreSizes.count > 1
                ? "\(type.coreCount()) (\(type.coreCount(logicalCoreSize: 1)))" : "\(type.coreCount())"
            return [
                type.name, "\(type.chipCount)", logical, "\(type.memory >> 30) GiB", "\(type.vCPUs)",
                "\(type.hostMemoryGiB) GiB", type.links.rawValue, price(type.hourlyPriceMicrodollars),
            ]
        }
        let table = [["TYPE", "CHIPS", "CORES", "MEMORY", "VCPUS", "HOST", "LINKS", "USD/HOUR"]] + rows
        let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        let lines = table.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return cells.joined(separator: "   ").trimmingBlanks() + "\n"
        }
        return CommandOutput(text: lines.joined())
    }

    /// `1.96786`, with at least two decimals; `-` where there is no price.
    private static func price(_ microdollars: Int?) -> String {
        guard let microdollars else { return "-" }
        var decimals = String(String(1_000_000 + microdollars % 1_000_000).dropFirst())
        while decimals.count > 2, decimals.hasSuffix("0") { decimals.removeLast() }
        return "\(microdollars / 1_000_000).\(decimals)"
    }

    static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private static let instanceType = Option<String>(
        "instance-type", placeholder: "TYPE", help: "An EC2 instance type; \"ganglion fake list\" names them")
    static let root = Option<String>(
        "root", placeholder: "DIR",
        help: "The directory, empty or a fake node already; it is made when there is none",
        check: { $0.isEmpty ? "must be a directory's path" : nil })
    static let logicalCores = Option<Int?>(
        "logical-nc-config", placeholder: "N",
        help: "Physical cores in a logical core, 1 or 2 on Trainium2 and 3")

    /// `fake` for the command line.
    ///
    /// - Parameter nodeLabel: reads a label of a Node, for `install --node-name`; nil where the Node has none.
    package static func command(
        nodeLabel: @escaping @Sendable (_ node: String, _ label: String) async throws -> String?
    ) -> Command {
        Command(
            "fake", summary: "Make nodes with Neuron chips for machines that have none",
            subcommands: [create, install(nodeLabel), remove, types] + FakeFaultCommand.commands)
    }

    private static let create = Command(
        "create", summary: "Write a fake node: the driver's files for an instance type",
        arguments: [instanceType, root, logicalCores],
        examples: [
            .init(
                "ganglion fake create --instance-type inf2.48xlarge --root /tmp/node",
                "twelve chips, to be seen with: ganglion ls --root /tmp/node")
        ]
    ) { values in
        try print(
            create(
                instanceType: values[instanceType], root: values[root],
                logicalCoreSize: values[logicalCores]))
    }

    private static let types = Command(
        "list", summary: "List the instance types; cores in brackets are those at logical core size 1"
    ) { _ in
        try print(list())
    }
}

extension String {
    /// Without the blanks at the end of a line.
    fileprivate func trimmingBlanks() -> String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
