// The node agent's process; everything is in module NodeAgent.

import Arguments
import NodeAgent

@main
struct Main {
    static func main() async { await NodeAgentCommand.command.main() }
}
