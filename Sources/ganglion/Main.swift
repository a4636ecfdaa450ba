import Glibc
import LocalCluster

@main
struct Main {
    static func main() {
        let arguments = CommandLine.arguments
        // Before anything else: a shim must stay a process of one thread.
        if arguments.count == 3, arguments[1] == ContainerShim.command {
            exit(ContainerShim.run(directory: arguments[2]))
        }
    }
}
