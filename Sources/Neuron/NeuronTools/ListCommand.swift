// `ganglion ls`: the node's chips.

package import Arguments
package import Neuron

/// The `ls` command.
package enum ListCommand {
    /// How the chips are shown.
    package enum Format: Sendable {
        /// The older neuron-ls table.
        case short
        /// The newer one.
        case wide
        /// neuron-ls's JSON.
        case json
    }

    /// Lists the chips that discovery finds with `settings`.
    ///
    /// Fails when there are no chips, or when a file of the driver is malformed or cannot be read; what could be
    /// found is printed even then. A chip that is not healthy is a warning.
    package static func run(_ settings: DiscoverySettings, format: Format) -> CommandOutput {
        let inventory = Discovery(settings).scan()
        let errors = inventory.problems.filter(\.isError)
        var output = CommandOutput(
            warnings: inventory.problems.filter { !$0.isError }.map(\.description)
                + errors.dropLast().map(\.description),
            failure: errors.last?.description)
        for chip in inventory.chips {
            if case .unhealthy = chip.health {
                output.warnings.append("neuron\(chip.index) is unhealthy: \(chip.health)")
            }
        }
        guard !inventory.chips.isEmpty else {
            if output.failure == nil {
                output.failure = "no Neuron chips under \(settings.sysfsRoot): is this a Neuron instance?"
            }
            return output
        }
        switch format {
        case .short: output.text = inventory.shortTable()
        case .wide: output.text = inventory.wideTable()
        case .json: output.text = inventory.json()
        }
        return output
    }

    private static let root = Option<String?>(
        "root", placeholder: "DIR", help: "A fake node's directory; stands for both roots")
    private static let sysfsRoot = Option(
        "sysfs-root", default: "/sys", environment: "GANGLION_SYSFS_ROOT", placeholder: "DIR",
        help: "Where sysfs is mounted")
    private static let deviceRoot = Option(
        "device-root", default: "/dev", environment: "GANGLION_DEVICE_ROOT", placeholder: "DIR",
        help: "Where the device nodes are")
    private static let instanceType = Option<String?>(
        "instance-type", environment: "GANGLION_INSTANCE_TYPE", placeholder: "TYPE",
        help: "The EC2 instance type, where the firmware does not name it")
    private static let logicalCores = Option<Int?>(
        "logical-nc-config", environment: "NEURON_LOGICAL_NC_CONFIG", placeholder: "N",
        help: "Physical cores in a logical core, 1 or 2; otherwise the node's own file says")
    private static let wide = Flag(
        "wide", short: "w", help: "More columns, as newer versions of neuron-ls print them")
    private static let json = Flag("json", short: "j", help: "JSON, as neuron-ls --json-output prints it")

    /// `ls` for the command line.
    package static let command = Command(
        "ls", summary: "List the node's Neuron chips",
        details: "Prints what neuron-ls would. A column that has no value on any chip is left out.",
        arguments: [root, sysfsRoot, deviceRoot, instanceType, logicalCores, wide, json],
        examples: [
            .init("ganglion ls", "the chips of this node"),
            .init("ganglion ls --root /tmp/node --json", "those of a fake node, as JSON"),
        ]
    ) { values in
        var settings = DiscoverySettings(sysfsRoot: values[sysfsRoot], deviceRoot: values[deviceRoot])
        if let root = values[root] { settings = .fake(root: root) }
        settings.asksDriver = true
        settings.instanceType = values[instanceType]
        settings.logicalCoreSize = values[logicalCores]
        try print(run(settings, format: values[json] ? .json : values[wide] ? .wide : .short))
    }
}
