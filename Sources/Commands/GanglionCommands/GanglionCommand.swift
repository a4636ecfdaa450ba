// The command line of Ganglion, and with it every program but the device plugin: an image holds one executable, and
// links to it by the names of the programs.

package import Arguments
internal import LocalCluster
internal import ModelServer
internal import NeuronTools
internal import NodeAgent
internal import Operator
internal import Planning

/// The command `ganglion`.
package enum GanglionCommand {
    /// What runs in a cluster; each is also an executable of its own.
    package static let programs = [
        OperatorCommand.command,
        NodeAgentCommand.command,
        ModelServerCommand.command,
    ]

    /// The command with all its sub-commands.
    package static let command = Command(
        "ganglion", summary: "AWS NeuronCores on Kubernetes, with or without the hardware",
        details: """
            Started by the name of ganglion-operator, ganglion-node-agent or ganglion-model-server, as by a link, it is \
            that program.
            """,
        examples: [
            .init("ganglion ls", "list the Neuron chips of this machine"),
            .init("ganglion fake create --instance-type inf2.48xlarge --root /tmp/fake", "make a fake node"),
        ],
        subcommands: [
            DemoCommand.command,
            UpCommand.command,
            KubeletCommand.command,
            ListCommand.command,
            ChatCommand.command,
            CompileCommand.command,
            InspectCommand.command,
            EmbedCommand.command,
            LoadCommand.command,
            FakeCommand.command(nodeLabel: NodeLabelReader.read),
            ReportCommand.command,
            ECSCommand.command,
            InstancesCommand.command,
            PlanCommand.command,
            BenchCommand.command,
            CRDsCommand.command,
            ExtenderCommand.command,
        ] + programs.map { $0.subcommand(of: "ganglion") })
}
