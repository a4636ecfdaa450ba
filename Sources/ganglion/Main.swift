// The command line of Ganglion.

import Arguments
import Glibc
import LocalCluster
import NeuronTools

@main
struct Main {
    static func main() async {
        // The shim forks: it runs on the first thread, before there is a second one.
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == ContainerShim.command {
            exit(ContainerShim.run(directory: CommandLine.arguments[2]))
        }
        await Command(
            "ganglion", summary: "AWS NeuronCores on Kubernetes, with or without the hardware",
            examples: [
                .init("ganglion ls", "list the Neuron chips of this machine"),
                .init(
                    "ganglion fake create --instance-type inf2.48xlarge --root /tmp/fake", "make a fake node"),
            ],
            subcommands: [
                DemoCommand.command, UpCommand.command, KubeletCommand.command, ListCommand.command,
                FakeCommand.command, ReportCommand.command, CRDsCommand.command,
            ]
        ).main()
    }
}
