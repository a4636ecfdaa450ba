// The suite that checks any cluster, as a command.

import Arguments
import EndToEnd

@main
struct Main {
    static func main() async { await EndToEndCommand.command.main() }
}
