// The process of `ganglion`; everything is in module GanglionCommands.

import Arguments
import GanglionCommands
import Glibc
import LocalKubelet

@main
struct Main {
    static func main() async {
        // The shim forks: it runs on the first thread, before there is a second one.
        if CommandLine.arguments.count == 3, CommandLine.arguments[1] == ContainerShim.command {
            exit(ContainerShim.run(directory: CommandLine.arguments[2]))
        }
        await GanglionCommand.command.program(
            startedAs: CommandLine.arguments.first, among: GanglionCommand.programs
        ).main()
    }
}
