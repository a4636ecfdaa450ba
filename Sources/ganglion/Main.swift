// The command line of Ganglion, and with it every program but the device plugin: an image holds one executable, and
// links to it by the names of the programs.

import Arguments
import Glibc
import LocalCluster
import ModelServer
import NeuronTools
import NodeAgent
import Operator

@main
struct Main {
    /// What runs in a cluster; each is also an executable of its own.
    private static let programs = [
        OperatorCommand.command,
        NodeAgentCommand.command,
        ModelServerCommand.command,
    ]

    private static let ganglion = Command(
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
            FakeCommand.command(nodeLabel: NodeLabel.read),
            ECSCommand.command,
            ReportCommand.command,
            CRDsCommand.command,
        ] + programs.map { $0.subcommand(of: "ganglion") })

    static func main() async {
        // The shim forks: it runs on the first thread, before there is a second one.
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == ContainerShim.command {
            exit(ContainerShim.run(directory: CommandLine.arguments[2]))
        }
        await ganglion.program(startedAs: CommandLine.arguments.first, among: programs).main()
    }
}
